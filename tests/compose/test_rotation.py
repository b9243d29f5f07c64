"""Keys of Stripe and of the mail server are changed as docs/how-to/rotate-secrets.md has it, word for word."""

import re
import uuid

from tests.compose.conftest import House
from tests.compose.docker import operate
from tests.compose.test_house import is_confirmed
from tests.compose.trade import buy
from tests.conftest import ROOT, eventually

PAGE = (ROOT / "docs/how-to/rotate-secrets.md").read_text()
EVENTS = "select count(*) from shop.payment_events where payload::text like '%{}%'"


def test_what_others_gave_is_changed(house: House) -> None:
    (block,) = re.findall(r"```bash\n((?:(?!```)[\s\S])*NEW_STRIPE_KEY(?:(?!```)[\s\S])*)```", PAGE)
    change, doctor = block.split("docker compose run ")
    words = {"whsec_…": f"whsec_{uuid.uuid4().hex}", "smtps://user:password@mail.example:465": "smtp://mail:1025/"}
    for word, ours in words.items():
        assert word in change
        change = change.replace(word, ours)
    before = {name: house.compose.inspect(name)["Id"] for name in ("extensions", "worker")}
    operate(house.compose, change, NEW_STRIPE_KEY=f"sk_test_{uuid.uuid4().hex}")
    # Stripe has rolled them; the twin has no time in which both are good.
    house.compose.renew("twin", anew=True)
    assert all(house.compose.inspect(name)["Id"] != one for name, one in before.items())
    said, _ = operate(house.compose, f"docker compose run {doctor}", check=False)
    faults = re.findall(r"(?m)^fault +(.*?) does not", said)
    # From inside, that is no address of the shop here.
    assert faults == ["The webhook's address, from here"], said
    eventually(house.is_healthy, what="healthy")
    email = f"rotates-{uuid.uuid4().hex[:8]}@example.com"
    with house.register(email) as client:
        order = buy(client)
    eventually(lambda: house.sql(EVENTS.format(order["id"])) != "0", what="an event signed with the new secret")
    eventually(lambda: is_confirmed(house, email, order), what="a mail by the new server")

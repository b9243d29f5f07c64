"""Up, status, down, and up again: what is told, and what lasts."""

import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import PGSHOP, Shop, pgshop
from tests.stack import processes, selling
from tests.stack.conftest import Start, all_run, status

PARTS = {"postgres", "valkey", "mail", "twin", "postgrest", "service", "worker", "beat", "relay", "metrics", "nginx"}
TOLD = {
    "url": "http://127.0.0.1:",
    "database_url": "postgresql://migrator:",
    "redis_url": "redis://:",
    "mail_url": "http://127.0.0.1:",
    "stripe_api_base": "http://127.0.0.1:",
    "stripe_secret_key": "sk_test_",
    "stripe_webhook_secret": "whsec_",
}


def test_status_tells_where_everything_is(shop: Shop) -> None:
    all_run(shop.state)
    seen = status(shop.state)
    assert {name: seen[name][: len(start)] for name, start in TOLD.items()} == TOLD
    assert seen["pids"].keys() == PARTS
    assert all(processes.is_alive(pid) for pid in seen["pids"].values())
    assert set(seen["parts"].values()) == {"running"}
    with shop.connect() as connection:
        assert connection.execute("select current_user as me").fetchone() == {"me": "owner"}


def test_status_for_people_names_every_part(shop: Shop) -> None:
    said = pgshop("status", "--state", str(shop.state)).stdout
    assert all(part in said for part in PARTS)
    assert shop.url in said
    assert "\x1b" not in said


def test_nothing_runs(spare: Path, tmp_path: Path) -> None:
    for state in (spare, tmp_path / "never"):
        done = pgshop("status", "--json", "--state", str(state), check=False)
        assert done.returncode == 3
        assert status(state)["pids"] == {}
        assert pgshop("status", "--state", str(state), check=False).returncode == 3
        for _ in range(2):
            assert "nothing was running" in pgshop("down", "--state", str(state)).stderr
    assert not (tmp_path / "never").exists()


def test_two_starts_at_once_are_one(spare: Path) -> None:
    command = [PGSHOP, "up", "--detach", "--no-seed", "--port", "0", "--state", str(spare)]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    loser = next(text for process, text in zip(both, said, strict=True) if process.returncode)
    assert "Another pgshop is starting" in loser or "running already" in loser
    assert status(spare)["pids"].keys() == PARTS


def test_two_stacks_side_by_side_and_data_that_lasts(shop: Shop, start: Start, spare: Path) -> None:
    others = all_run(shop.state)
    first = start(spare)
    ports = [{part: running.status[part] for part in ("url", "redis_url", "mail_url")} for running in (shop, first)]
    assert not set(ports[0].values()) & set(ports[1].values())
    order = selling.sell(first, selling.make_product(first)).order
    intent = paid_intent(first, order)
    before = (spare / "secrets.json").read_text()
    assert "everything has stopped" in pgshop("down", "--state", str(spare)).stderr
    assert not processes.about(spare)

    again = start(spare)
    assert (spare / "secrets.json").read_text() == before
    with again.connect() as connection:
        row = connection.execute("select status::text from shop.orders where id = %s", [order["id"]]).fetchone()
    assert row == {"status": "confirmed"}
    assert paid_intent(again, order) == intent
    selling.sell(again, selling.make_product(again))
    # The other one has not noticed.
    assert status(shop.state)["pids"] == others


def paid_intent(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    """The order's payment as the twin of Stripe remembers it."""
    answer = httpx.get(
        f"{shop.status['stripe_api_base']}/v1/payment_intents",
        params={"limit": 100},
        headers={"Authorization": f"Bearer {shop.status['stripe_secret_key']}"},
    ).json()
    (found,) = (intent for intent in answer["data"] if intent["metadata"].get("order_id") == order["id"])
    assert found["status"] == "succeeded"
    return {name: found[name] for name in ("id", "amount", "status", "metadata")}

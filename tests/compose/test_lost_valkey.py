"""Valkey needs no backup: with mails waiting it is thrown away, container and volume, and begins empty.

That an idempotency key holds then, whatever the act, is shown by tests/api/test_idempotency.py; that people sign in
while it hangs, by tests/stack/test_without_valkey.py.
"""

import uuid

from tests.compose.conftest import House
from tests.compose.machine import podman
from tests.compose.trade import Trade, buy
from tests.conftest import ADDRESS, PASSWORD, eventually
from tests.figures import Tell

UNDONE = "select count(*) from shop.outbox where done_at is null and dead_at is null and available_at <= now()"
WAITING = "REDISCLI_AUTH=$(cat /run/secrets/redis_password) valkey-cli llen celery"


def waiting(house: House) -> int:
    """How many doorbells wait in Valkey for a worker."""
    return int(house.compose.execute("valkey", "sh", "-c", WAITING))


def test_valkey_is_thrown_away_and_nothing_is_lost(house: House, tell: Tell) -> None:
    compose, key = house.compose, uuid.uuid4().hex
    email = f"keeps-{key[:8]}@example.com"
    with house.register(email) as client, Trade(house) as trade:
        session = client.post("/api/v1/auth/login/", json={"email": email, "password": PASSWORD}).json()
        podman("stop", compose.name("worker"))
        order = buy(client, key)
        sold = len(trade.paid)
        eventually(lambda: trade.sold_after(sold + 2) and waiting(house) > 3, 120, "mails wait")
        lost, undone = waiting(house), house.sql(UNDONE)
        podman("rm", "--force", compose.name("valkey"))
        (volume,) = [name for name in podman("volume", "ls", "--quiet").split() if name.endswith("_valkey")]
        podman("volume", "rm", volume)
        compose("up", "--detach", "--no-deps", "--no-build", "valkey")
        compose.wait("valkey")
        podman("start", compose.name("worker"))
        sold = len(trade.paid)
        eventually(lambda: trade.sold_after(sold + 1), 120, "it sells")
        # The key still stands for the order, and who was signed in still is.
        wanted = {"Idempotency-Key": key}
        again = client.post("/api/v1/orders/", json={"shipping_address": ADDRESS}, headers=wanted)
        assert (again.is_success, again.json()["id"]) == (True, order["id"])
        assert client.post("/api/v1/auth/refresh/", json={"refresh": session["refresh"]}).status_code == 200
        eventually(house.is_healthy, 120, "healthy")
        trade.stop()
        eventually(lambda: house.sql(UNDONE) == "0", 120, "all is done that was to be done")
        assert trade.lost() == trade.unmailed() == []
        subjects = [mail["subject"] for mail in house.mails(email)]
        assert subjects.count(f"Your order {order['order_number']} is confirmed") == 1
    tell(
        f"compose: Valkey lost with {lost} doorbells for {undone} rows to be done; "
        f"{len(trade.paid) + 1} paid orders, one mail each"
    )

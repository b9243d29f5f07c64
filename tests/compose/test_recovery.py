"""Whichever container is killed: it comes back by itself, and what the shop has promised is kept."""

import time
from collections.abc import Iterator

import pytest

from tests.compose.conftest import House
from tests.compose.trade import Trade, buy, seconds_until
from tests.conftest import eventually
from tests.figures import Tell

# The mail catcher is not among them: it is no part of the shop, and forgets what it has caught.
KILLED = ("postgres", "valkey", "postgrest", "extensions", "worker", "beat", "relay", "metrics", "gateway", "twin")


@pytest.fixture(scope="module")
def trade(house: House) -> Iterator[Trade]:
    with Trade(house) as made:
        yield made


@pytest.mark.parametrize("service", KILLED)
def test_a_killed_container_is_back_and_the_shop_sells(house: House, trade: Trade, service: str, tell: Tell) -> None:
    before = house.compose.inspect(service)["State"]["Pid"]
    refused = trade.refused
    begun = time.monotonic()
    house.compose.crash(service)
    back = seconds_until(lambda: house.compose.inspect(service)["State"]["Pid"] not in (0, before), begun)
    healthy = seconds_until(house.is_healthy, begun)
    count = len(trade.paid)
    eventually(lambda: trade.sold_after(count + 1), 60, "it sells")
    tell(
        f"compose: {service} killed: started again after {back:.1f} s, the shop whole after {healthy:.1f} s, "
        f"{trade.refused - refused} attempts to buy refused meanwhile"
    )


def test_nothing_that_was_promised_is_lost(trade: Trade, tell: Tell) -> None:
    trade.stop()
    assert len(trade.paid) > len(KILLED)
    eventually(lambda: not trade.lost(), 60, "every order that was said to be paid is")
    eventually(lambda: not trade.unmailed(), 120, "each is confirmed by one mail")
    tell(f"compose: {len(trade.paid)} paid orders while {len(KILLED)} containers were killed, none lost, one mail each")


def kept(house: House) -> list[str]:
    """Counts of what was entered, and the names of pictures."""
    tables = ("shop.orders", "shop.payments", "shop.customers", "shop.stock_movements", "auth.sessions")
    counts = [house.sql(f"select count(*) from {table}") for table in tables]
    return counts + sorted(house.compose.execute("extensions", "find", "/media", "-type", "f").splitlines())


def test_down_and_up_keeps_everything(house: House, tell: Tell) -> None:
    with house.register("stays@example.com") as client:
        order = buy(client)
        before = kept(house)
        begun = time.monotonic()
        house.compose.down()
        down = time.monotonic() - begun
        took = house.compose.up()
        eventually(house.is_healthy, 60, "healthy")
        assert kept(house) == before
        # Who was signed in still is.
        answer = client.get(f"/api/v1/orders/{order['id']}/")
        assert (answer.status_code, answer.json()["status"]) == (200, "confirmed")
        buy(client)
    tell(f"compose: down in {down:.0f} s, up again in {max(took.values()):.0f} s, everything is there")

"""kill -9 between every two steps of a payment: nothing is lost and nothing happens twice."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.conftest import Person, Shop, eventually
from tests.soak.books import wrong
from tests.soak.buyers import Guest
from tests.soak.conftest import IS_LONG, Measure
from tests.soak.kills import POINTS
from tests.soak.scene import Scene

ROUNDS = 10 if IS_LONG else 1


def finish(scene: Scene) -> None:
    """What the customer does who sees no answer: they try again until they are told that it is paid."""
    scene.lease_ends()
    if scene.guest.state(scene.order) == "pending":
        scene.pay()


def untold(shop: Shop, intents: list[str]) -> int:
    """Events of these intents that the twin still tries to deliver."""
    open_ones = "select body from deliveries join objects on id = event_id where done = 0"
    with sqlite3.connect(shop.state / "stripe-twin.sqlite3") as twin:
        return sum(any(intent in body for intent in intents) for (body,) in twin.execute(open_ones))


def mailed(shop: Shop, guest: Guest) -> Counter[str]:
    """How many mails came under each subject."""
    return Counter(mail["subject"] for mail in shop.mails(guest.email))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("point", POINTS if IS_LONG else POINTS[:4])
def test_killed(
    shop: Shop,
    make_product: Callable[..., dict[str, Any]],
    gather: Callable[[int], list[Guest]],
    staff: Person,
    bank: stripe.StripeClient,
    superuser_url: str,
    pids: Callable[[], dict[str, int]],
    measure: Measure,
    point: Callable[[Scene], None],
) -> None:
    scenes, is_refund = [], "refund" in point.__name__
    guest = gather(1)[0]
    waiting = "select 1 from shop.outbox where done_at is null and payload ->> 'order_id' = any(%s)"
    for _ in range(ROUNDS):
        scene = Scene(shop, guest, staff, bank, superuser_url, pids, make_product(stock_quantity=1))
        try:
            point(scene)
        finally:
            scene.go_on()
        measure.add(kills=1)
        finish(scene)
        # A mail that is on its way when the next worker is killed would be sent again, which no shop can help.
        scene.settle()
        scenes.append(scene)
    orders = [scene.order["id"] for scene in scenes]
    end = "refunded" if is_refund else "confirmed"
    eventually(lambda: {scene.guest.state(scene.order) for scene in scenes} == {end}, 150, end)
    eventually(lambda: not scenes[0].ask(waiting, orders), 150, "the outbox is done")
    # An event that found nobody six times is told again after 64 s.
    mine = [scene.order["intent"] for scene in scenes]
    eventually(lambda: untold(shop, mine) == 0, 200, "every event was taken")
    with shop.connect() as database:
        assert wrong(database, [scene.variant for scene in scenes], orders) == []
    # At the bank: one intent, one charge, and if it was given back, once.
    intents = Counter(i.metadata["order_id"] for i in bank.v1.payment_intents.list({"limit": 100}).auto_paging_iter()
                      if "order_id" in i.metadata)  # fmt: skip
    subjects = {f"Your order {scene.order['order_number']} is confirmed" for scene in scenes}
    # The catcher shows a mail a little after it has taken it.
    eventually(lambda: mailed(shop, guest).keys() >= subjects, what="mails")
    for scene in scenes:
        assert intents[scene.order["id"]] == 1
        [charge] = bank.v1.charges.list({"payment_intent": scene.order["intent"]}).data
        assert (charge.status, charge.refunded) == ("succeeded", is_refund)
        assert len(bank.v1.refunds.list({"payment_intent": scene.order["intent"]}).data) == is_refund
        assert scene.ask("select sum(quantity)::int as n from shop.stock_movements where order_id = %s",
                         scene.order["id"]) == [{"n": 0 if is_refund else -1}]  # fmt: skip
    assert {mailed(shop, guest)[subject] for subject in subjects} == {1}
    measure.add(orders=len(set(orders)), lost=0, double=0)
    assert measure.counts["kills"] == ROUNDS

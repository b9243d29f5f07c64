"""Whatever goes wrong at whichever call to Stripe: it is told plainly, and made good exactly once when it is over."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import stripe

from stack.state import State
from tests.conftest import Person, Shop, eventually, pgshop
from tests.extensions.payments import INTENT, state
from tests.extensions.stripe_calls import CALLS, LOOK, MAKE, Scene, Story, refused
from tests.extensions.webhooks import event, send, succeeded
from tests.soak.books import wrong

# What happens, and whether Stripe has done what it was asked for all the same.
FAULTS = [("409", False), ("429", False), ("500", False), ("500", True), ("timeout", True), ("reset", True)]
BOOKS = """
select e.account, sum(e.amount)::text as amount from shop.ledger_entries e join shop.payments p on p.id = e.payment_id
where p.order_id = %s group by e.account having sum(e.amount) <> 0
"""


@pytest.fixture(scope="module", autouse=True)
def no_clock(shop: Shop) -> Iterator[None]:
    """Its clock would reconcile before we do."""
    control = [str(Path(sys.executable).with_name("supervisorctl")), "-s", f"unix://{State.at(shop.state).socket}"]
    subprocess.run([*control, "stop", "beat"], check=True, capture_output=True)
    client = shop.client()

    def is_well() -> bool:
        parts = client.get("/health/").json()["parts"]
        return {parts[name]["state"] for name in ("beat", "worker")} == {"up"}

    try:
        yield
    finally:
        subprocess.run([*control, "start", "beat"], check=False, capture_output=True)
        eventually(is_well, what="the clock, and the worker that hears it")


@pytest.fixture
def scene(
    shop: Shop,
    bank: stripe.StripeClient,
    customer: Person,
    staff: Person,
    admin: Person,
    make_product: Callable[..., dict[str, Any]],
) -> Iterator[Scene]:
    made = Scene(shop, bank, {"customer": customer, "staff": staff, "admin": admin}, make_product())
    yield made
    made.heal()
    made.twin.close()


@pytest.fixture(scope="module")
def admin(acting_as: Callable[..., Person]) -> Person:
    return acting_as("admin")


def sound(scene: Scene, database: psycopg.Connection[Any], status: str) -> None:
    """One payment, or none; one refund, or none; and the books say so."""
    scene.until_it_is(status)
    was_paid = status != "cancelled"
    assert len(scene.intents()) == was_paid
    charges = scene.bank.v1.charges.list({"payment_intent": scene.order["intent"]}).data
    assert [(charge.status, charge.amount_captured) for charge in charges] == [("succeeded", 1695)] * was_paid
    refunds = scene.bank.v1.refunds.list({"payment_intent": scene.order["intent"]}).data
    assert [refund.amount for refund in refunds] == [1695] * (status == "refunded")
    assert wrong(database, [scene.product["id"]], [scene.order["id"]]) == []
    booked = {row["account"]: row["amount"] for row in database.execute(BOOKS, [scene.order["id"]])}
    account = {"refunded": "refunds", "confirmed": "stripe"}.get(status)
    assert booked == ({account: "16.95", "sales": "-16.95"} if account else {})


@pytest.mark.parametrize(("how", "after"), FAULTS, ids=[f"{how}{'-after' * after}" for how, after in FAULTS])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_each_call_survives_each_fault(
    scene: Scene, database: psycopg.Connection[Any], call: Callable[[Scene], Story], how: str, after: bool
) -> None:
    story = call(scene)
    scene.trouble(next(story), how, after=after)
    next(story)
    scene.heal()
    assert next(story, "end") == "end"
    sound(scene, database, CALLS[call])


def ask(scene: Scene) -> tuple[int, str]:
    done = pgshop("reconcile", "--state", str(scene.shop.state), "--days", "1", check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("how", ["429", "500", "timeout", "reset"])
def test_reconciliation_survives_each_fault_at_each_of_its_questions(
    scene: Scene, database: psycopg.Connection[Any], how: str
) -> None:
    scene.intend()
    scene.trouble("*", "drop")
    scene.bank.v1.payment_intents.confirm(scene.order["intent"], {"payment_method": "pm_card_createDispute"})
    (dispute,) = scene.bank.v1.disputes.list({"payment_intent": scene.order["intent"]}).data
    scene.bank.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    refund = scene.bank.v1.refunds.create({"payment_intent": scene.order["intent"]})
    assert scene.customer.client.get(f"/api/v1/orders/{scene.order['id']}/").json()["status"] == "pending"
    for kind, questions in {
        "payment_intents": ["GET /v1/payment_intents", LOOK],
        "refunds": ["GET /v1/refunds", "GET /v1/refunds/*"],
        "disputes": ["GET /v1/disputes", "GET /v1/disputes/*"],
    }.items():
        # Of each there is one whose end the shop waits for, so that it is asked for by its id.
        if kind == "refunds":
            pending = refund.to_dict() | {"status": "pending"}
            assert send(scene.shop, event("refund.created", pending)).json()["outcome"] == "applied"
        elif kind == "disputes":
            early = dispute.to_dict() | {"status": "needs_response"}
            assert send(scene.shop, event("charge.dispute.created", early)).json()["outcome"] == "applied"
        for question in questions:
            scene.trouble(question, how)
            code, said = ask(scene)
            assert (code, said.startswith("Stripe: ") or "Stripe: " in said) == (1, True), (question, said)
            scene.heal()
            scene.trouble("*", "drop")
        if kind == "payment_intents":
            # So far as it came, it is done.
            scene.trouble("GET /v1/refunds", how)
            assert ask(scene)[0] == 1
            scene.until_it_is("confirmed")
            scene.heal()
            scene.trouble("*", "drop")
    for _ in range(2):
        assert "Stripe: " not in ask(scene)[1]
    sound(scene, database, "refunded")


def test_what_stripe_does_not_know_is_told_and_keeps_nothing_else_waiting(
    scene: Scene, database: psycopg.Connection[Any]
) -> None:
    scene.intend()
    lost = scene.order
    move = "update shop.payments set intent_id = %(intent)s where order_id = %(order)s returning 1"
    scene.ask(move, intent=f"pi_of_another_account_{lost['id']}")
    try:
        scene.intend()
        scene.paid(scene.pay())
        scene.trouble("*", "drop")
        scene.bank.v1.refunds.create({"payment_intent": scene.order["intent"]})
        code, said = ask(scene)
        assert (code, "Stripe does not know all that is open here" in said) == (1, True), said
        sound(scene, database, "refunded")
    finally:
        scene.ask(move, intent=lost["intent"], order=lost["id"])
    assert ask(scene)[0] == 0


def test_a_second_intent_that_stripe_made_all_the_same_is_cancelled_and_pays_nothing(scene: Scene) -> None:
    scene.intend()
    second = scene.bank.v1.payment_intents.create(
        {"amount": 1695, "currency": "gbp", "metadata": {"order_id": scene.order["id"]}}
    )
    eventually(lambda: scene.bank.v1.payment_intents.retrieve(second.id).status == "canceled", what="canceled")
    assert [intent.id for intent in scene.intents()] == [scene.order["intent"]]
    paid = succeeded(scene.order, id=second.id)
    assert send(scene.shop, event("payment_intent.succeeded", paid)).json()["outcome"] == "quarantined"
    assert state(scene.customer, scene.order) == "pending"
    scene.paid(scene.pay())


def test_the_intent_of_an_order_that_was_cancelled_meanwhile_is_cancelled(scene: Scene) -> None:
    scene.trouble(MAKE, "500", after=True)
    scene.trouble("*", "drop")
    scene.place()
    scene.failing("order.placed")
    assert scene.customer.client.delete(f"/api/v1/orders/{scene.order['id']}/").status_code == 200
    scene.heal()
    assert len(scene.intents()) == 1, "made, and nobody knows it"
    ask(scene)
    eventually(lambda: not scene.intents(), what="canceled")


def test_who_asks_again_gets_the_intent_that_was_made(scene: Scene) -> None:
    """Stripe has kept a failure for a day, but made the intent."""
    scene.trouble(MAKE, "500", after=True)
    scene.trouble("*", "drop")
    scene.place()
    scene.failing("order.placed")
    made = scene.customer.client.post(INTENT, json={"order_id": scene.order["id"]})
    assert made.status_code == 200, made.text
    assert [intent.id for intent in scene.intents()] == [made.json()["payment_intent_id"]]
    assert scene.intents()[0].client_secret == made.json()["client_secret"]


def test_an_outage_that_lasts_uses_up_keys_and_not_the_order(scene: Scene) -> None:
    scene.trouble(MAKE, "500")
    scene.place()
    for _ in range(8):
        refused(scene.customer.client.post(INTENT, json={"order_id": scene.order["id"]}))
    scene.heal()
    scene.paid(scene.pay())
    assert len(scene.intents()) == 1


def test_a_refund_that_stripe_made_twice_is_told_to_admins(
    scene: Scene, acting_as: Callable[..., Person], database: psycopg.Connection[Any]
) -> None:
    scene.intend()
    scene.paid(scene.pay())
    body = {"order_id": scene.order["id"], "amount": 5}
    asked = scene.staff.client.post("/rest/v1/rpc/refund_order", json=body).json()
    refunds = scene.bank.v1.refunds
    listed = {"payment_intent": scene.order["intent"]}
    eventually(lambda: refunds.list(listed).data, what="refund")  # type: ignore[arg-type]
    teller = acting_as("admin")
    twice = {"payment_intent": scene.order["intent"], "amount": 500, "metadata": {"refund_id": asked["id"]}}
    refunds.create(twice)  # type: ignore[arg-type]
    eventually(lambda: [m for m in scene.shop.mails(teller.email) if "payment" in m["subject"]], what="mail")
    shown = scene.customer.client.get(f"/api/v1/orders/{scene.order['id']}/").json()
    assert (shown["status"], shown["refunded_amount"]) == ("confirmed", "5.00")
    # Nor is it news of the first, where the worker hears of both in another order.
    told = """select stripe_refund_id, (select count(*) from shop.outbox where topic = 'order.refunded'
        and payload ->> 'refund_id' = %(refund)s) as n from shop.refunds where id::text = %(refund)s"""
    before = scene.ask(told, refund=asked["id"])
    late = """select logic.record_refund(%(refund)s::uuid, '{"id": "re_2", "status": "succeeded"}')"""
    scene.ask(late, refund=asked["id"])
    assert scene.ask(told, refund=asked["id"]) == before
    assert before[0]["n"] == 1
    assert wrong(database, [scene.product["id"]], [scene.order["id"]]) == []


def test_a_part_that_stripe_gave_back_though_it_said_500_is_not_given_back_again(
    scene: Scene, database: psycopg.Connection[Any]
) -> None:
    """A whole refund could not be made twice; of a part there is enough left."""
    scene.intend()
    scene.paid(scene.pay())
    scene.trouble("POST /v1/refunds", "500", after=True, times=1)
    body = {"order_id": scene.order["id"], "amount": 3}
    asked = scene.staff.client.post("/rest/v1/rpc/refund_order", json=body).json()
    done = "select 1 from shop.refunds where id = %(refund)s and status = 'succeeded'"
    scene.until(lambda: scene.ask(done, refund=asked["id"]), "refund")
    made = scene.bank.v1.refunds.list({"payment_intent": scene.order["intent"]}).data
    assert [refund.amount for refund in made] == [300]
    assert wrong(database, [scene.product["id"]], [scene.order["id"]]) == []

"""What is given back or disputed at Stripe, and did not come from here."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.conftest import Person, Shop, eventually
from tests.extensions.payments import await_intent
from tests.extensions.webhooks import event, send, succeeded


def refund_of(order: dict[str, Any], cents: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"re_{uuid.uuid4().hex}", "object": "refund", "amount": cents, "currency": "gbp", "metadata": {},
        "payment_intent": order["intent"], "status": "succeeded", **changes,
    }  # fmt: skip


def dispute_of(order: dict[str, Any], status: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"dp_{order['intent']}", "object": "dispute", "amount": 1695, "currency": "gbp", "reason": "fraudulent",
        "payment_intent": order["intent"], "status": status, **changes,
    }  # fmt: skip


def told(person: Person, order: dict[str, Any]) -> tuple[str, str, bool]:
    shown = person.client.get(f"/api/v1/orders/{order['id']}/").json()
    return shown["status"], shown["refunded_amount"], shown["is_disputed"]


def alerts(shop: Shop, admin: Person, about: str) -> list[str]:
    """What an admin was told of this. All admins are told of all payments, also of what other tests have left."""
    letters = [mail["text"] for mail in shop.mails(admin.email) if "payment" in mail["subject"]]
    return [text for text in letters if about in text]


def test_a_refund_made_at_stripe_is_in_the_books(
    shop: Shop, customer: Person, intended: dict[str, Any], pay: Any
) -> None:
    assert pay(customer, intended).status_code == 200
    first = refund_of(intended, 500)
    for _ in range(2):
        assert send(shop, event("refund.created", first)).json()["outcome"] == "applied"
    assert told(customer, intended) == ("confirmed", "5.00", False)
    eventually(lambda: [m for m in shop.mails(customer.email) if "Refund" in m["subject"]], what="mail")
    # More than there is, or in other money, is not believed.
    for wrong in (refund_of(intended, 1696), refund_of(intended, 100, currency="usd"), {**first, "amount": 501}):
        assert send(shop, event("refund.updated", wrong)).json()["outcome"] == "quarantined"
    assert told(customer, intended) == ("confirmed", "5.00", False)
    assert send(shop, event("refund.created", refund_of(intended, 1195))).json()["outcome"] == "applied"
    assert told(customer, intended) == ("refunded", "16.95", False)


def test_news_of_a_refund_that_overtakes_its_payment_waits_for_it(
    shop: Shop, customer: Person, intended: dict[str, Any]
) -> None:
    refund = refund_of(intended, 1695)
    assert send(shop, event("refund.created", refund)).json()["outcome"] == "deferred"
    assert told(customer, intended) == ("pending", "0.00", False)
    assert send(shop, event("payment_intent.succeeded", succeeded(intended))).json()["outcome"] == "applied"
    assert told(customer, intended) == ("refunded", "16.95", False)


@pytest.mark.parametrize(("end", "status"), [("succeeded", "refunded"), ("failed", "confirmed")])
def test_an_order_is_refunded_when_the_last_of_its_refunds_has_gone_through(
    shop: Shop,
    acting_as: Callable[..., Person],
    customer: Person,
    staff: Person,
    intended: dict[str, Any],
    pay: Any,
    end: str,
    status: str,
) -> None:
    admin = acting_as("admin")
    assert pay(customer, intended).status_code == 200
    news = [refund_of(intended, cents, status="pending") for cents in (500, 1195)]
    for refund in news:
        assert send(shop, event("refund.created", refund)).json()["outcome"] == "applied"
    # All of it is on its way, and a part has arrived.
    for _ in range(2):
        send(shop, event("refund.updated", news[0] | {"status": "succeeded"}))
    assert told(customer, intended) == ("confirmed", "16.95", False)
    assert send(shop, event("refund.updated", news[1] | {"status": end})).json()["outcome"] == "applied"
    assert told(customer, intended) == (status, "16.95" if end == "succeeded" else "5.00", False)
    if end == "failed":
        # Nobody has the money but Stripe; so somebody is told, and it can be asked for again.
        assert len(eventually(lambda: alerts(shop, admin, intended["order_number"]), what="mail")) == 1
        again = staff.client.post("/rest/v1/rpc/refund_order", json={"order_id": intended["id"]})
        assert (again.status_code, again.json()["amount"]) == (200, 11.95), again.text


def test_a_dispute_flags_the_order_and_admins_hear_of_each_step(
    shop: Shop,
    acting_as: Callable[..., Person],
    customer: Person,
    staff: Person,
    intended: dict[str, Any],
    pay: Any,
    database: psycopg.Connection[Any],
) -> None:
    admin = acting_as("admin")
    assert pay(customer, intended).status_code == 200
    for kind, status in (("created", "needs_response"), ("updated", "under_review")):
        assert send(shop, event(f"charge.dispute.{kind}", dispute_of(intended, status))).json()["outcome"] == "applied"
        assert told(customer, intended) == ("confirmed", "0.00", True)
    # Late news changes nothing, and what a bank has taken is not given back beside it.
    assert send(shop, event("charge.dispute.created", dispute_of(intended, "needs_response"))).status_code == 200
    refused = staff.client.post("/rest/v1/rpc/refund_order", json={"order_id": intended["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_refund")
    (payment,) = staff.client.get("/rest/v1/payments", params={"order_id": f"eq.{intended['id']}"}).json()
    (dispute,) = staff.client.get("/rest/v1/disputes", params={"payment_id": f"eq.{payment['id']}"}).json()
    assert (dispute["status"], dispute["amount"], dispute["reason"]) == ("under_review", 16.95, "fraudulent")
    lies = {"payment_id": f"eq.{payment['id']}", "account": "eq.stripe"}
    assert [e["amount"] for e in staff.client.get("/rest/v1/ledger_entries", params=lies).json()] == [16.95, -16.95]
    # It was won: the money is back, and the end is the end.
    assert send(shop, event("charge.dispute.closed", dispute_of(intended, "won"))).json()["outcome"] == "applied"
    assert send(shop, event("charge.dispute.updated", dispute_of(intended, "lost"))).json()["outcome"] == "applied"
    assert told(customer, intended) == ("confirmed", "0.00", False)
    assert sum(e["amount"] for e in staff.client.get("/rest/v1/ledger_entries", params=lies).json()) == 16.95
    mails = eventually(
        lambda: (found := alerts(shop, admin, intended["order_number"]))[2:] and found,
        what="three mails to admins",
    )
    assert [
        any(f"{intended['order_number']} disputes" in text and word in text for text in mails)
        for word in ("needs response", "under review", "won")
    ] == [True] * 3
    assert len(mails) == 3


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"amount": 1696}, "quarantined"),
        ({"amount": None}, "quarantined"),
        ({"currency": "usd"}, "quarantined"),
        ({"status": "drawn"}, "quarantined"),
        ({"payment_intent": "pi_unknown"}, "ignored"),
        ({"payment_intent": None}, "ignored"),
    ],
    ids=str,
)
def test_a_dispute_that_does_not_fit_changes_nothing(
    shop: Shop, customer: Person, intended: dict[str, Any], pay: Any, changes: dict[str, Any], outcome: str
) -> None:
    assert pay(customer, intended).status_code == 200
    thing = dispute_of(intended, "needs_response") | {"id": f"dp_{uuid.uuid4().hex}"} | changes
    assert send(shop, event("charge.dispute.created", thing)).json()["outcome"] == outcome
    assert told(customer, intended) == ("confirmed", "0.00", False)


def test_admins_hear_of_money_that_fits_no_order(
    shop: Shop, acting_as: Callable[..., Person], intended: dict[str, Any]
) -> None:
    admin = acting_as("admin")
    wrong = event("payment_intent.succeeded", succeeded(intended, amount=1))
    for _ in range(2):
        send(shop, wrong)
    assert len(eventually(lambda: alerts(shop, admin, wrong["id"]), what="mail")) == 1


def test_news_of_one_refund_that_come_at_once_are_one_refund(
    shop: Shop, customer: Person, intended: dict[str, Any], pay: Any, database: psycopg.Connection[Any]
) -> None:
    await_intent(shop, intended)
    assert pay(customer, intended).status_code == 200
    # Stripe's own news of the payment would stand before the order, too.
    heard = (
        "select 1 from shop.payment_events"
        " where type = 'payment_intent.succeeded' and payload #>> '{data,object,id}' = %s"
    )
    eventually(lambda: database.execute(heard, [intended["intent"]]).fetchone(), what="the payment's webhook")
    refund = refund_of(intended, 500)
    # The first waits for the holder's transaction, the others for their turn at the row.
    waiting = "select count(distinct pid) as n from pg_locks where not granted"
    with shop.connect() as holder, ThreadPoolExecutor(4) as bank:
        with holder.transaction():
            holder.execute("select from shop.orders where id = %s for update", [intended["id"]])
            kinds = ("refund.created", "refund.updated", "charge.refund.updated", "refund.created")
            answers = [bank.submit(send, shop, event(kind, refund)) for kind in kinds]
            eventually(lambda: database.execute(waiting).fetchone() == {"n": 4}, what="all stand before the order")
        assert {answer.result().status_code for answer in answers} == {200}
        assert {answer.result().json()["outcome"] for answer in answers} == {"applied"}
    assert told(customer, intended) == ("confirmed", "5.00", False)

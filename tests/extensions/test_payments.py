"""Paying an order: only one's own, only once, and a declined card costs nothing but time."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
import stripe

from tests.conftest import Person, Shop, eventually

INTENT, CONFIRM = "/api/v1/payments/create-intent/", "/api/v1/payments/confirm/"


@pytest.fixture
def order(customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Any]:
    """An order of `customer` that waits for its money: two at 10.00, tax 4.00, delivery 4.95."""
    return dict(buy(customer, make_product(stock_quantity=5), 2))


def state(person: Person, order: dict[str, Any]) -> str:
    return str(person.client.get(f"/api/v1/orders/{order['id']}/").json()["status"])


def charges(bank: stripe.StripeClient, intent: str) -> list[str]:
    return [charge.status for charge in bank.v1.charges.list({"payment_intent": intent}).data]


def test_an_intent_is_for_the_whole_order_and_made_once(
    customer: Person, order: dict[str, Any], bank: stripe.StripeClient, at_once: Callable[..., list[httpx.Response]]
) -> None:
    answers = at_once([lambda: customer.client.post(INTENT, json={"order_id": order["id"]})] * 5)
    assert {answer.status_code for answer in answers} == {200}
    (made,) = {answer.text for answer in answers}
    told = answers[0].json()
    assert told.keys() == {"order_id", "payment_intent_id", "client_secret", "amount", "currency", "status"}, made
    assert (told["amount"], told["currency"], told["status"]) == ("28.95", "GBP", "requires_payment_method")
    intent = bank.v1.payment_intents.retrieve(told["payment_intent_id"])
    assert (intent.amount, intent.currency, intent.metadata["order_id"]) == (2895, "gbp", order["id"])
    assert intent.client_secret == told["client_secret"]
    ours = [i for i in bank.v1.payment_intents.list({"limit": 100}).data if i.metadata["order_id"] == order["id"]]
    assert len(ours) == 1


@pytest.mark.parametrize("url", [INTENT, CONFIRM])
def test_other_peoples_orders_are_not_there(
    acting_as: Callable[..., Person], staff: Person, customer: Person, order: dict[str, Any], url: str
) -> None:
    for stranger in (acting_as(), staff):
        body = {"order_id": order["id"], **({"payment_method": "pm_card_visa"} if url == CONFIRM else {})}
        answer = stranger.client.post(url, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    assert state(customer, order) == "pending"


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        (INTENT, {}, 422),
        (INTENT, {"order_id": "mine"}, 422),
        (INTENT, {"order_id": 5}, 422),
        (INTENT, {"order_id": "00000000-0000-4000-8000-000000000000"}, 404),
        (INTENT, {"order_id": "00000000-0000-4000-8000-000000000000", "amount": 1}, 422),
        (CONFIRM, {"order_id": "00000000-0000-4000-8000-000000000000"}, 422),
        (CONFIRM, {"order_id": "00000000-0000-4000-8000-000000000000", "payment_method": "4242424242424242"}, 422),
        (CONFIRM, {"order_id": "00000000-0000-4000-8000-000000000000", "payment_method": "pm_" + "x" * 300}, 422),
        (CONFIRM, {"order_id": "00000000-0000-4000-8000-000000000000", "payment_method": "pm_card_visa"}, 404),
    ],
)
def test_bad_requests_to_pay(customer: Person, url: str, body: dict[str, Any], status: int) -> None:
    answer = customer.client.post(url, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"code", "message", "details", "hint"}


def test_a_good_card_pays_the_order(
    customer: Person, order: dict[str, Any], pay: Any, bank: stripe.StripeClient
) -> None:
    answer = pay(customer, order)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.keys() == {"order_id", "payment_intent_id", "status", "order_status", "client_secret"}
    assert (told["order_id"], told["status"], told["order_status"]) == (order["id"], "succeeded", "confirmed")
    (payment,) = customer.client.get("/rest/v1/payments", params={"order_id": f"eq.{order['id']}"}).json()
    assert (payment["status"], payment["captured_amount"]) == ("succeeded", 28.95)
    assert charges(bank, told["payment_intent_id"]) == ["succeeded"]


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ],
)
def test_a_declined_card_leaves_the_order_payable(
    customer: Person, order: dict[str, Any], pay: Any, bank: stripe.StripeClient, card: str, reason: str
) -> None:
    for _ in range(2):
        declined = pay(customer, order, card)
        assert (declined.status_code, declined.json()["code"]) == (402, "card_declined"), declined.text
        assert declined.json()["details"]["decline_code"] == reason
        assert state(customer, order) == "pending"
    paid = pay(customer, order)
    assert (paid.status_code, paid.json()["order_status"]) == (200, "confirmed")
    assert sorted(charges(bank, paid.json()["payment_intent_id"])) == ["failed", "failed", "succeeded"]


def test_an_unknown_card_is_the_clients_mistake(customer: Person, order: dict[str, Any], pay: Any) -> None:
    answer = pay(customer, order, "pm_0000000000000000")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_refused")
    assert pay(customer, order).status_code == 200


def test_paying_twice_charges_once(
    customer: Person, order: dict[str, Any], pay: Any, bank: stripe.StripeClient
) -> None:
    first, second = pay(customer, order), pay(customer, order)
    assert second.status_code == 200
    assert second.json() == first.json()
    assert pay(customer, order, "pm_card_chargeDeclined").json() == first.json()
    assert charges(bank, first.json()["payment_intent_id"]) == ["succeeded"]
    again = customer.client.post(INTENT, json={"order_id": order["id"]}).json()
    assert (again["payment_intent_id"], again["status"]) == (first.json()["payment_intent_id"], "succeeded")


def test_an_impatient_click_pays_once_and_hears_so(
    customer: Person,
    order: dict[str, Any],
    pay: Any,
    bank: stripe.StripeClient,
    at_once: Callable[..., list[httpx.Response]],
) -> None:
    answers = at_once([lambda: pay(customer, order)] * 6)
    assert [(a.status_code, a.json().get("order_status")) for a in answers] == [(200, "confirmed")] * 6
    assert charges(bank, answers[0].json()["payment_intent_id"]) == ["succeeded"]
    history = customer.client.get(f"/api/v1/orders/{order['id']}/").json()["status_history"]
    assert [step["status"] for step in history] == ["pending", "confirmed"]


def test_a_cancelled_order_cannot_be_paid(
    customer: Person, order: dict[str, Any], pay: Any, bank: stripe.StripeClient
) -> None:
    intent = customer.client.post(INTENT, json={"order_id": order["id"]}).json()["payment_intent_id"]
    assert customer.client.delete(f"/api/v1/orders/{order['id']}/").status_code == 200
    for answer in (pay(customer, order), customer.client.post(INTENT, json={"order_id": order["id"]})):
        assert (answer.status_code, answer.json()["code"]) == (409, "order_not_payable")
    # Also not behind our back: the worker has cancelled the intent.
    eventually(lambda: bank.v1.payment_intents.retrieve(intent).status == "canceled", what="cancelled intent")
    with pytest.raises(stripe.InvalidRequestError):
        bank.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert charges(bank, intent) == []


def test_a_card_that_asks_back_pays_when_it_is_answered(
    shop: Shop, customer: Person, order: dict[str, Any], pay: Any, bank: stripe.StripeClient
) -> None:
    asked = pay(customer, order, "pm_card_authenticationRequired").json()
    assert (asked["status"], asked["order_status"]) == ("requires_action", "pending")
    bank.raw_request("post", f"/twin/payment_intents/{asked['payment_intent_id']}/authenticate", succeeds="true")
    # Nobody tells the shop but the webhook.
    eventually(lambda: state(customer, order) == "confirmed", what="webhook")


def test_staff_give_back_what_was_paid_once(
    customer: Person,
    staff: Person,
    order: dict[str, Any],
    pay: Any,
    bank: stripe.StripeClient,
    at_once: Callable[..., list[httpx.Response]],
    database: psycopg.Connection[Any],
) -> None:
    intent = pay(customer, order).json()["payment_intent_id"]
    body = {"order_id": order["id"], "reason": "broken"}
    assert customer.client.post("/rest/v1/rpc/refund_order", json=body).status_code == 403
    answers = at_once([lambda: staff.client.post("/rest/v1/rpc/refund_order", json=body)] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    eventually(lambda: state(customer, order) == "refunded", what="refund")
    assert [r.amount for r in bank.v1.refunds.list({"payment_intent": intent}).data] == [2895]
    row = database.execute("select * from shop.payments where order_id = %s", [order["id"]]).fetchone()
    assert row and row["refunded_amount"] == row["captured_amount"]

"""Paying an order: only one's own, and a declined card costs nothing but time."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from tests.conftest import Person
from tests.extensions.payments import CONFIRM, INTENT, charges, state


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
    newest = bank.v1.payment_intents.list({"limit": 100}).data
    # Not every intent is an order's.
    ours = [i for i in newest if getattr(i.metadata, "order_id", None) == order["id"]]
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

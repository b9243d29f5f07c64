"""However often and by whatever way an order is paid or given back, it happens once."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
import stripe

from tests.conftest import Person, Shop, eventually
from tests.extensions.payments import INTENT, charges, state


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

"""One Idempotency-Key is one effect and one answer, whatever the act, and also when Valkey has forgotten everything."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
import redis
import stripe

from tests.conftest import Person, Shop
from tests.extensions.conftest import all_at_once

# Who answers for payments is a service with ten connections; more would wait their turn and be told to come back.
MANY, SOME = 50, 20


@pytest.fixture
def paid(customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any) -> dict[str, Any]:
    order = dict(buy(customer, make_product(stock_quantity=10), 3))
    assert pay(customer, order).status_code == 200
    return order


@pytest.fixture
def unpaid(customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Any]:
    return dict(buy(customer, make_product(stock_quantity=10), 3))


@pytest.fixture
def bank_charges(shop: Shop) -> Callable[[str], list[str]]:
    """What Stripe says of the charges of an intent, the newest first."""
    bank = stripe.StripeClient(shop.status["stripe_secret_key"], base_addresses={"api": shop.status["stripe_api_base"]})
    return lambda intent: [charge.status for charge in bank.v1.charges.list({"payment_intent": intent}).data]


def same_for_all(shop: Shop, ask: Callable[[str], httpx.Response], many: int = MANY) -> dict[str, Any]:
    """What everybody was told who asked at once, and who asks again when Valkey is empty."""
    key = uuid.uuid4().hex

    def insist() -> httpx.Response:
        """Whoever is asked to come back does so, with the same key."""
        return next(answer for answer in (ask(key) for _ in range(20)) if answer.status_code != 503)

    answers = all_at_once([insist] * many)
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    assert len({answer.text for answer in answers}) == 1
    with redis.Redis.from_url(shop.status["redis_url"]) as valkey:
        valkey.flushall()
    assert ask(key).text == answers[0].text
    return dict(answers[0].json(), key=key)


def assert_reused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused"), answer.text


def test_a_refund(
    shop: Shop, customer: Person, staff: Person, paid: dict[str, Any], database: psycopg.Connection[Any]
) -> None:
    def ask(key: str, amount: float = 5) -> httpx.Response:
        body = {"order_id": paid["id"], "amount": amount, "reason": "late"}
        return staff.client.post("/rest/v1/rpc/refund_order", json=body, headers={"Idempotency-Key": key})

    told = same_for_all(shop, ask)
    assert told["amount"] == 5
    assert_reused(ask(told["key"], 6))
    # Another act under the same key is another request.
    cancel = staff.client.delete(f"/api/v1/orders/{paid['id']}/", headers={"Idempotency-Key": told["key"]})
    assert_reused(cancel)
    # A key is somebody's own.
    mine = customer.client.delete(f"/api/v1/orders/{paid['id']}/", headers={"Idempotency-Key": told["key"]})
    assert mine.status_code == 200
    rows = database.execute(
        "select r.amount::text as amount from shop.refunds r join shop.payments p on p.id = r.payment_id"
        " where p.order_id = %s order by r.created_at", [paid["id"]],
    ).fetchall()  # fmt: skip
    assert [row["amount"] for row in rows] == ["5.00", str(round(float(paid["total_amount"]) - 5, 2))]


def test_a_cancellation_is_told_as_it_was_then(shop: Shop, customer: Person, paid: dict[str, Any]) -> None:
    url = f"/api/v1/orders/{paid['id']}/"
    told = same_for_all(shop, lambda key: customer.client.request("DELETE", url, headers={"Idempotency-Key": key}))
    assert told["status"] == "cancelled"


def test_paying(shop: Shop, customer: Person, unpaid: dict[str, Any], bank_charges: Callable[[str], list[str]]) -> None:
    def ask(key: str, card: str = "pm_card_visa") -> httpx.Response:
        body = {"order_id": unpaid["id"], "payment_method": card}
        return customer.client.post("/api/v1/payments/confirm/", json=body, headers={"Idempotency-Key": key})

    told = same_for_all(shop, ask, SOME)
    assert told["order_status"] == "confirmed"
    assert_reused(ask(told["key"], "pm_card_mastercard"))
    assert bank_charges(told["payment_intent_id"]) == ["succeeded"]


def test_a_declined_card_is_declined_again_and_another_key_pays(
    customer: Person, unpaid: dict[str, Any], bank_charges: Callable[[str], list[str]]
) -> None:
    def ask(key: str, card: str) -> httpx.Response:
        body = {"order_id": unpaid["id"], "payment_method": card}
        return customer.client.post("/api/v1/payments/confirm/", json=body, headers={"Idempotency-Key": key})

    key = uuid.uuid4().hex
    first, second = ask(key, "pm_card_chargeDeclined"), ask(key, "pm_card_chargeDeclined")
    assert (first.status_code, first.text) == (402, second.text)
    assert_reused(ask(key, "pm_card_visa"))
    paid = ask(uuid.uuid4().hex, "pm_card_visa")
    assert bank_charges(paid.json()["payment_intent_id"]) == ["succeeded", "failed"]


def test_beginning_to_pay(shop: Shop, customer: Person, unpaid: dict[str, Any], pay: Any) -> None:
    def ask(key: str) -> httpx.Response:
        body = {"order_id": unpaid["id"]}
        return customer.client.post("/api/v1/payments/create-intent/", json=body, headers={"Idempotency-Key": key})

    told = same_for_all(shop, ask, SOME)
    assert pay(customer, unpaid).status_code == 200
    # Also when it has been paid since.
    assert ask(told["key"]).json()["status"] == told["status"] == "requires_payment_method"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (b"x" * 256, "validation_failed"),
        (b"x" * 2000, "validation_failed"),
        ("schlüssel".encode(), "validation_failed"),
        (b"a\tb", "validation_failed"),
        (b"a\x7f", "bad_encoding"),
    ],
    ids=["256", "2000", "umlaut", "tab", "delete"],
)
def test_a_key_that_is_too_long_or_cannot_be_read_is_refused(
    customer: Person, unpaid: dict[str, Any], key: bytes, code: str
) -> None:
    headers = {b"Idempotency-Key": key}
    body = {"order_id": unpaid["id"]}
    for answer in (
        customer.client.post("/api/v1/payments/create-intent/", json=body, headers=headers),
        customer.client.post("/rest/v1/rpc/cancel_order", json=body, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400 if code == "bad_encoding" else 422, code)
    assert customer.client.get(f"/api/v1/orders/{unpaid['id']}/").json()["status"] == "pending"

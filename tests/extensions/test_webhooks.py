"""Events of Stripe: only signed and fresh ones, each once, and none makes a wrong order paid."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop, eventually

URL = "/api/v1/payments/webhook/"


def signature(secret: str, body: bytes, at: float | None = None) -> str:
    """As Stripe documents it, written out here so that product and test cannot err together."""
    stamp = int(time.time() if at is None else at)
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


def post(shop: Shop, body: bytes, header: str | None) -> httpx.Response:
    headers = {"Content-Type": "application/json", **({} if header is None else {"Stripe-Signature": header})}
    return httpx.post(shop.url + URL, content=body, headers=headers, timeout=30)


def event(kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": kind,
        "created": int(time.time()),
        "data": {"object": thing},
    }


def send(shop: Shop, told: dict[str, Any]) -> httpx.Response:
    body = json.dumps(told).encode()
    return post(shop, body, signature(shop.status["stripe_webhook_secret"], body))


@pytest.fixture
def order(customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Any]:
    """An unpaid order with an intent."""
    placed = dict(buy(customer, make_product()))
    made = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": placed["id"]}).json()
    return placed | {"intent": made["payment_intent_id"]}


def succeeded(order: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The intent of an order as it looks when the money is there."""
    cents = int(order["total_amount"].replace(".", ""))
    return {
        "id": order["intent"],
        "object": "payment_intent",
        "amount": cents,
        "amount_received": cents,
        "currency": order["currency"].lower(),
        "status": "succeeded",
        "metadata": {"order_id": order["id"]},
        **changes,
    }


def state(person: Person, order: dict[str, Any]) -> str:
    return str(person.client.get(f"/api/v1/orders/{order['id']}/").json()["status"])


@pytest.mark.parametrize(
    "sign",
    [
        lambda secret, body: None,
        lambda secret, body: "",
        lambda secret, body: "nonsense",
        lambda secret, body: "t=now,v1=00",
        lambda secret, body: "t=1",
        lambda secret, body: signature("whsec_" + "0" * 48, body),
        lambda secret, body: signature(secret[:-1], body),
        lambda secret, body: signature("", body),
        lambda secret, body: signature(secret, body + b" "),
        lambda secret, body: signature(secret, body, time.time() - 400),
        lambda secret, body: signature(secret, body, time.time() + 400),
        lambda secret, body: signature(secret, body, -1),
        lambda secret, body: signature(secret, body).replace("v1=", "v0="),
        lambda secret, body: signature(secret, body, time.time() - 400) + f",t={int(time.time())}",
        lambda secret, body: f"t={int(time.time())}," + signature(secret, body, time.time() - 400),
    ],
    ids=[
        *("none", "empty", "nonsense", "no time", "no signature", "another secret", "part of the secret"),
        *("no secret", "tampered body", "old", "from the future", "negative time", "another scheme"),
        *("old, renamed after", "old, renamed before"),
    ],
)
def test_what_stripe_has_not_signed_just_now_is_refused(
    shop: Shop,
    customer: Person,
    order: dict[str, Any],
    database: psycopg.Connection[Any],
    sign: Callable[[str, bytes], str | None],
) -> None:
    told = event("payment_intent.succeeded", succeeded(order))
    body = json.dumps(told).encode()
    answer = post(shop, body, sign(shop.status["stripe_webhook_secret"], body))
    assert (answer.status_code, answer.json()["code"]) == (400, "signature_invalid")
    assert answer.json().keys() == {"code", "message", "details", "hint"}
    assert state(customer, order) == "pending"
    assert not database.execute("select 1 from shop.payment_events where id = %s", [told["id"]]).fetchone()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"5",
        b"null",
        b"{}",
        b'{"id": "evt_1"}',
        b'{"id": 5, "type": "x"}',
        b'"\xff"',
        b"[" * 9000,
    ],
    ids=lambda body: body[:12].decode(errors="replace"),
)
def test_what_is_signed_and_no_event_is_refused(shop: Shop, body: bytes) -> None:
    answer = post(shop, body, signature(shop.status["stripe_webhook_secret"], body))
    assert (answer.status_code, answer.json()["code"]) == (400, "signature_invalid")


def test_an_event_is_applied_once_however_often_it_comes(
    shop: Shop,
    customer: Person,
    order: dict[str, Any],
    database: psycopg.Connection[Any],
    at_once: Callable[..., list[httpx.Response]],
) -> None:
    told = event("payment_intent.succeeded", succeeded(order))
    answers = at_once([lambda: send(shop, told)] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["outcome"] for answer in answers) == ["applied"] + ["duplicate"] * 5
    assert send(shop, told).json() == {"received": True, "outcome": "duplicate"}
    # The same news under another id changes nothing either.
    assert send(shop, event("payment_intent.succeeded", succeeded(order))).json()["outcome"] == "applied"
    history = customer.client.get(f"/api/v1/orders/{order['id']}/").json()["status_history"]
    assert [step["status"] for step in history] == ["pending", "confirmed"]
    rows = database.execute(
        "select id from shop.outbox where topic = 'order.confirmed' and payload ->> 'order_id' = %s", [order["id"]]
    ).fetchall()
    assert len(rows) == 1


def test_an_old_signature_beside_a_good_one_passes(shop: Shop, order: dict[str, Any]) -> None:
    """While a secret is being changed, Stripe signs with both."""
    body = json.dumps(event("payment_intent.succeeded", succeeded(order))).encode()
    good = signature(shop.status["stripe_webhook_secret"], body)
    answer = post(shop, body, good.replace("v1=", f"v1={'0' * 64},v1="))
    assert (answer.status_code, answer.json()["outcome"]) == (200, "applied")


@pytest.mark.parametrize("kind", ["customer.created", "charge.updated", "payment_intent.", "no such thing", ""])
def test_events_that_are_not_ours_are_received_and_ignored(shop: Shop, kind: str) -> None:
    answer = send(shop, event(kind, {"id": "x_1", "object": "thing"}))
    assert (answer.status_code, answer.json()) == (200, {"received": True, "outcome": "ignored"})


def test_an_unknown_order_is_ignored(shop: Shop, order: dict[str, Any]) -> None:
    unknown = str(uuid.uuid4())
    thing = succeeded(order, id="pi_unknown", metadata={"order_id": unknown})
    assert send(shop, event("payment_intent.succeeded", thing)).json()["outcome"] == "ignored"
    assert send(shop, event("payment_intent.succeeded", thing | {"metadata": {}})).json()["outcome"] == "ignored"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1},
        {"amount_received": 1},
        {"amount_received": None},
        {"currency": "usd"},
        {"currency": None},
        {"metadata": {}},
        {"metadata": {"order_id": "00000000-0000-4000-8000-000000000000"}},
    ],
    ids=str,
)
def test_money_that_does_not_fit_the_order_pays_nothing(
    shop: Shop, customer: Person, order: dict[str, Any], database: psycopg.Connection[Any], changes: dict[str, Any]
) -> None:
    told = event("payment_intent.succeeded", succeeded(order, **changes))
    answer = send(shop, told)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "quarantined")
    assert state(customer, order) == "pending"
    row = database.execute("select outcome, payload from shop.payment_events where id = %s", [told["id"]]).fetchone()
    assert row == {"outcome": "quarantined", "payload": told}
    # The operator hears of it.
    assert told["id"] in (shop.state / "logs" / "service.log").read_text()


def test_late_news_of_an_earlier_state_changes_nothing(
    shop: Shop, customer: Person, order: dict[str, Any], pay: Any
) -> None:
    assert pay(customer, order).status_code == 200
    for status in ("requires_payment_method", "processing", "canceled"):
        thing = succeeded(order, status=status, amount_received=0)
        assert send(shop, event(f"payment_intent.{status}", thing)).status_code == 200
        assert state(customer, order) == "confirmed"
    assert customer.client.get(f"/api/v1/orders/{order['id']}/").json()["payment_status"] == "succeeded"


def test_an_event_lost_half_way_is_sent_again_and_applied_once(
    shop: Shop, customer: Person, order: dict[str, Any], bank: Any, superuser: psycopg.Connection[Any]
) -> None:
    with shop.connect() as holding, holding.transaction():
        holding.execute("select from shop.orders where id = %s for update", [order["id"]])
        bank.v1.payment_intents.confirm(order["intent"], {"payment_method": "pm_card_visa"})
        # The connection of the service breaks while it applies the event.
        broken = eventually(
            lambda: superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where %s = any (pg_blocking_pids(pid))",
                [holding.info.backend_pid],
            ).fetchall(),
            what="the webhook",
        )
        assert len(broken) == 1
    eventually(lambda: state(customer, order) == "confirmed", what="the repeated webhook")
    rows = superuser.execute(
        "select outcome from shop.payment_events"
        " where type = 'payment_intent.succeeded' and payload #>> '{data,object,id}' = %s",
        [order["intent"]],
    ).fetchall()
    assert rows == [{"outcome": "applied"}]

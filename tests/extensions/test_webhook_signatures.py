"""Only what Stripe has signed just now is an event."""

import json
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import Person, Shop
from tests.extensions.webhooks import event, post, signature, state, succeeded


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
    intended: dict[str, Any],
    database: psycopg.Connection[Any],
    sign: Callable[[str, bytes], str | None],
) -> None:
    told = event("payment_intent.succeeded", succeeded(intended))
    body = json.dumps(told).encode()
    answer = post(shop, body, sign(shop.status["stripe_webhook_secret"], body))
    assert (answer.status_code, answer.json()["code"]) == (400, "signature_invalid")
    assert answer.json().keys() == {"code", "message", "details", "hint"}
    assert state(customer, intended) == "pending"
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


def test_an_old_signature_beside_a_good_one_passes(shop: Shop, intended: dict[str, Any]) -> None:
    """While a secret is being changed, Stripe signs with both."""
    body = json.dumps(event("payment_intent.succeeded", succeeded(intended))).encode()
    good = signature(shop.status["stripe_webhook_secret"], body)
    answer = post(shop, body, good.replace("v1=", f"v1={'0' * 64},v1="))
    assert (answer.status_code, answer.json()["outcome"]) == (200, "applied")

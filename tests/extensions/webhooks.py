"""Events as Stripe sends them, made and signed here."""

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import httpx

from tests.conftest import Person, Shop

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

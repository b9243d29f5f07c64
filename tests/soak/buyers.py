"""Many guests at once, each a thread with a connection of its own, let go by one barrier."""

import ssl
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx

from tests.conftest import ADDRESS, Renewing, Shop

# One for all: to make one takes longer than a purchase. Nothing here speaks TLS.
CONTEXT = ssl.create_default_context()
MOST_WAITS = 300
Line = tuple[str, str | None, int]
T, R = TypeVar("T"), TypeVar("R")


class Guest:
    """Somebody without an account who buys."""

    def __init__(self, url: str) -> None:
        self.waits = 0
        self.email = f"{uuid.uuid4().hex}@example.com"
        self.client = httpx.Client(base_url=url, verify=CONTEXT, timeout=60)
        tokens = self.client.post("/api/v1/auth/guest/").json()
        # Long runs outlive an access token.
        self.client.auth = Renewing(url, tokens)

    def fill(self, cart: Sequence[Line]) -> None:
        """Product, variant or none, quantity; line by line in this order."""
        for product, variant, quantity in cart:
            body = {"product_id": product, "variant_id": variant, "quantity": quantity}
            answer = self.post("/api/v1/cart/items/", {k: v for k, v in body.items() if v is not None})
            assert answer.status_code == 201, answer.text

    def check_out(self, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"shipping_address": ADDRESS, "email": self.email}
        return self.post("/api/v1/orders/", body, **headers)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """The shop may ask to come back in a second, if the machine has no time for so many; that is counted."""
        while (
            answer := self.client.post(path, json=body, headers=headers)
        ).status_code == 503 and self.waits < MOST_WAITS:
            self.waits += 1
            time.sleep(int(answer.headers.get("Retry-After", 1)))
        return answer

    def buy(self, cart: Sequence[Line]) -> dict[str, Any]:
        """An order with its intent."""
        self.fill(cart)
        placed = self.check_out()
        assert placed.status_code == 201, placed.text
        order = dict(placed.json())
        made = self.post("/api/v1/payments/create-intent/", {"order_id": order["id"]})
        assert made.status_code == 200, made.text
        return order | {"intent": made.json()["payment_intent_id"]}

    def state(self, order: dict[str, Any]) -> str:
        return str(self.client.get(f"/api/v1/orders/{order['id']}/").json()["status"])


class Crowd:
    """Guests who come when they are called."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.guests: list[Guest] = []

    def of(self, size: int) -> list[Guest]:
        with ThreadPoolExecutor(16) as threads:
            self.guests += threads.map(lambda _: Guest(self.shop.url), range(size - len(self.guests)))
        return self.guests[:size]

    def close(self) -> None:
        for guest in self.guests:
            guest.client.close()


def at_once(act: Callable[[T], R], each: Sequence[T], *, together: bool = True) -> list[R]:
    """Do it for each, in as many threads, which begin together."""
    barrier = threading.Barrier(len(each) if together else 1)

    def run(one: T) -> R:
        barrier.wait()
        return act(one)

    with ThreadPoolExecutor(len(each) if together else 16) as threads:
        return list(threads.map(run, each))

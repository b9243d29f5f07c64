"""A light load: somebody who buys and pays, over and over, and remembers what the shop has promised."""

import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.compose.conftest import House
from tests.conftest import ADDRESS

PAID = """
select o.order_number from shop.orders o join shop.payments p on p.order_id = o.id
where p.status = 'succeeded' and p.captured_amount = o.total_amount and o.status = 'confirmed'
"""
SEEN = (
    "/api/v1/products/", "/rest/v1/products?limit=5", "/api/v1/cart/", "/api/v1/orders/", "/api/v1/users/me/",
    "/api/v1/users/me/sessions/", "/health/", "/api/schema/?format=json", "/api/docs/",
)  # fmt: skip


def buy(client: httpx.Client, key: str = "") -> dict[str, Any]:
    """One order, paid. Raises HTTPError when the shop could not answer; asked again with the same key it goes on."""
    key = key or uuid.uuid4().hex
    # The oldest are those of the demo, of which there is plenty; others have come with tests beside this.
    wanted = {"in_stock": "true", "ordering": "created_at"}
    shelf = client.get("/api/v1/products/", params=wanted).raise_for_status().json()["results"]
    product = client.get(f"/api/v1/products/{shelf[0]['slug']}/").raise_for_status().json()
    variant = {"variant_id": product["variants"][0]["id"]} if product["variants"] else {}
    body: dict[str, Any] = {"product_id": product["id"], "quantity": 1, **variant}
    # What an attempt that failed has left in the cart is not bought, too.
    client.post("/api/v1/cart/clear/").raise_for_status()
    client.post("/api/v1/cart/items/", json=body).raise_for_status()
    wanted = {"Idempotency-Key": key}
    order = client.post("/api/v1/orders/", json={"shipping_address": ADDRESS}, headers=wanted).raise_for_status().json()
    body = {"order_id": order["id"], "payment_method": "pm_card_visa"}
    client.post("/api/v1/payments/confirm/", json=body).raise_for_status()
    return dict(order)


@dataclass
class Trade:
    """Goes on in a thread while something else happens."""

    house: House
    email: str = field(default_factory=lambda: f"regular-{uuid.uuid4().hex[:8]}@example.com")
    paid: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.client = self.house.register(self.email)
        self.client.event_hooks["response"] = [self.note]
        self.thread = threading.Thread(target=self.go_on, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.close()

    def stop(self) -> None:
        """The last order is the last."""
        self.is_over.set()
        self.thread.join(120)

    def note(self, answer: httpx.Response) -> None:
        """Count it, and keep what must not be."""
        self.answers[str(answer.status_code)] += 1
        if answer.status_code >= 500:
            answer.read()
            asked = f"{answer.request.method} {answer.request.url.path}"
            took = answer.elapsed.total_seconds()
            self.faults.append(
                f"{time.strftime('%T')} {asked}: {answer.status_code} after {took:.1f} s: {answer.text[:300]}"
            )

    def go_on(self) -> None:
        while not self.is_over.is_set():
            try:
                self.act()
            except httpx.HTTPStatusError:
                self.refused += 1
            except httpx.HTTPError as error:
                self.refused += 1
                self.answers[type(error).__name__] += 1
            self.is_over.wait(0.3)

    def act(self) -> None:
        """One order. Raises HTTPError when the shop could not answer."""
        self.paid.append(buy(self.client))

    def sold_after(self, count: int) -> bool:
        """Whether somebody has bought since there were `count`."""
        return len(self.paid) > count

    def lost(self) -> list[str]:
        """Numbers of orders that were said to be paid and are not."""
        known = self.house.sql(PAID).splitlines()
        return [order["order_number"] for order in self.paid if order["order_number"] not in known]

    def unmailed(self) -> list[str]:
        """Numbers of paid orders that no mail has confirmed, or more than one."""
        subjects = [mail["subject"] for mail in self.house.mails(self.email)]
        numbers = [order["order_number"] for order in self.paid]
        return [number for number in numbers if subjects.count(f"Your order {number} is confirmed") != 1]


class Visit(Trade):
    """Only looks around: at what each part answers for, each time over a connection of its own."""

    def act(self) -> None:
        for path in SEEN:
            self.client.headers["Connection"] = "close"
            self.client.get(path)


def seconds_until(look: Any, begun: float, patience: float = 120) -> float:
    """How long it took, asked every quarter of a second."""
    while not look():
        assert time.monotonic() - begun < patience, look
        time.sleep(0.25)
    return time.monotonic() - begun

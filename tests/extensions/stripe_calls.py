"""Each of the shop's calls to Stripe, as somebody causes it: before the trouble, in it, and when it is over."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import stripe

from tests.conftest import ADDRESS, Person, Shop, eventually
from tests.extensions.payments import CONFIRM, INTENT, await_intent, state

SETTINGS = "/rest/v1/settings?is_only_row=eq.true"
MAKE = "POST /v1/payment_intents"
LOOK = "GET /v1/payment_intents/*"


class Scene:
    """One order from the cart to the end, and the twin's way to be bad."""

    def __init__(self, shop: Shop, bank: stripe.StripeClient, people: dict[str, Person], product: Any) -> None:
        self.shop, self.bank, self.product = shop, bank, product
        self.customer, self.staff, self.admin = people["customer"], people["staff"], people["admin"]
        self.order: dict[str, Any] = {}
        self.twin = httpx.Client(
            base_url=shop.status["stripe_api_base"],
            headers={"Authorization": f"Bearer {shop.status['stripe_secret_key']}"},
            timeout=30,
        )

    def ask(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self.shop.connect() as connection:
            return connection.execute(statement, {"order": self.order["id"], **values}).fetchall()

    def trouble(self, on: str, how: str, *, after: bool = False, times: int = 1_000_000) -> None:
        """So many times, or until it is healed."""
        told = {"on": on, "how": how, "after": after, "times": times, "seconds": 0.2}
        self.twin.post("/twin/faults", json=told).raise_for_status()

    def heal(self) -> None:
        self.twin.delete("/twin/faults").raise_for_status()

    def place(self) -> None:
        line = {"product_id": self.product["id"], "quantity": 1}
        assert self.customer.client.post("/api/v1/cart/items/", json=line).status_code == 201
        placed = self.customer.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
        assert placed.status_code == 201, placed.text
        self.order = dict(placed.json())

    def intend(self) -> None:
        self.place()
        made = self.customer.client.post(INTENT, json={"order_id": self.order["id"]})
        assert made.status_code == 200, made.text
        self.order["intent"] = made.json()["payment_intent_id"]
        await_intent(self.shop, self.order)

    def pay(self, **headers: str) -> httpx.Response:
        body = {"order_id": self.order["id"], "payment_method": "pm_card_visa"}
        return self.customer.client.post(CONFIRM, json=body, headers=headers)

    def paid(self, answer: httpx.Response) -> None:
        assert (answer.status_code, answer.json().get("order_status")) == (200, "confirmed"), answer.text
        self.order["intent"] = answer.json()["payment_intent_id"]

    def authorise(self) -> None:
        assert self.admin.client.patch(SETTINGS, json={"capture_method": "manual"}).status_code == 204
        try:
            self.intend()
            assert self.pay().json()["status"] == "requires_capture"
        finally:
            self.admin.client.patch(SETTINGS, json={"capture_method": "automatic"})

    def failing(self, topic: str) -> None:
        """The worker has met the trouble, and will come back."""
        about = """topic = %(topic)s and (
          payload ->> 'order_id' = %(order)s or payload ->> 'refund_id' in (select r.id::text from shop.refunds r
          join shop.payments p on p.id = r.payment_id where p.order_id::text = %(order)s))"""
        failed = f"select 1 from shop.outbox where last_error is not null and dead_at is null and {about}"
        eventually(lambda: self.ask(failed, topic=topic), what=f"{topic} fails")

    def until(self, look: Callable[[], Any], what: str) -> None:
        """The worker need not wait its turn."""

        def poke() -> Any:
            self.ask("update shop.outbox set available_at = now() where done_at is null and attempts > 0 returning 1")
            self.ask("select pg_notify('outbox', '')")
            return look()

        eventually(poke, what=what)

    def until_it_is(self, status: str) -> None:
        self.until(lambda: state(self.customer, self.order) == status, status)

    def intents(self) -> list[stripe.PaymentIntent]:
        """Those by which somebody could still pay, or has."""
        newest = self.bank.v1.payment_intents.list({"limit": 100}).data
        ours = [i for i in newest if getattr(i.metadata, "order_id", None) == self.order["id"]]
        return [i for i in ours if i.status != "canceled"]


def refused(answer: httpx.Response) -> None:
    """Told plainly, and asked to come back."""
    assert (answer.status_code, answer.json().get("code")) == (503, "payment_provider_unavailable"), answer.text
    assert answer.headers["Retry-After"] == "2"


Story = Iterator[str]


def make_the_intent(scene: Scene) -> Story:
    yield MAKE
    scene.place()
    answer = scene.customer.client.post(INTENT, json={"order_id": scene.order["id"]})
    yield "over"
    if not answer.is_success:
        refused(answer)
    made = scene.customer.client.post(INTENT, json={"order_id": scene.order["id"]})
    assert made.status_code == 200, made.text
    scene.paid(scene.pay())
    assert scene.order["intent"] == made.json()["payment_intent_id"]


def make_the_intent_and_confirm(scene: Scene) -> Story:
    yield MAKE
    scene.place()
    answer, key = scene.pay(), uuid.uuid4().hex
    yield "over"
    if not answer.is_success:
        refused(answer)
    scene.paid(scene.pay(**{"Idempotency-Key": key}))


def make_the_intent_later(scene: Scene) -> Story:
    yield MAKE
    scene.place()
    scene.failing("order.placed")
    yield "over"
    known = "select intent_id from shop.payments where order_id = %(order)s and intent_id is not null"
    scene.until(lambda: scene.ask(known), "intent")
    scene.paid(scene.pay())


def confirm(scene: Scene) -> Story:
    scene.intend()
    yield f"{MAKE}/*/confirm"
    refused(scene.pay())
    yield "over"
    scene.paid(scene.pay())


def confirm_under_a_key(scene: Scene) -> Story:
    scene.intend()
    yield f"{MAKE}/*/confirm"
    key = {"Idempotency-Key": uuid.uuid4().hex}
    for _ in range(2):
        answer = scene.pay(**key)
        if not answer.is_success:
            refused(answer)
    yield "over"
    scene.paid(scene.pay(**key))
    scene.paid(scene.pay(**key))


def look_at_what_is_paid(scene: Scene) -> Story:
    scene.intend()
    scene.paid(scene.pay())
    yield LOOK
    refused(scene.pay())
    yield "over"
    scene.paid(scene.pay())


def look_at_what_was_paid_elsewhere(scene: Scene) -> Story:
    scene.intend()
    scene.trouble("*", "drop")
    scene.bank.v1.payment_intents.confirm(scene.order["intent"], {"payment_method": "pm_card_visa"})
    yield LOOK
    refused(scene.pay())
    yield "over"
    scene.paid(scene.pay())


def capture(scene: Scene) -> Story:
    scene.authorise()
    yield f"{MAKE}/*/capture"
    assert scene.staff.client.post(f"/api/v1/orders/{scene.order['id']}/capture/").status_code == 200
    scene.failing("payment.capture")
    yield "over"
    scene.until_it_is("confirmed")


def look_at_what_was_captured_elsewhere(scene: Scene) -> Story:
    scene.authorise()
    scene.trouble("*", "drop")
    scene.bank.v1.payment_intents.capture(scene.order["intent"])
    yield LOOK
    assert scene.staff.client.post(f"/api/v1/orders/{scene.order['id']}/capture/").status_code == 200
    scene.failing("payment.capture")
    yield "over"
    scene.until_it_is("confirmed")


def cancel(scene: Scene) -> Story:
    scene.intend()
    yield f"{MAKE}/*/cancel"
    assert scene.customer.client.delete(f"/api/v1/orders/{scene.order['id']}/").status_code == 200
    scene.failing("payment.cancel")
    yield "over"
    scene.until_it_is("cancelled")
    scene.until(lambda: not scene.intents(), "canceled")


def give_back(scene: Scene) -> None:
    body = {"order_id": scene.order["id"], "reason": "broken"}
    assert scene.staff.client.post("/rest/v1/rpc/refund_order", json=body).status_code == 200
    scene.failing("payment.refund")


def look_for_refunds(scene: Scene) -> Story:
    scene.intend()
    scene.paid(scene.pay())
    yield "GET /v1/refunds"
    give_back(scene)
    yield "over"
    scene.until_it_is("refunded")


def refund(scene: Scene) -> Story:
    scene.intend()
    scene.paid(scene.pay())
    yield "POST /v1/refunds"
    give_back(scene)
    yield "over"
    scene.until_it_is("refunded")


# call → how the order ends
CALLS: dict[Callable[[Scene], Story], str] = {
    make_the_intent: "confirmed",
    make_the_intent_and_confirm: "confirmed",
    make_the_intent_later: "confirmed",
    confirm: "confirmed",
    confirm_under_a_key: "confirmed",
    look_at_what_is_paid: "confirmed",
    look_at_what_was_paid_elsewhere: "confirmed",
    capture: "confirmed",
    look_at_what_was_captured_elsewhere: "confirmed",
    cancel: "cancelled",
    look_for_refunds: "refunded",
    refund: "refunded",
}

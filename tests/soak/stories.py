"""What may happen to an order at the bank while the shop hears nothing, and the events that tell of it afterwards."""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import stripe

from tests.conftest import Shop
from tests.extensions.webhooks import URL, signature
from tests.soak.buyers import Guest

# What must be the same however the news came; ids and times differ from order to order.
STATE = """
select encode(sha256(convert_to(jsonb_build_array(
  o.status, o.total_amount, p.status, p.amount, p.captured_amount, p.refunded_amount,
  (select jsonb_agg(h.status order by h.id) from shop.order_status_history h where h.order_id = o.id),
  (select jsonb_agg(r.state || r.quantity order by r.quantity) from shop.reservations r where r.order_id = o.id),
  (select sum(m.quantity) from shop.stock_movements m where m.order_id = o.id),
  (select jsonb_agg(r.status || r.amount order by r.amount) from shop.refunds r where r.payment_id = p.id),
  o.is_disputed, (select jsonb_agg(d.status || d.amount) from shop.disputes d where d.payment_id = p.id),
  (select jsonb_agg(a.account || a.sum order by a.account) from (
    select e.account, sum(e.amount) from shop.ledger_entries e where e.payment_id = p.id
    group by e.account having sum(e.amount) <> 0) a),
  (select jsonb_agg(b.topic order by b.topic) from shop.outbox b
    where b.payload ->> 'order_id' = o.id::text and b.topic like 'order.%%')
)::text, 'UTF8')), 'hex') as hash, o.id::text, o.status
from shop.orders o join shop.payments p on p.order_id = o.id where o.id = any(%s::uuid[])
"""


@dataclass
class Tale:
    """An order, what happened to it, and how that ends."""

    order: dict[str, Any]
    guest: Guest
    story: str
    events: list[dict[str, Any]]


def finish(bank: stripe.StripeClient, intent: str, succeeds: str) -> None:
    """What the customer does in the browser."""
    with suppress(stripe.CardError):
        bank.raw_request("post", f"/twin/payment_intents/{intent}/authenticate", succeeds=succeeds)


def confirm(bank: stripe.StripeClient, intent: str, card: str) -> None:
    with suppress(stripe.CardError):
        bank.v1.payment_intents.confirm(intent, {"payment_method": card})


def at_the_third_card(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    """Declined, not authenticated, paid."""
    confirm(bank, order["intent"], "pm_card_chargeDeclined")
    confirm(bank, order["intent"], "pm_card_authenticationRequired")
    finish(bank, order["intent"], "false")
    confirm(bank, order["intent"], "pm_card_visa")


def with_3d_secure(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    confirm(bank, order["intent"], "pm_card_authenticationRequired")
    finish(bank, order["intent"], "true")


def slowly(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    confirm(bank, order["intent"], "pm_twin_processing")
    finish(bank, order["intent"], "true")


def too_late(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    """Paid and, before the shop hears of it, cancelled."""
    confirm(bank, order["intent"], "pm_card_visa")
    assert guest.client.delete(f"/api/v1/orders/{order['id']}/").status_code == 200


def not_at_all(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    confirm(bank, order["intent"], "pm_card_chargeDeclinedExpiredCard")
    confirm(bank, order["intent"], "pm_card_chargeDeclined")


def disputed_and_won(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    confirm(bank, order["intent"], "pm_card_createDispute")
    (dispute,) = bank.v1.disputes.list({"payment_intent": order["intent"]}).data
    bank.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})


def disputed_and_lost(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    confirm(bank, order["intent"], "pm_card_createDispute")
    (dispute,) = bank.v1.disputes.list({"payment_intent": order["intent"]}).data
    bank.v1.disputes.close(dispute.id)


def given_back_at_stripe(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    """In the dashboard, in two parts; nobody here asked for it."""
    confirm(bank, order["intent"], "pm_card_visa")
    bank.v1.refunds.create({"payment_intent": order["intent"], "amount": 500})
    bank.v1.refunds.create({"payment_intent": order["intent"]})


def captured_by_hand(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    confirm(bank, order["intent"], "pm_card_visa")
    bank.v1.payment_intents.capture(order["intent"])
    bank.v1.refunds.create({"payment_intent": order["intent"], "amount": 500})


def authorised_in_vain(bank: stripe.StripeClient, guest: Guest, order: dict[str, Any]) -> None:
    """Nobody captures it, until the bank lets it go."""
    confirm(bank, order["intent"], "pm_card_visa")
    bank.v1.payment_intents.cancel(order["intent"])


# Those of orders whose money is captured by hand.
BY_HAND = {captured_by_hand, authorised_in_vain}
# story → how it ends
STORIES: dict[Callable[[stripe.StripeClient, Guest, dict[str, Any]], None], str] = {
    at_the_third_card: "confirmed",
    with_3d_secure: "confirmed",
    slowly: "confirmed",
    too_late: "cancelled",
    not_at_all: "pending",
    disputed_and_won: "confirmed",
    disputed_and_lost: "confirmed",
    given_back_at_stripe: "refunded",
    captured_by_hand: "confirmed",
    authorised_in_vain: "pending",
}


def about(bank: stripe.StripeClient, intents: set[str]) -> dict[str, list[dict[str, Any]]]:
    """All events of these intents, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {intent: [] for intent in intents}
    for event in bank.v1.events.list({"limit": 100}).auto_paging_iter():
        told = event.to_dict(recursive=True)
        thing = told["data"]["object"]
        intent = thing["id"] if thing["object"] == "payment_intent" else thing.get("payment_intent")
        if intent in found:
            found[intent].insert(0, told)
    return found


@contextmanager
def by_hand(shop: Shop) -> Iterator[None]:
    """Orders that are placed meanwhile are captured by hand."""
    with shop.connect() as owner:
        owner.execute("update shop.settings set capture_method = 'manual'")
        try:
            yield
        finally:
            owner.execute("update shop.settings set capture_method = 'automatic'")


@contextmanager
def deaf(bank: stripe.StripeClient, on: str = "*") -> Iterator[None]:
    """All events of this kind are lost."""
    told = {"on": on, "how": "drop", "times": 1_000_000}
    twin = httpx.Client(
        base_url=str(bank._requestor.base_addresses["api"]),
        headers={"Authorization": f"Bearer {bank._requestor.api_key}"},
    )
    with twin:
        twin.post("/twin/faults", json=told).raise_for_status()
        try:
            yield
        finally:
            twin.delete("/twin/faults").raise_for_status()


def schedule(draw: random.Random, events: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Each event once or more in any order, and among them what is none: `how` it is told, and of what."""
    told = [("right", event) for event in events for _ in range(draw.choice([1, 1, 2, 5]))]
    for how in ("unsigned", "old", "cut", "other amount", "other order", "unknown kind"):
        if draw.random() < 0.3:
            told.append((how, draw.choice(events)))
    draw.shuffle(told)
    return told


def tell(shop: Shop, client: httpx.Client, how: str, event: dict[str, Any]) -> int:
    """Tell it as the bank does, again and again until it is taken; how often that was. What is false is told once."""
    secret = shop.status["stripe_webhook_secret"]
    if how in {"other amount", "other order", "unknown kind"}:
        event = json.loads(json.dumps(event)) | {"id": f"evt_{uuid.uuid4().hex}"}
        thing = event["data"]["object"]
        # Of a refund or a dispute that began at the bank, only the bank knows the amount.
        if how == "other amount" and thing["object"] == "payment_intent":
            thing |= {"amount": thing["amount"] + 1, "amount_received": thing["amount"] + 1}
        elif how == "other order":
            thing["metadata"] = {"order_id": str(uuid.uuid4())}
        else:
            event["type"] = "payment_method.attached"
    body = json.dumps(event).encode()
    header = {"unsigned": "", "old": signature(secret, body, 1)}.get(how)
    expected = {200} if header is None and how != "cut" else {400}
    for attempt in range(1, 40):
        headers = {"Content-Type": "application/json", "Stripe-Signature": header or signature(secret, body)}
        if how == "unsigned":
            del headers["Stripe-Signature"]
        answer = client.post(URL, content=body[:-1] if how == "cut" else body, headers=headers)
        if answer.status_code in expected:
            return attempt
        assert answer.status_code in {502, 503, 504}, (how, answer.text)
    raise AssertionError(f"never taken: {answer.text}")


def hashes(database: psycopg.Connection[Any], orders: list[str]) -> dict[str, tuple[str, str]]:
    """Order → its state as one hash, and its status."""
    return {row["id"]: (row["hash"], row["status"]) for row in database.execute(STATE, [orders]).fetchall()}

"""Make events, sign them as Stripe does, and deliver each until it is taken."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from contextlib import suppress
from typing import Any

import httpx

from stack.twin.faults import TO_EVENTS, Fault, Faults
from stack.twin.store import Store, new_id, now

# The version whose shapes the SDK expects; a test compares the two. Importing the SDK for it would cost every start.
API_VERSION = "2026-10-28.endive"
# 1, 2, 4 … seconds, at most an hour; twenty tries span the best part of a day.
MOST_ATTEMPTS = 20


def retry_after(attempt: int) -> float:
    """Seconds until the next attempt."""
    return float(min(3600, 2**attempt))


def emit(store: Store, kind: str, thing: dict[str, Any], idempotency_key: str | None = None) -> None:
    """Record an event about an object as it is now and queue its delivery, in the caller's transaction."""
    event: dict[str, Any] = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(now()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": new_id("req"), "idempotency_key": idempotency_key},
        "type": kind,
        "data": {"object": thing},
    }
    store.put(event)
    store.queue(event["id"])


def sign(body: str, secret: str, at: int) -> str:
    """The Stripe-Signature header (https://docs.stripe.com/webhooks#verify-manually)."""
    mac = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


class Courier:
    """Delivers what is due, woken when something new is queued."""

    def __init__(self, store: Store, url: str, secret: str, faults: Faults) -> None:
        self.store, self.url, self.secret, self.faults = store, url, secret, faults
        self.bell = asyncio.Event()

    async def run(self) -> None:
        """Deliver for ever."""
        async with httpx.AsyncClient(timeout=20) as client:
            while True:
                self.bell.clear()
                due = self.store.due()
                await asyncio.gather(*(self.send(client, event_id, attempt) for event_id, attempt in due))
                if not due:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.bell.wait(), 0.5)

    async def send(self, client: httpx.AsyncClient, event_id: str, attempt: int) -> None:
        """Deliver, unless a fault wants it otherwise."""
        event = self.store.get("event", event_id) or {}
        fault = self.faults.take(event["type"], TO_EVENTS) or Fault("", "")
        if fault.how == "drop":
            self.store.delivered(event_id)
        elif fault.how in {"delay", "reorder"}:
            # In another order is at moments of chance.
            self.store.postpone(event_id, fault.seconds * (random.random() if fault.how == "reorder" else 1))  # noqa: S311
        else:
            copies = 2 if fault.how == "duplicate" else 1
            await asyncio.gather(*(self.deliver(client, event_id, attempt) for _ in range(copies)))

    async def deliver(self, client: httpx.AsyncClient, event_id: str, attempt: int) -> None:
        """One attempt. Any 2xx is a receipt."""
        body = json.dumps(self.store.get("event", event_id), separators=(",", ":"))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (twin)",
            "Stripe-Signature": sign(body, self.secret, int(time.time())),
        }
        try:
            answer = await client.post(self.url, content=body, headers=headers)
            is_taken = answer.is_success
        except httpx.HTTPError:
            is_taken = False
        pauses = self.faults.retries
        is_last = attempt + 1 >= MOST_ATTEMPTS if pauses is None else attempt >= len(pauses)
        if is_taken or is_last:
            self.store.delivered(event_id)
        else:
            self.store.postpone(event_id, retry_after(attempt) if pauses is None else pauses[attempt])

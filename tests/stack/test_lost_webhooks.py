"""Every webhook is lost, and the shop knows the same in the end."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from stack.state import State
from tests.conftest import Shop, eventually, pgshop, start_stack
from tests.extensions import webhooks
from tests.stack import selling
from tests.twin.conftest import KEY, SECRET, Receiver, Twin, receiver, twin

__all__ = ["receiver", "twin"]


@pytest.fixture
def deaf(spare: Path, twin: Twin) -> Iterator[tuple[Shop, dict[str, str]]]:
    """A shop whose Stripe tells somebody else, who takes everything and does nothing."""
    environment = {"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": twin.url}
    # Its clock would reconcile before we do: at once, if it remembers that it last did long ago.
    for memory in State.at(spare).home("beat").glob("schedule*"):
        memory.unlink()
    running = start_stack(spare, **environment)
    control = [Path(sys.executable).with_name("supervisorctl"), "-s", f"unix://{State.at(spare).socket}"]
    subprocess.run([*control, "stop", "beat"], check=True, capture_output=True)
    yield running, {**os.environ, **environment}
    for client in running.clients:
        client.close()


def seen(client: httpx.Client, order: dict[str, Any]) -> tuple[Any, ...]:
    told = client.get(f"/api/v1/orders/{order['id']}/").json()
    return told["status"], told["payment_status"], told["refunded_amount"], told["is_disputed"]


def test_without_any_webhook_the_end_is_the_same(
    deaf: tuple[Shop, dict[str, str]], twin: Twin, receiver: Receiver
) -> None:
    shop, environment = deaf
    bank = twin.client()
    product = selling.make_product(shop)
    email, client = selling.register(shop)
    orders, intents = {}, {}
    for what in ("paid", "failed", "canceled", "refunded", "disputed"):
        orders[what] = selling.place_order(client, product)
        made = client.post("/api/v1/payments/create-intent/", json={"order_id": orders[what]["id"]}).json()
        intents[what] = made["payment_intent_id"]
    # All of it in the browser, at Stripe or at a bank: the shop is told by nobody.
    for what in ("paid", "refunded", "disputed"):
        card = "pm_card_createDispute" if what == "disputed" else "pm_card_visa"
        bank.v1.payment_intents.confirm(intents[what], {"payment_method": card})
    with pytest.raises(stripe.CardError):
        bank.v1.payment_intents.confirm(intents["failed"], {"payment_method": "pm_card_chargeDeclined"})
    bank.v1.payment_intents.cancel(intents["canceled"])
    bank.v1.refunds.create({"payment_intent": intents["refunded"], "amount": 500})
    (dispute,) = bank.v1.disputes.list({"payment_intent": intents["disputed"]}).data
    bank.v1.disputes.close(dispute.id)
    eventually(receiver.is_quiet, what="all webhooks sent")
    assert {seen(client, order)[0] for order in orders.values()} == {"pending"}

    told = pgshop("reconcile", "--state", str(shop.state), env=environment).stdout
    counts = {name: int(count) for count, name in (line.split(maxsplit=1) for line in told.splitlines())}
    assert (counts["repaired"], counts["quarantined"], counts["ledger differences"]) == (6, 0, 0)
    final = {
        "paid": ("confirmed", "succeeded", "0.00", False),
        "failed": ("pending", "requires_payment_method", "0.00", False),
        "canceled": ("pending", "canceled", "0.00", False),
        "refunded": ("confirmed", "succeeded", "5.00", False),
        "disputed": ("confirmed", "succeeded", "0.00", True),
    }
    assert {what: seen(client, order) for what, order in orders.items()} == final
    eventually(lambda: selling.receipts(shop, email, orders["paid"]), what="the receipt")

    # Once more there is nothing to do; and when the webhooks come after all, they say nothing new.
    told = pgshop("reconcile", "--state", str(shop.state), "--days", "1", env=environment).stdout
    assert "      0  repaired" in told.splitlines()
    for event in reversed([event.to_dict() for event in bank.v1.events.list({"limit": 100}).auto_paging_iter()]):
        body = json.dumps(event).encode()
        assert webhooks.post(shop, body, webhooks.signature(SECRET, body)).status_code == 200
    assert {what: seen(client, order) for what, order in orders.items()} == final
    with shop.connect() as connection:
        rows = connection.execute(
            """select e.account, sum(e.amount)::text as sum from shop.ledger_entries e
            join shop.payments p on p.id = e.payment_id where p.order_id = any(%s::uuid[]) group by e.account""",
            [[order["id"] for order in orders.values()]],
        ).fetchall()
    # Three at 10.00, tax and delivery; 5.00 went back, and a bank kept one.
    assert {row["account"]: row["sum"] for row in rows} == {
        "disputes": "16.95", "refunds": "5.00", "sales": "-50.85", "stripe": "28.90",
    }  # fmt: skip


def test_it_says_when_there_is_no_stripe(deaf: tuple[Shop, dict[str, str]]) -> None:
    shop, environment = deaf
    nowhere = {**environment, "STRIPE_API_BASE": "http://127.0.0.1:9"}
    done = pgshop("reconcile", "--state", str(shop.state), env=nowhere, check=False)
    assert done.returncode == 1
    assert "Stripe" in done.stderr
    assert "Traceback" not in done.stderr

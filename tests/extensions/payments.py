"""What is known of a payment, here and at the bank."""

from typing import Any

import stripe

from tests.conftest import Person, Shop, eventually

INTENT, CONFIRM = "/api/v1/payments/create-intent/", "/api/v1/payments/confirm/"


def state(person: Person, order: dict[str, Any]) -> str:
    return str(person.client.get(f"/api/v1/orders/{order['id']}/").json()["status"])


def charges(bank: stripe.StripeClient, intent: str) -> list[str]:
    return [charge.status for charge in bank.v1.charges.list({"payment_intent": intent}).data]


def await_intent(shop: Shop, order: dict[str, Any]) -> None:
    """Until Stripe has told of the order's intent, and the worker, who makes it as well, has done so.

    Else either may come when the order is cancelled, and cancel the intent; and expiry passes over what they lock.
    """

    def told() -> bool:
        with shop.connect() as connection:
            row = connection.execute(
                "select exists (select from shop.payment_events"
                " where payload #>> '{data,object,metadata,order_id}' = %(order)s)"
                " and not exists (select from shop.outbox where topic = 'order.placed'"
                " and payload ->> 'order_id' = %(order)s and done_at is null) as told",
                {"order": order["id"]},
            ).fetchone()
        return bool(row and row["told"])

    eventually(told, what="the intent's webhook, and the worker")

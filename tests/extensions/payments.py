"""What is known of a payment, here and at the bank."""

from typing import Any

import stripe

from tests.conftest import Person

INTENT, CONFIRM = "/api/v1/payments/create-intent/", "/api/v1/payments/confirm/"


def state(person: Person, order: dict[str, Any]) -> str:
    return str(person.client.get(f"/api/v1/orders/{order['id']}/").json()["status"])


def charges(bank: stripe.StripeClient, intent: str) -> list[str]:
    return [charge.status for charge in bank.v1.charges.list({"payment_intent": intent}).data]

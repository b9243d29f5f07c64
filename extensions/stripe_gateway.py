"""Talk to Stripe by its official SDK; used by the service and by the workers."""

from typing import Any

import stripe

from extensions.config import settings


def make_client(*, asynchronous: bool) -> stripe.StripeClient:
    """A client with bounded patience. Another API base (the twin) comes from settings."""
    given = settings()
    key = given.stripe_secret_key.get_secret_value() if given.stripe_secret_key else ""
    http: Any = (
        stripe.HTTPXClient(timeout=10) if asynchronous else stripe.HTTPXClient(timeout=10, allow_sync_methods=True)
    )
    if given.stripe_api_base:
        return stripe.StripeClient(
            key, http_client=http, max_network_retries=2, base_addresses={"api": given.stripe_api_base}
        )
    return stripe.StripeClient(key, http_client=http, max_network_retries=2)


def intent_parameters(payment: dict[str, Any]) -> tuple[Any, Any]:
    """Parameters and options for an order's PaymentIntent, the same whoever asks, so that there is only ever one."""
    parameters = {
        "amount": payment["amount_minor"],
        "currency": payment["currency"],
        "metadata": {"order_id": payment["order_id"], "order_number": payment["order_number"]},
        "description": f"Order {payment['order_number']}",
        **({"capture_method": "manual"} if payment["capture_method"] == "manual" else {}),
        # Payment methods that leave the page need a return_url, which a headless shop does not know.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    return parameters, {"idempotency_key": payment["idempotency_key"]}


def plain(thing: stripe.StripeObject) -> dict[str, Any]:
    """A Stripe object as JSON for SQL."""
    return dict(thing.to_dict())

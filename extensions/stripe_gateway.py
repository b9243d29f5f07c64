"""Talk to Stripe by its official SDK; used by the service and by the workers."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import stripe

from extensions.config import settings

T = TypeVar("T")
# As many as a worker has attempts in half a day of trouble.
KEYS = 25


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


def intent_parameters(payment: dict[str, Any]) -> Any:
    """Parameters for an order's PaymentIntent, the same whoever asks, so that there is only ever one."""
    return {
        "amount": payment["amount_minor"],
        "currency": payment["currency"],
        "metadata": {"order_id": payment["order_id"], "order_number": payment["order_number"]},
        "description": f"Order {payment['order_number']}",
        **({"capture_method": "manual"} if payment["capture_method"] == "manual" else {}),
        # Payment methods that leave the page need a return_url, which a headless shop does not know.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }


def is_of(intent: stripe.PaymentIntent, payment: dict[str, Any]) -> bool:
    """Whether an order can be paid by this intent."""
    return getattr(intent.metadata, "order_id", None) == payment["order_id"] and intent.status != "canceled"


def made_since(payment: dict[str, Any]) -> Any:
    """What lists all intents among which an order's would be; the two clocks may differ by a minute."""
    return {"created": {"gte": payment["placed_at"] - 60}, "limit": 100}


def options_for(key: str, number: int) -> Any:
    """Stripe keeps its own failures, too, and repeats them for a day to who asks under the same key
    (https://docs.stripe.com/error-low-level). So a key is followed by others, the same ones whoever asks.
    """
    return {"idempotency_key": key if number == 1 else f"{key}:{number}"}


def is_kept(error: stripe.StripeError) -> bool:
    """Whether a failure is of an earlier request, and would be repeated all day. What a card was told is an answer."""
    headers: Any = error.headers or {}
    return headers.get("idempotent-replayed") == "true" and not isinstance(error, stripe.CardError)


def insist(key: str, act: Callable[[Any], T], known: Callable[[], T | None] = lambda: None) -> T:
    """Act under a key, and under the next where a failure is kept for it, if its effect is not `known` all the same."""
    for number in range(1, KEYS + 1):
        try:
            return act(options_for(key, number))
        except stripe.StripeError as error:
            if not is_kept(error) or number == KEYS:
                raise
            if number == 1 and (found := known()):
                return found
    raise AssertionError


async def insist_async(
    key: str, act: Callable[[Any], Awaitable[T]], known: Callable[[], Awaitable[T | None]] | None = None
) -> T:
    """The same for the service."""
    for number in range(1, KEYS + 1):
        try:
            return await act(options_for(key, number))
        except stripe.StripeError as error:
            if not is_kept(error) or number == KEYS:
                raise
            if number == 1 and known and (found := await known()):
                return found
    raise AssertionError


def plain(thing: stripe.StripeObject) -> dict[str, Any]:
    """A Stripe object as JSON for SQL."""
    return dict(thing.to_dict())

"""PaymentIntents and their states (https://docs.stripe.com/payments/paymentintents/lifecycle)."""

import secrets
from typing import Any

from stack.twin import cards, forms
from stack.twin.charges import charge
from stack.twin.events import emit
from stack.twin.problems import TwinError, invalid, missing
from stack.twin.store import Answer, Store, new_id, now

CREATE = {
    "amount",
    "currency",
    "metadata",
    "automatic_payment_methods",
    "payment_method",
    "payment_method_types",
    "confirm",
    "capture_method",
    "customer",
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "setup_future_usage",
    "shipping",
    "return_url",
    "off_session",
    "expand",
}
UPDATE = {
    "amount",
    "currency",
    "metadata",
    "description",
    "receipt_email",
    "payment_method",
    "shipping",
    "customer",
    "expand",
}
CONFIRM = {"payment_method", "return_url", "off_session", "receipt_email", "capture_method", "expand"}
CAPTURE = {"amount_to_capture", "metadata", "expand"}
CANCEL = {"cancellation_reason", "expand"}
OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}


def find(store: Store, wanted: str) -> dict[str, Any]:
    """An intent by id. Raises TwinError 404."""
    found = store.get("payment_intent", wanted)
    if found is None:
        raise missing("payment_intent", wanted[:100])
    return found


def unexpected(intent: dict[str, Any], verb: str) -> TwinError:
    """The error for an act that the intent's state does not allow."""
    return invalid(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        "payment_intent_unexpected_state",
        payment_intent=intent,
    )


def create(store: Store, form: dict[str, Any]) -> Answer:
    """A new intent, confirmed at once if wanted."""
    currency = forms.currency(form)
    made_id = new_id("pi")
    automatic = form.get("automatic_payment_methods", {"enabled": "true"})
    capture_method = form.get("capture_method", "automatic_async")
    if capture_method not in {"automatic", "automatic_async", "manual"}:
        raise invalid("Invalid capture_method.", "parameter_invalid", "capture_method")
    intent = {
        "id": made_id,
        "object": "payment_intent",
        "amount": forms.amount(form, currency),
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": {
            "enabled": automatic.get("enabled") == "true",
            "allow_redirects": automatic.get("allow_redirects", "always"),
        },
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": capture_method,
        "client_secret": f"{made_id}_secret_{secrets.token_urlsafe(18)}",
        "confirmation_method": "automatic",
        "created": int(now()),
        "currency": currency,
        "customer": form.get("customer"),
        "description": form.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": forms.metadata(form, {}),
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": form.get("receipt_email"),
        "setup_future_usage": form.get("setup_future_usage"),
        "shipping": form.get("shipping"),
        "statement_descriptor": form.get("statement_descriptor"),
        "status": "requires_payment_method",
    }
    if "payment_method" in form:
        intent["payment_method"] = cards.find(store, form["payment_method"])["id"]
        intent["status"] = "requires_confirmation"
    emit(store, "payment_intent.created", store.put(intent))
    return confirm(store, intent, {}) if forms.boolean(form, "confirm") else (200, intent)


def update(store: Store, intent: dict[str, Any], form: dict[str, Any]) -> Answer:
    """Change what may still be changed."""
    if ("amount" in form or "currency" in form or "payment_method" in form) and intent["status"] not in OPEN:
        raise unexpected(intent, "update")
    if "currency" in form:
        intent["currency"] = forms.currency(form)
    if "amount" in form:
        intent["amount"] = forms.amount(form, intent["currency"])
    if "payment_method" in form:
        intent |= {"payment_method": cards.find(store, form["payment_method"])["id"], "status": "requires_confirmation"}
    intent["metadata"] = forms.metadata(form, intent["metadata"])
    intent |= {name: form[name] for name in ("description", "receipt_email", "shipping", "customer") if name in form}
    return 200, store.put(intent)


def confirm(store: Store, intent: dict[str, Any], form: dict[str, Any]) -> Answer:
    """Charge the card: paid, declined (402, and the intent asks for another) or waiting for authentication."""
    if intent["status"] not in OPEN:
        raise unexpected(intent, "confirm")
    wanted = form.get("payment_method", intent["payment_method"])
    if not wanted:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            "payment_intent_unexpected_state",
            payment_intent=intent,
        )
    method = cards.find(store, wanted)
    intent |= {"payment_method": method["id"], "next_action": None, "last_payment_error": None}
    result = cards.outcome(method)
    if result == "3ds":
        intent |= {
            "status": "requires_action",
            "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
        }
        emit(store, "payment_intent.requires_action", store.put(intent))
        return 200, intent
    if result == "processing":
        intent["status"] = "processing"
        emit(store, "payment_intent.processing", store.put(intent))
        return 200, intent
    return charge(store, intent, method, result)


def authenticate(store: Store, intent: dict[str, Any], *, succeeds: bool) -> Answer:
    """The twin's own way to finish 3-D Secure, which at Stripe happens in the browser, and what takes its time."""
    if intent["status"] not in {"requires_action", "processing"}:
        raise unexpected(intent, "authenticate")
    failure = "card_declined" if intent["status"] == "processing" else "payment_intent_authentication_failure"
    method = cards.find(store, intent["payment_method"])
    intent["next_action"] = None
    return charge(store, intent, method, None if succeeds else (failure, None))


def capture(store: Store, intent: dict[str, Any], form: dict[str, Any]) -> Answer:
    """Take what was authorised, in whole or in part."""
    if intent["status"] != "requires_capture":
        raise unexpected(intent, "capture")
    taken = forms.integer(form, "amount_to_capture", least=1, default=intent["amount_capturable"])
    if taken > intent["amount_capturable"]:
        raise invalid("You cannot capture more than was authorised.", "amount_too_large", "amount_to_capture")
    made = store.get("charge", intent["latest_charge"]) or {}
    made = store.put(made | {"captured": True, "amount_captured": taken, "amount_refunded": 0})
    intent |= {"status": "succeeded", "amount_received": taken, "amount_capturable": 0}
    emit(store, "charge.captured", made)
    emit(store, "payment_intent.succeeded", store.put(intent))
    return 200, intent


def cancel(store: Store, intent: dict[str, Any], form: dict[str, Any]) -> Answer:
    """Give up an intent that is not paid."""
    if intent["status"] not in OPEN | {"requires_capture"}:
        raise unexpected(intent, "cancel")
    intent |= {
        "status": "canceled",
        "canceled_at": int(now()),
        "cancellation_reason": form.get("cancellation_reason"),
        "amount_capturable": 0,
        "next_action": None,
    }
    emit(store, "payment_intent.canceled", store.put(intent))
    return 200, intent

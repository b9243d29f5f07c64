"""Stripe's test cards: who pays, who does not and why (https://docs.stripe.com/testing)."""

from typing import Any

from stack.twin.problems import invalid, missing
from stack.twin.store import Store, new_id, now

# name → (brand, last4, what happens): None pays, "3ds" asks for authentication, "processing" takes its time, another
# word pays and is disputed for this reason, else (code, decline_code).
NAMED: dict[str, tuple[str, str, Any]] = {
    "pm_card_visa": ("visa", "4242", None),
    "pm_card_mastercard": ("mastercard", "4444", None),
    "pm_card_amex": ("amex", "0005", None),
    "pm_card_chargeDeclined": ("visa", "0002", ("card_declined", "generic_decline")),
    "pm_card_chargeDeclinedInsufficientFunds": ("visa", "9995", ("card_declined", "insufficient_funds")),
    "pm_card_visa_chargeDeclined": ("visa", "0002", ("card_declined", "generic_decline")),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("visa", "9995", ("card_declined", "insufficient_funds")),
    "pm_card_chargeDeclinedExpiredCard": ("visa", "0069", ("expired_card", None)),
    "pm_card_chargeDeclinedIncorrectCvc": ("visa", "0127", ("incorrect_cvc", None)),
    "pm_card_chargeDeclinedProcessingError": ("visa", "0119", ("processing_error", None)),
    "pm_card_authenticationRequired": ("visa", "3184", "3ds"),
    "pm_card_threeDSecure2Required": ("visa", "3220", "3ds"),
    "pm_card_createDispute": ("visa", "0259", "fraudulent"),
    "pm_card_createDisputeProductNotReceived": ("visa", "2685", "product_not_received"),
    # The twin's own: a payment that takes its time, as a bank debit does.
    "pm_twin_processing": ("visa", "1111", "processing"),
}
NUMBERS = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000000069": "pm_card_chargeDeclinedExpiredCard",
    "4000000000000127": "pm_card_chargeDeclinedIncorrectCvc",
    "4000000000000119": "pm_card_chargeDeclinedProcessingError",
    "4000002760003184": "pm_card_authenticationRequired",
    "4000000000003220": "pm_card_threeDSecure2Required",
    "4000000000000259": "pm_card_createDispute",
    "4000000000002685": "pm_card_createDisputeProductNotReceived",
}


def create(store: Store, form: dict[str, Any]) -> dict[str, Any]:
    """A payment method of a test card, by number or token."""
    card = form.get("card", {})
    if form.get("type") != "card" or not isinstance(card, dict):
        raise invalid("The twin only knows payment methods of type card.", "parameter_invalid", "type")
    token = str(card.get("token", "")).replace("tok_", "pm_card_", 1)
    name = NUMBERS.get(str(card.get("number", "")).replace(" ", "")) or (token if token in NAMED else None)
    if name is None:
        raise invalid("Your card number is incorrect.", "incorrect_number", "card[number]", 402)
    return store.put(shape(name, new_id("pm")))


def shape(name: str, made_id: str) -> dict[str, Any]:
    """A payment method as Stripe shows it. `twin_card` remembers which test card it is."""
    brand, last4, _ = NAMED[name]
    return {
        "id": made_id,
        "object": "payment_method",
        "type": "card",
        "created": int(now()),
        "customer": None,
        "livemode": False,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "metadata": {"twin_card": name},
        "card": {
            "brand": brand,
            "last4": last4,
            "exp_month": 12,
            "exp_year": 2040,
            "funding": "credit",
            "country": "US",
        },
    }


def find(store: Store, wanted: str) -> dict[str, Any]:
    """A payment method by id, or by the name of a test card, which makes one. Raises TwinError 404."""
    if wanted in NAMED:
        return store.put(shape(wanted, new_id("pm")))
    found = store.get("payment_method", wanted)
    if found is None:
        raise missing("payment_method", wanted[:100])
    return found


def outcome(method: dict[str, Any]) -> Any:
    """What happens when this card is charged."""
    return NAMED[method["metadata"]["twin_card"]][2]

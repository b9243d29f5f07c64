"""Refunds: never more than was captured (https://docs.stripe.com/api/refunds)."""

from typing import Any

from stack.twin import forms
from stack.twin.events import emit
from stack.twin.intents import find
from stack.twin.problems import invalid, missing
from stack.twin.store import Answer, Store, new_id, now

CREATE = {"payment_intent", "charge", "amount", "reason", "metadata", "expand"}
REASONS = {"duplicate", "fraudulent", "requested_by_customer"}


def create(store: Store, form: dict[str, Any]) -> Answer:
    """Give back a charge, in whole or in part."""
    if not form.get("charge") and not form.get("payment_intent"):
        raise invalid("Missing required param: payment_intent or charge.", "parameter_missing", "payment_intent")
    wanted = form.get("charge") or find(store, form["payment_intent"])["latest_charge"]
    charge = store.get("charge", str(wanted))
    if charge is None:
        if wanted is None:
            raise invalid(
                "This PaymentIntent does not have a successful charge to refund.",
                "charge_not_refundable",
                "payment_intent",
            )
        raise missing("charge", str(wanted)[:100])
    if not charge["captured"]:
        raise invalid(
            "This PaymentIntent does not have a successful charge to refund.", "charge_not_refundable", "payment_intent"
        )
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise invalid("Charge has already been refunded.", "charge_already_refunded", "charge")
    amount = forms.integer(form, "amount", least=1, default=left)
    if amount > left:
        raise invalid("Refund amount is greater than unrefunded amount on charge.", "amount_too_large", "amount")
    reason = form.get("reason")
    if reason is not None and reason not in REASONS:
        raise invalid("Invalid reason.", "parameter_invalid", "reason")
    refund = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": int(now()),
        "currency": charge["currency"],
        "metadata": forms.metadata(form, {}),
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "succeeded",
        "balance_transaction": None,
        "receipt_number": None,
    }
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    store.put(charge)
    emit(store, "refund.created", store.put(refund))
    emit(store, "charge.refunded", charge)
    return 200, refund

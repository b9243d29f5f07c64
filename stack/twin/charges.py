"""Charges: what becomes of a card's attempt to pay an intent."""

from typing import Any

from stack.twin import disputes
from stack.twin.events import emit
from stack.twin.store import Answer, Store, new_id, now


def charge(store: Store, intent: dict[str, Any], method: dict[str, Any], decline: Any) -> Answer:
    """Make the charge, and with it the outcome of the intent. A word as `decline` is the reason of a dispute."""
    is_disputed = isinstance(decline, str)
    reason, decline = (decline, None) if is_disputed else ("", decline)
    is_manual = intent["capture_method"] == "manual"
    made = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "captured": False,
        "created": int(now()),
        "currency": intent["currency"],
        "livemode": False,
        "disputed": is_disputed,
        "metadata": intent["metadata"],
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": "card", "card": method["card"]},
        "refunded": False,
        "status": "succeeded" if decline is None else "failed",
        "failure_code": decline[0] if decline else None,
        "description": intent["description"],
        "receipt_email": intent["receipt_email"],
    }
    intent["latest_charge"] = made["id"]
    if decline is None:
        if is_manual:
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            emit(store, "payment_intent.amount_capturable_updated", store.put(intent))
        else:
            made |= {"captured": True, "amount_captured": intent["amount"]}
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            emit(store, "charge.succeeded", store.put(made))
            emit(store, "payment_intent.succeeded", store.put(intent))
        store.put(made)
        if is_disputed:
            disputes.open_dispute(store, made, reason)
        return 200, intent
    error: dict[str, Any] = {
        "type": "card_error",
        "code": decline[0],
        "decline_code": decline[1] or decline[0],
        "charge": made["id"],
        "message": "Your card was declined."
        if decline[0] == "card_declined"
        else f"Your card was refused: {decline[0]}.",
        "payment_method": method,
    }
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
    emit(store, "charge.failed", store.put(made))
    emit(store, "payment_intent.payment_failed", store.put(intent))
    return 402, {"error": {**error, "payment_intent": intent}}

"""Disputes: somebody asks their bank for the money back (https://docs.stripe.com/disputes/how-disputes-work)."""

from typing import Any

from stack.twin import forms
from stack.twin.events import emit
from stack.twin.problems import invalid, missing
from stack.twin.store import Answer, Store, new_id, now

UPDATE = {"evidence", "metadata", "submit", "expand"}
OPEN = {"needs_response", "under_review"}
WEEK = 7 * 86_400
# Stripe's magic words for tests (https://docs.stripe.com/testing#evidence).
ENDS = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_dispute(store: Store, charge: dict[str, Any], reason: str) -> None:
    """The bank takes the money back first and asks afterwards."""
    dispute = store.put(
        {
            "id": new_id("du"),
            "object": "dispute",
            "amount": charge["amount"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": int(now()),
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {"enhanced_evidence": {}},
            "evidence_details": {
                "due_by": int(now()) + WEEK,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "needs_response",
        }
    )
    emit(store, "charge.dispute.created", dispute)
    emit(store, "charge.dispute.funds_withdrawn", dispute)


def find(store: Store, wanted: str) -> dict[str, Any]:
    """A dispute by id. Raises TwinError 404."""
    found = store.get("dispute", wanted)
    if found is None:
        raise missing("dispute", wanted[:100])
    return found


def update(store: Store, dispute: dict[str, Any], form: dict[str, Any]) -> Answer:
    """Hand in evidence; Stripe's magic words decide at once."""
    if dispute["status"] not in OPEN:
        raise invalid("This dispute is already closed.", "dispute_already_closed")
    dispute["metadata"] = forms.metadata(form, dispute["metadata"])
    evidence = form.get("evidence", {})
    dispute["evidence"] |= evidence
    if evidence and str(form.get("submit", "true")) == "true":
        dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1, "submission_method": "manual"}
        dispute["status"] = "under_review"
    emit(store, "charge.dispute.updated", store.put(dispute))
    end = ENDS.get(dispute["evidence"].get("uncategorized_text", ""))
    return settle(store, dispute, end) if end and dispute["status"] == "under_review" else (200, dispute)


def settle(store: Store, dispute: dict[str, Any], status: str) -> Answer:
    """Won: the money comes back. Lost, or given up: it does not."""
    if dispute["status"] not in OPEN:
        raise invalid("This dispute is already closed.", "dispute_already_closed")
    dispute["status"] = status
    emit(store, "charge.dispute.closed", store.put(dispute))
    if status == "won":
        emit(store, "charge.dispute.funds_reinstated", dispute)
    return 200, dispute

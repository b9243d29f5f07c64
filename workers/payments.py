"""Ask Stripe for what the database has decided. Every call bears a key made of the row's id, so twice is once."""

import json
from functools import lru_cache
from typing import Any

import psycopg
import stripe

from extensions.stripe_gateway import insist, intent_parameters, is_of, made_since, make_client, plain
from workers.database import call


@lru_cache
def client() -> stripe.StripeClient:
    """One client a process."""
    return make_client(asynchronous=False)


def create_intent(row_id: str, payload: dict[str, Any]) -> None:
    """The PaymentIntent of a placed order, unless it is settled or the customer was quicker."""
    try:
        payment = call("payment_for_order", order_id=payload["order_id"])
    except psycopg.Error as error:
        if error.sqlstate == "PGRST" and json.loads(error.diag.message_primary or "{}")["code"] == "order_not_payable":
            return
        raise
    if payment["intent_id"] is None:
        intents = client().v1.payment_intents
        intent = insist(
            payment["idempotency_key"],
            lambda options: intents.create(intent_parameters(payment), options),
            lambda: next((i for i in intents.list(made_since(payment)).auto_paging_iter() if is_of(i, payment)), None),
        )
        call("record_intent", order_id=payload["order_id"], intent=plain(intent))


def capture(row_id: str, payload: dict[str, Any]) -> None:
    """Take what was authorised; what Stripe says to it is news like any other."""
    intents = client().v1.payment_intents
    try:
        intent = insist(f"outbox:{row_id}", lambda options: intents.capture(payload["intent_id"], {}, options))
    except stripe.InvalidRequestError as error:
        if error.code != "payment_intent_unexpected_state":
            raise
        intent = intents.retrieve(payload["intent_id"])
    call("reconcile", thing=plain(intent))


def cancel_intent(row_id: str, payload: dict[str, Any]) -> None:
    """The intent of a cancelled order; if the money was quicker, its webhook leads to a refund."""
    intents = client().v1.payment_intents
    try:
        insist(
            f"outbox:{row_id}",
            lambda options: intents.cancel(payload["intent_id"], {"cancellation_reason": "abandoned"}, options),
        )
    except stripe.InvalidRequestError as error:
        if error.code != "payment_intent_unexpected_state":
            raise


def refund(row_id: str, payload: dict[str, Any]) -> None:
    """Give money back."""
    wanted = call("refund_for_stripe", refund_id=payload["refund_id"])
    if wanted is None or wanted["status"] != "pending":
        return
    # Stripe forgets a key after a day, and this row may be tried again later than that.
    known = client().v1.refunds.list({"payment_intent": wanted["intent_id"], "limit": 100}).data
    made = next((r for r in known if getattr(r.metadata, "refund_id", None) == wanted["refund_id"]), None)
    made = made or insist(
        wanted["idempotency_key"],
        lambda options: client().v1.refunds.create(
            {
                "payment_intent": wanted["intent_id"],
                "amount": wanted["amount_minor"],
                "reason": "requested_by_customer",
                "metadata": {"refund_id": wanted["refund_id"]},
            },
            options,
        ),
    )
    call("record_refund", refund_id=wanted["refund_id"], refund=plain(made))

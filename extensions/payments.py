"""Payment intents for orders: made once, confirmed on the server if wanted, told of by webhook."""

import hashlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import stripe
import structlog
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from extensions.accounts import authenticate
from extensions.bodies import Confirmation, IntentRequest, read
from extensions.config import settings
from extensions.database import call, caller, idempotency_key
from extensions.problems import Problem
from extensions.stripe_gateway import insist_async, intent_parameters, is_of, made_since, plain

TOLERANCE = 300
NO_EVENT = (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError)
PAID = {"succeeded", "processing", "requires_capture"}
log = structlog.get_logger()


async def ensure_intent(request: Request, order_id: str, customer_id: str) -> dict[str, Any]:
    """The payment of an order of this customer, with an intent. Raises Problem 404, 409, 503."""
    payment: dict[str, Any] = await call(
        request.app.state.pool, "payment_for_order", order_id=order_id, customer_id=customer_id
    )
    if payment["intent_id"] is None:
        intents = request.app.state.stripe.v1.payment_intents

        async def known() -> stripe.PaymentIntent | None:
            found = (await intents.list_async(made_since(payment))).auto_paging_iter()
            return await anext((intent async for intent in found if is_of(intent, payment)), None)

        intent = await insist_async(
            payment["idempotency_key"],
            lambda options: intents.create_async(intent_parameters(payment), options),
            known,
        )
        # Whoever was quicker: what is told is what is stored, never a second one.
        payment |= await call(request.app.state.pool, "record_intent", order_id=order_id, intent=plain(intent))
    return payment


async def once(request: Request, given: BaseModel, act: Callable[[str], Awaitable[dict[str, Any]]]) -> JSONResponse:
    """Do `act(key for Stripe)`; under one Idempotency-Key with one effect and one answer, however often asked for.

    The caller is authenticated. Raises Problem 422 when the key was used with another request.
    """
    key, pool = request.headers.get("idempotency-key"), request.app.state.pool
    if not key:
        return JSONResponse(await act(str(uuid.uuid4())))
    idempotency_key.set(key)
    asked = {"act": request.url.path.strip("/"), "arguments": given.model_dump(mode="json")}
    done = await call(pool, "known_result", **asked)
    if done is None:
        # Who has the same key at the same moment, or comes back after we were killed, gets the same from Stripe.
        whose = [(caller.get() or {}).get("sub"), key, asked]
        done = await act(f"shop:{hashlib.sha256(json.dumps(whose).encode()).hexdigest()}")
        done = await call(pool, "keep_result", result=done)
    return JSONResponse(done)


async def create_intent(request: Request) -> JSONResponse:
    """What a browser needs to pay an order."""
    claims = await authenticate(request)
    given = await read(request, IntentRequest)

    async def act(_: str) -> dict[str, Any]:
        payment = await ensure_intent(request, str(given.order_id), claims["sub"])
        return {
            "order_id": payment["order_id"],
            "payment_intent_id": payment["intent_id"],
            "client_secret": payment["client_secret"],
            "amount": payment["amount"],
            "currency": payment["currency"].upper(),
            "status": payment["status"],
        }

    return await once(request, given, act)


async def confirm(request: Request) -> JSONResponse:
    """Pay an order with a payment method, from the server. Raises Problem 402 when the card is declined."""
    claims = await authenticate(request)
    given = await read(request, Confirmation)

    async def act(key: str) -> dict[str, Any]:
        payment = await ensure_intent(request, str(given.order_id), claims["sub"])
        intents = request.app.state.stripe.v1.payment_intents
        if payment["status"] in PAID:
            intent = await intents.retrieve_async(payment["intent_id"])
        else:
            try:
                intent = await insist_async(
                    key,
                    lambda options: intents.confirm_async(
                        payment["intent_id"], {"payment_method": given.payment_method}, options
                    ),
                )
            except stripe.InvalidRequestError as error:
                # A second click, or a browser, was quicker: who has paid is told so and not refused.
                intent = await intents.retrieve_async(payment["intent_id"])
                if error.code != "payment_intent_unexpected_state" or intent.status not in PAID:
                    raise
        applied = await call(request.app.state.pool, "apply_intent", intent=plain(intent))
        return {
            "order_id": payment["order_id"],
            "payment_intent_id": intent.id,
            "status": intent.status,
            "order_status": applied.get("order_status"),
            "client_secret": intent.client_secret,
        }

    return await once(request, given, act)


async def webhook(request: Request) -> JSONResponse:
    """Take an event of Stripe: verified on the raw bytes, applied in one transaction, each id once."""
    event = verified(await request.body(), request.headers.get("stripe-signature", ""))
    answer = await call(request.app.state.pool, "apply_stripe_event", event=event)
    if answer["outcome"] == "quarantined":
        log.error("payment event does not match its order", stripe_event=event["id"], type=event["type"])
    return JSONResponse({"received": True, **answer})


def verified(raw: bytes, signature: str) -> dict[str, Any]:
    """The event of a signed body. Raises Problem 400 for anything that Stripe did not send in the last five minutes."""
    secret = settings().stripe_webhook_secret
    try:
        text = raw.decode()
        stripe.WebhookSignature.verify_header(text, signature, secret.get_secret_value() if secret else "", TOLERANCE)
        # The SDK only minds old signatures; one from the future is as wrong.
        stamp = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
        if stamp > time.time() + TOLERANCE:
            raise ValueError("signed in the future")
        event = stripe.Event.construct_from(json.loads(text), None).to_dict()
        if not isinstance(event["id"], str) or not isinstance(event["type"], str):
            raise ValueError("no event")
    except (stripe.SignatureVerificationError, *NO_EVENT):
        raise Problem(400, "signature_invalid", "This is no event that Stripe has signed.") from None
    return dict(event)

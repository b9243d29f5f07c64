"""One error body for the whole service, the same as the database's: {code, message, details, hint}."""

import json
from http import HTTPStatus
from typing import Any

import psycopg
import stripe
import structlog
from psycopg_pool import PoolTimeout
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

log = structlog.get_logger()


class Problem(Exception):  # noqa: N818 it is an answer, not a fault
    """A refusal with its HTTP status and stable code."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Any = None,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "details": details, "hint": hint}
        self.headers = headers or {}


def from_database(error: psycopg.Error) -> Problem:
    """What `logic.problem` raised, or 503 when the database is away, or 500 without a word of SQL."""
    if error.sqlstate == "PGRST":
        body = json.loads(error.diag.message_primary or "{}")
        answer = json.loads(error.diag.message_detail or "{}")
        details = body["details"]
        if isinstance(details, str) and details[:1] in "[{":
            details = json.loads(details)
        return Problem(
            answer["status"],
            body["code"],
            body["message"],
            details=details,
            hint=body["hint"],
            headers=answer["headers"],
        )
    if isinstance(error, psycopg.OperationalError):
        log.warning("database is away", error=type(error).__name__)
        return Problem(503, "unavailable", "The shop is busy or starting; try again.", headers={"Retry-After": "1"})
    if isinstance(error, psycopg.DataError):
        return Problem(422, "invalid_value", "A value has the wrong form or is out of range.")
    log.error("statement failed", sqlstate=error.sqlstate, exc_info=error)
    return Problem(500, "internal_error", "Something went wrong on our side.")


def from_stripe(error: stripe.StripeError) -> Problem:
    """A decline is the card's, everything else is ours or Stripe's."""
    if isinstance(error, stripe.CardError):
        detail = error.error
        return Problem(
            402,
            "card_declined",
            error.user_message or "The card was declined.",
            details={"decline_code": getattr(detail, "decline_code", None), "reason": error.code},
        )
    if isinstance(error, stripe.InvalidRequestError):
        return Problem(409, "payment_refused", "The payment cannot do that now.", details={"reason": error.code})
    log.warning("stripe is away", error=type(error).__name__)
    return Problem(
        503,
        "payment_provider_unavailable",
        "The payment provider does not answer; try again.",
        headers={"Retry-After": "2"},
    )


def from_validation(error: ValidationError) -> Problem:
    """Every mistake by field."""
    mistakes: dict[str, list[str]] = {}
    for mistake in error.errors(include_url=False, include_input=False, include_context=False):
        # The name of an unknown field is the client's, and may hold half a character, which no answer can carry.
        field = str(mistake["loc"][0] if mistake["loc"] else "body").encode(errors="replace").decode()
        mistakes.setdefault(field[:100], []).append(mistake["msg"].removeprefix("Value error, "))
    return Problem(422, "validation_failed", "Some fields are missing or wrong.", details=mistakes)


def to_problem(error: Exception) -> Problem:  # noqa: PLR0911 one return a kind
    """Whatever was raised, as an answer."""
    match error:
        case Problem():
            return error
        case psycopg.Error():
            return from_database(error)
        case PoolTimeout():
            return Problem(503, "unavailable", "The shop is busy or starting; try again.", headers={"Retry-After": "1"})
        case stripe.StripeError():
            return from_stripe(error)
        case ValidationError():
            return from_validation(error)
        case HTTPException():
            code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
            return Problem(error.status_code, code, str(error.detail), headers=dict(error.headers or {}))
    log.error("unexpected", exc_info=error)
    return Problem(500, "internal_error", "Something went wrong on our side.")


async def answer(request: Request, error: Exception) -> JSONResponse:
    """Starlette's exception handler for everything."""
    problem = to_problem(error)
    return JSONResponse(problem.body, problem.status, headers=problem.headers)


# Starlette looks a handler up by class. Those listed are answers; only what is left over is logged as a crash.
HANDLED: dict[Any, Any] = dict.fromkeys(
    (psycopg.Error, PoolTimeout, stripe.StripeError, ValidationError, HTTPException), answer
)

"""Do what a row of shop.outbox asks for: claim it, act, and say that it is done or why not."""

import re
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from extensions import logs, telemetry
from workers import account_mail, mail
from workers.app import app
from workers.database import call

log = structlog.get_logger()


def late(module: str, name: str) -> Callable[[str, dict[str, Any]], None]:
    """A handler that is loaded on first use: Stripe's SDK and Pillow are large, and the clock never needs them."""

    def handle(row_id: str, payload: dict[str, Any]) -> None:
        getattr(import_module(f"workers.{module}"), name)(row_id, payload)

    return handle


# topic → what to do with (id of the row, payload). Each may run twice after a crash and must not mind.
HANDLERS: dict[str, Callable[[str, dict[str, Any]], None]] = {
    **{topic: mail.plain(topic) for topic in mail.SUBJECTS},
    "customer.registered": account_mail.welcome,
    "account.verify_email": account_mail.verify_email,
    "account.reset_password": account_mail.reset_password,
    "account.change_email": account_mail.change_email,
    "order.placed": late("payments", "create_intent"),
    "payment.cancel": late("payments", "cancel_intent"),
    "payment.capture": late("payments", "capture"),
    "payment.refund": late("payments", "refund"),
    "picture.added": late("pictures", "make_copies"),
    "picture.dropped": late("pictures", "drop"),
}


@app.task(name="outbox.act")  # type: ignore[untyped-decorator]
def act(row_id: str, attempt: int) -> None:
    """Handle one row, if it was not attempted more often than when the bell rang for it."""
    row = call("claim_outbox", id=row_id, attempt=attempt)
    if row is None:
        return
    logs.bind(row["request_id"], row["traceparent"])
    told = {"topic": row["topic"], "row": row_id, "attempt": row["attempt"]}
    # What comes of an order later is of other requests: by the order itself all of it is found.
    told |= {"order_id": row["payload"]["order_id"]} if "order_id" in row["payload"] else {}
    begun, outcome = time.perf_counter(), "failed"
    try:
        HANDLERS[row["topic"]](row_id, row["payload"])
    except Exception as error:
        # Mail servers name the address that they refuse; it has no business in logs, nor in a row that stays.
        said = re.sub(r"[^\s'\"<>(){}]+@[^\s'\"<>(){}]+", "(address)", repr(error))
        log.warning("outbox row failed", **told, error=said[:300])
        if call("fail_outbox", id=row_id, attempt=row["attempt"], error=said[:900]):
            log.error("outbox row given up", **told)
    else:
        call("finish_outbox", id=row_id, attempt=row["attempt"])
        outcome = "done"
        log.info("done", **told)
    telemetry.tell(topic=row["topic"], outcome=outcome, seconds=time.perf_counter() - begun)

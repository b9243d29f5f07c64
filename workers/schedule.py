"""What the clock asks for."""

from importlib import import_module

import structlog

from workers.app import app, beat_heart
from workers.database import call

log = structlog.get_logger()


@app.task(name="workers.schedule.expire_reservations")  # type: ignore[untyped-decorator]
def expire_reservations() -> None:
    """Cancel unpaid orders whose time is up."""
    expired = call("expire_reservations")
    if expired:
        log.info("orders expired", count=expired)


@app.task(name="workers.schedule.prune")  # type: ignore[untyped-decorator]
def prune() -> None:
    """Remove what has served its time."""
    log.info("pruned", rows=call("prune"))


@app.task(name="workers.schedule.reconcile", time_limit=540)  # type: ignore[untyped-decorator]
def reconcile() -> None:
    """What Stripe says of the last day, for webhooks that never came."""
    # Only loaded when it rings: the clock itself never needs Stripe's SDK.
    found = import_module("workers.reconciliation").reconcile(days=1)
    serious = found["quarantined"] or found["unknown_at_stripe"] or found["ledger_differences"]
    (log.error if serious else log.info)("reconciled with Stripe", **found)


@app.task(name="workers.schedule.report_low_stock")  # type: ignore[untyped-decorator]
def report_low_stock() -> None:
    """Once a day, whoever sells is told what runs low."""
    told = call("report_low_stock")
    if told:
        log.info("low stock reported", mails=told)


@app.task(name="workers.schedule.heartbeat")  # type: ignore[untyped-decorator]
def heartbeat() -> None:
    """The clock has rung and a worker has heard it: both are alive."""
    beat_heart("beat")
    beat_heart("worker")


@app.task(name="workers.schedule.sign_of_life")  # type: ignore[untyped-decorator]
def sign_of_life() -> None:
    """That it was begun is all that the watchdog wants to see."""

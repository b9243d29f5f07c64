"""The Celery application and its clock."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
from celery import Celery, signals
from celery.schedules import crontab

from extensions import logs, telemetry
from extensions.config import settings

HEARTBEAT_SECONDS = 15

app = Celery("pgshop", include=["workers.outbox", "workers.schedule", "workers.watchdog"])
app.conf.update(
    broker_url=settings().redis_url.get_secret_value() if settings().redis_url else "redis://",  # type: ignore[union-attr]
    broker_connection_retry_on_startup=True,
    # A worker that loses Redis ends and is started anew: one that connects again by itself may never fetch a task more
    # (Celery #8030, #10302).
    broker_connection_retry=False,
    # Postgres knows what is to be done and what is done; nothing is kept in Redis beyond the ringing of the bell.
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_default_expires=60,
    task_time_limit=50,
    worker_prefetch_multiplier=4,
    # A queue of its own, besides: the watchdog asks each worker by name.
    worker_direct=True,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    timezone="UTC",
    beat_schedule={
        "expire-reservations": {"task": "workers.schedule.expire_reservations", "schedule": timedelta(seconds=30)},
        "reconcile": {"task": "workers.schedule.reconcile", "schedule": timedelta(minutes=10)},
        "prune": {"task": "workers.schedule.prune", "schedule": timedelta(hours=1)},
        # The database says whether it was done today; so the clock may have stood still in the morning.
        "report-low-stock": {"task": "workers.schedule.report_low_stock", "schedule": crontab(minute=0)},
        "heartbeat": {"task": "workers.schedule.heartbeat", "schedule": timedelta(seconds=HEARTBEAT_SECONDS)},
    },
)


def beat_heart(name: str) -> None:
    """Say for three times the interval that `name` is alive."""
    url = settings().redis_url
    with redis.Redis.from_url(url.get_secret_value() if url else "") as client:
        client.set(f"pgshop:heartbeat:{name}", "1", ex=3 * HEARTBEAT_SECONDS)


def show_ready() -> None:
    """Whoever started us looks for this file in our working folder."""
    Path("ready").touch()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def worker_is_ready(**_: Any) -> None:
    """The worker has its connection to the broker."""
    beat_heart("worker")
    show_ready()


@signals.beat_init.connect  # type: ignore[untyped-decorator]
def beat_is_ready(**_: Any) -> None:
    """The clock ticks."""
    beat_heart("beat")
    show_ready()


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]
def begin_traces(**_: Any) -> None:
    """In each process for itself: what exports spans is a thread, which no fork takes along."""
    if telemetry.trace("worker"):
        from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415

        CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]


@signals.task_prerun.connect  # type: ignore[untyped-decorator]
def forget_the_last_one(**_: Any) -> None:
    """A process does one task after the other, each for somebody else."""
    logs.bind(None, None)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def use_our_logs(**_: Any) -> None:
    """The same lines as the service's; connecting to this signal keeps Celery from making its own."""
    logs.configure()

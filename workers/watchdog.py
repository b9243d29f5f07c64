"""End a worker that does nothing any more although it is asked to: whoever supervises it starts another.

After the loss of a broker or of its pool, Celery's worker may stay alive and idle for ever (Celery #8030, #10302).
"""

import logging
import os
import signal
import threading
import time
from contextlib import suppress
from typing import Any

import structlog
from celery import signals
from celery.utils import worker_direct
from celery.worker import state
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from extensions import telemetry
from extensions.config import settings
from workers.app import app

# An attempt to begin a task is due within the longest task (50 s, see workers/app.py) and this.
ASKS_PER_PATIENCE = 6
log = structlog.get_logger()


def watch(hostname: str) -> None:
    """Ask this worker alone for a sign of life, again and again; end the process when it begins no task for long."""
    patience = settings().worker_patience_seconds
    begun, since = state.all_total_count[0], time.monotonic()
    while time.monotonic() - since < patience:
        with suppress(OperationalError, RedisError, OSError):
            app.send_task("workers.schedule.sign_of_life", queue=worker_direct(hostname), expires=patience, retry=False)
        telemetry.tell_weight("worker")
        time.sleep(patience / ASKS_PER_PATIENCE)
        if state.all_total_count[0] != begun:
            begun, since = state.all_total_count[0], time.monotonic()
    log.error("worker does nothing any more and ends", silent_seconds=patience)
    # Not sys.exit, which would wait for what hangs; whatever was begun comes back when its lease is over.
    os._exit(os.EX_TEMPFAIL)


class EndOnLostAcknowledgement(logging.Handler):
    """Celery only logs that an acknowledgement was lost, as when Valkey is killed and is back at once. Such a message
    counts as being worked on for ever, and after as many as are fetched ahead nothing is fetched any more."""

    def __init__(self) -> None:
        super().__init__(logging.CRITICAL)
        logging.getLogger("celery.worker.request").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """End after what is being done; once, since a second signal would not wait for it."""
        logging.getLogger(record.name).removeHandler(self)
        os.kill(os.getpid(), signal.SIGTERM)


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def begin(sender: Any, **_: Any) -> None:
    """From when the worker has its connection to the broker."""
    EndOnLostAcknowledgement()
    threading.Thread(target=watch, args=[sender.hostname], name="watchdog", daemon=True).start()

"""Carry waiting outbox rows to Celery: woken by NOTIFY, looking every two seconds anyway."""

import signal
import time
from types import FrameType
from typing import Any

import psycopg
import structlog
from kombu.exceptions import OperationalError
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from extensions import logs, telemetry
from extensions.config import settings
from workers.app import HEARTBEAT_SECONDS, app, beat_heart, show_ready

BATCH = 100
# What a worker has not claimed by then is handed out again, so a lost queue costs seconds.
LEASE_SECONDS = 20
LOOK_EVERY = 2.0
log = structlog.get_logger()


class Stopped(SystemExit):
    """SIGTERM came."""


def stop(number: int, frame: FrameType | None) -> None:
    """End at once: a row that was leased and not sent is handed out again."""
    raise Stopped(0)


def relay(connection: psycopg.Connection[Any]) -> int:
    """Lease a batch and ring for each row. Returns how many."""
    rows = connection.execute(
        "select id::text, topic, attempt, request_id, traceparent from logic.lease_outbox(%s, %s)",
        [BATCH, LEASE_SECONDS],
    ).fetchall()
    for row_id, topic, attempt, request_id, traceparent in rows:
        logs.bind(request_id, traceparent)
        headers = {"traceparent": traceparent} if traceparent else {}
        app.send_task("outbox.act", [row_id, attempt], headers=headers, retry=False)
        log.info("handed out", topic=topic, row=row_id, attempt=attempt)
    logs.bind(None, None)
    return len(rows)


def serve() -> None:
    """Listen and relay until something breaks. Raises psycopg.Error, OperationalError, RedisError."""
    url = settings().worker_database_url
    with psycopg.connect(
        url.get_secret_value() if url else "", autocommit=True, application_name="pgshop relay"
    ) as connection:
        connection.execute("listen outbox")
        beat_heart("relay")
        telemetry.tell_weight("relay")
        show_ready()
        beaten = time.monotonic()
        while True:
            while relay(connection) == BATCH:
                pass
            for _ in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
                pass
            if time.monotonic() - beaten > HEARTBEAT_SECONDS:
                beat_heart("relay")
                telemetry.tell_weight("relay")
                beaten = time.monotonic()


def main() -> None:
    """Serve for ever; when the database or Redis is away, wait a little longer each time."""
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    logs.configure()
    pause = 0.5
    while True:
        begun = time.monotonic()
        try:
            serve()
        except (psycopg.Error, PoolTimeout, OperationalError, RedisError, OSError) as error:
            log.warning("relay waits", error=f"{type(error).__name__}: {error}"[:200])
        pause = 0.5 if time.monotonic() - begun > 30 else min(pause * 2, 10)
        time.sleep(pause)


if __name__ == "__main__":
    main()

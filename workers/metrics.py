"""What Prometheus asks: requests as nginx tells of them, tasks, and readings of every part: `… HOST:PORT`."""

import json
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import redis
import structlog
from prometheus_client import Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.registry import Collector

from extensions import logs
from extensions.config import settings
from extensions.telemetry import TELL_EVERY
from gateway.render import METHODS, read_routes
from workers.outbox import HANDLERS

# Whoever sends us datagrams can make no label of their own.
ROUTES = {*(route.path for route in read_routes()), "/rest/v1/", "/media/", "/api/docs/", "/"}
KNOWN_METHODS = {*METHODS, "HEAD", "PATCH", "OPTIONS"}
HEARTBEATS = ("worker", "relay", "beat")
PARTS = ("service", "worker", "relay")
REQUESTS = Counter("pgshop_requests", "Answers of nginx.", ["route", "method", "status"])
SECONDS = Histogram(
    "pgshop_request_seconds",
    "From the first byte that nginx has read to the last that it has sent.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
TASKS = Counter("pgshop_tasks", "Rows of the outbox that a worker has done or failed at.", ["topic", "outcome"])
TASK_SECONDS = Histogram("pgshop_task_seconds", "What a worker took for one.", ["topic"])
CPU = Gauge("pgshop_part_cpu_seconds", "CPU of a part and its children, since its start.", ["part"])
RESIDENT = Gauge("pgshop_part_resident_bytes", "Memory of a part and its children.", ["part"])
UNREAD = Counter("pgshop_unread_datagrams", "Datagrams that made no sense.")
# What logic.readings answers.
READINGS = {
    "outbox_rows": "Work that is not done.",
    "outbox_lag_seconds": "For how long the oldest work that is due has been waiting.",
    "reservations": "Stock that is held for unpaid orders; overdue is what should have been given back.",
    "webhook_events": "Events of Stripe in the last day.",
    "webhook_age_seconds": "Since the latest event of Stripe.",
    "ledger_differences": "Payments of the last day whose entries add up to something else than they say.",
    "database_bytes": "Size of the database.",
    "connections": "Connections of the database server.",
    "connections_limit": "How many it would take.",
    "transaction_age_seconds": "Age of the oldest transaction.",
    "archive_age_seconds": "Since the latest piece of the write-ahead log was archived.",
    "archive_failing": "Whether the latest attempt to archive a piece of it has failed.",
    "statement_calls": "Calls of the statements that took most.",
    "statement_seconds": "What they took together.",
}
seen: dict[str, float] = {}


def read_database() -> list[tuple[str, dict[str, str], float]]:
    """Raises psycopg.Error."""
    url = settings().worker_database_url
    with psycopg.connect(
        url.get_secret_value() if url else "", connect_timeout=3, application_name="pgshop metrics"
    ) as connection:
        return connection.execute("select name, labels, value from logic.readings()").fetchall()


def read_valkey() -> dict[str, float]:
    """Length of the queue, memory, and who has shown signs of life. Raises redis.RedisError."""
    url = settings().redis_url
    with redis.Redis.from_url(url.get_secret_value() if url else "", socket_timeout=3) as client:
        lives: dict[str, Any] = {name: client.exists(f"pgshop:heartbeat:{name}") for name in HEARTBEATS}
        memory: Any = client.info("memory")
        length: Any = client.llen("celery")
        return {**lives, "queue": length, "memory": memory["used_memory"]}


def ask_postgrest() -> bool:
    """A real read through it. Raises OSError."""
    with urllib.request.urlopen(f"{settings().postgrest_url}/products?select=id&limit=1", timeout=3) as answer:  # noqa: S310 ours
        return bool(answer.status == 200)


class Readings(Collector):
    """Asked anew by each scrape: what is not there is told as such, and the rest all the same."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: to be registered is no reason to ask."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The readings of database, Valkey and PostgREST."""
        up = GaugeMetricFamily("pgshop_up", "Whether a part is well.", labels=["part"])
        families = {name: GaugeMetricFamily(f"pgshop_{name}", meaning, labels=[]) for name, meaning in READINGS.items()}
        for name, labels, value in self.ask(up, "database", read_database) or []:
            families[name].add_sample(f"pgshop_{name}", labels, value)
        valkey = self.ask(up, "valkey", read_valkey) or {}
        self.ask(up, "postgrest", ask_postgrest)
        for part in HEARTBEATS:
            up.add_metric([part], valkey.get(part, 0))
        up.add_metric(["service"], float(time.monotonic() - seen.get("service", -1e9) < 3 * TELL_EVERY))
        yield up
        yield from families.values()
        yield GaugeMetricFamily("pgshop_queue_length", "Bells in Valkey that nobody has heard.", valkey.get("queue", 0))
        yield GaugeMetricFamily("pgshop_valkey_bytes", "Memory of Valkey.", valkey.get("memory", 0))

    @staticmethod
    def ask(up: GaugeMetricFamily, part: str, question: Callable[[], Any]) -> Any:
        """The answer, None when there is none."""
        try:
            answer = question()
        except (psycopg.Error, redis.RedisError, OSError) as error:
            structlog.get_logger().warning("a part does not answer", part=part, error=type(error).__name__)
            answer = None
        up.add_metric([part], float(answer is not None))
        return answer


def hear(datagram: bytes) -> None:
    """Count what it tells. Raises ValueError, KeyError, TypeError when it tells nothing."""
    told = json.loads(datagram[datagram.index(b"{") :])
    if "route" in told:
        route = told["route"] if told["route"] in ROUTES else "other"
        method = told["method"] if told["method"] in KNOWN_METHODS else "other"
        status = int(told["status"])
        REQUESTS.labels(route, method, status if 100 <= status < 600 else 0).inc()
        SECONDS.labels(route, method).observe(told["seconds"])
    elif "topic" in told:
        topic = told["topic"] if told["topic"] in HANDLERS else "other"
        TASKS.labels(topic, "done" if told["outcome"] == "done" else "failed").inc()
        TASK_SECONDS.labels(topic).observe(told["seconds"])
    elif told["part"] in PARTS:
        CPU.labels(told["part"]).set(told["cpu"])
        RESIDENT.labels(told["part"]).set(told["resident"])
        seen[told["part"]] = time.monotonic()


def main(address: str) -> None:
    """Listen at HOST:PORT, for datagrams and for Prometheus."""
    logs.configure()
    host, _, port = address.rpartition(":")
    REGISTRY.register(Readings())
    with socket.socket(type=socket.SOCK_DGRAM) as channel:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        channel.bind((host, int(port)))
        start_http_server(int(port), host)
        while True:
            try:
                hear(channel.recv(65_535))
            except (ValueError, KeyError, TypeError):
                UNREAD.inc()


if __name__ == "__main__":
    main(*sys.argv[1:])

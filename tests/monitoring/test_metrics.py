"""What Prometheus is told: every part, in names and labels that do not grow with what clients ask."""

import json
import re
import socket
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Person, Shop, eventually

MARK = "pgshop_requests_total", (("method", "HEAD"), ("route", "other"))
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(shop: Shop) -> Samples:
    """Every sample by name and labels."""
    text = httpx.get(shop.status["metrics_url"], timeout=30).raise_for_status().text
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(shop: Shop, name: str, **labels: str) -> float:
    """One sample, 0 when there is none."""
    return scrape(shop).get((name, tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_route_and_status(shop: Shop, make_product: Callable[..., dict[str, Any]]) -> None:
    slug, client = make_product()["slug"], shop.client()
    asked = {
        f"/api/v1/products/{slug}/": ("/api/v1/products/{slug}/", "200"),
        f"/api/v1/products/{uuid.uuid4()}": ("/api/v1/products/{slug}/", "404"),
        "/api/v1/orders/": ("/api/v1/orders/", "401"),
        "/rest/v1/products?limit=1": ("/rest/v1/", "200"),
        f"/{uuid.uuid4()}": ("other", "404"),
        "/api/v1/auth/login/": ("/api/v1/auth/login/", "405"),
        "/media/nothing.jpg": ("/media/", "404"),
    }

    def counted() -> list[float]:
        seen = scrape(shop)
        return [
            seen.get(("pgshop_requests_total", (("method", "GET"), ("route", route), ("status", status))), 0)
            for route, status in asked.values()
        ]

    def marked() -> float:
        return sum(n for (name, labels), n in scrape(shop).items() if name == MARK[0] and set(MARK[1]) <= set(labels))

    # What was asked before is told of before this, which nobody else asks.
    then = marked()
    client.head(f"/{uuid.uuid4()}")
    eventually(lambda: marked() > then, what="all before is counted")
    before = counted()
    for path, (_, status) in asked.items():
        assert client.get(path).status_code == int(status)
    eventually(lambda: [now - then for now, then in zip(counted(), before, strict=True)] == [1] * len(asked))
    assert value(shop, "pgshop_request_seconds_count", method="GET", route="/api/v1/products/{slug}/") >= 2


def test_who_sends_datagrams_makes_no_labels(shop: Shop) -> None:
    before, address = scrape(shop), urlsplit(shop.status["metrics_url"])
    odd: list[Any] = [
        {"route": "/evil/", "method": "EVIL", "status": 777, "seconds": 1},
        {"topic": "evil.topic", "outcome": "evil", "seconds": 1},
        {"part": "evil", "cpu": 1, "resident": 1},
        {"route": "/", "method": "GET", "status": 200, "seconds": "evil"},
        {"nothing": "evil"},
    ]
    with socket.socket(type=socket.SOCK_DGRAM) as channel:
        for datagram in (b"", b"evil", b"{evil", b"\xff{", *(json.dumps(what).encode() for what in odd)):
            channel.sendto(datagram, (address.hostname, address.port))
    unread = ("pgshop_unread_datagrams_total", ())
    eventually(lambda: scrape(shop)[unread] >= before[unread] + 6, what="all of them were looked at")
    assert not [key for key in scrape(shop) if "evil" in str(key).lower()]


def test_every_part_is_seen(shop: Shop) -> None:
    parts = ("database", "valkey", "postgrest", "service", "worker", "relay", "beat")
    eventually(lambda: all(value(shop, "pgshop_up", part=part) for part in parts), what="every part is up")
    for part in ("service", "worker", "relay"):
        eventually(lambda part=part: value(shop, "pgshop_part_resident_bytes", part=part) > 10_000_000, what=part)
        assert value(shop, "pgshop_part_cpu_seconds", part=part) > 0
    assert value(shop, "process_resident_memory_bytes") > 10_000_000


def test_what_workers_do_is_counted(shop: Shop, acting_as: Callable[..., Person]) -> None:
    done = {"topic": "customer.registered", "outcome": "done"}
    before = value(shop, "pgshop_tasks_total", **done)
    acting_as("customer")
    eventually(lambda: value(shop, "pgshop_tasks_total", **done) > before, what="a welcome is counted")
    assert value(shop, "pgshop_task_seconds_count", topic="customer.registered") > 0


def test_the_readings_are_of_the_database(shop: Shop, database: psycopg.Connection[Any]) -> None:
    seen = scrape(shop)
    (size,) = database.execute("select pg_database_size(current_database())").fetchone().values()  # type: ignore[union-attr]
    assert seen["pgshop_database_bytes", ()] == pytest.approx(size, rel=0.2)
    assert seen["pgshop_connections_limit", ()] == 120
    held = {dict(labels)["role"] for name, labels in seen if name == "pgshop_connections"}
    assert {"authenticator", "service", "worker"} <= held
    slow = {dict(labels)["query"] for name, labels in seen if name == "pgshop_statement_seconds"}
    # Whichever have taken most: those of requests, or, in a young shop, what has made it.
    assert slow
    assert all(value(shop, "pgshop_statement_calls", query=query) >= 1 for query in slow)
    # Some operators have that sign, too.
    assert not any(re.search(r"\w@\w", query) for query in slow), "statements come without what they were given"


def test_nobody_outside_reads_them(shop: Shop) -> None:
    for path in ("/metrics", "/metrics/", "/api/v1/metrics/", "/rest/v1/rpc/readings", "/-/metrics"):
        answer = shop.client().get(path)
        assert (answer.status_code, "pgshop_" in answer.text) == (404, False), path
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/metrics", shop.status["metrics_url"])

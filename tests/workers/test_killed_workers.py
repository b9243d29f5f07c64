"""What a killed worker held is handed out again, and bells that nobody heard cost nothing."""

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest

from tests.conftest import Person, Shop, eventually
from tests.workers.outbox import NOTHING, children, datetime_now, end_lease, finished, is_welcomed_once, look, put

Frozen = Callable[[str], AbstractContextManager[int]]


def test_a_row_that_kills_its_worker_each_time_is_given_up(frozen: Frozen, database: psycopg.Connection[Any]) -> None:
    with frozen("worker"):
        row_id = put(database, *NOTHING)
        eventually(lambda: look(database, row_id)["lease_until"], what="leased")
        database.execute("update shop.outbox set attempts = 30, lease_until = now() where id = %s", [row_id])
        dead = eventually(lambda: (seen := look(database, row_id))["dead_at"] and seen, what="given up")
        assert "worker" in dead["last_error"]
    # Its bell changes nothing any more.
    after = put(database, *NOTHING)
    finished(database, after)
    assert look(database, row_id)["done_at"] is None
    database.execute("delete from shop.outbox where id = %s", [row_id])


def test_a_worker_killed_in_the_middle_loses_no_mail(
    shop: Shop,
    acting_as: Callable[..., Person],
    frozen: Frozen,
    pids: Callable[[], dict[str, int]],
    row: Any,
    database: psycopg.Connection[Any],
) -> None:
    # Asked before it matters: to ask takes seconds on a busy machine, and who waits for the greeting has twenty.
    worker = pids()["worker"]
    with frozen("mail"):
        person = acting_as()
        row_id = row("customer.registered", customer_id=person.id)["id"]
        # A worker holds the row and waits for the server's greeting.
        eventually(lambda: look(database, row_id)["attempts"] == 1, what="claimed")
        for pid in (worker, *children(worker)):
            os.kill(pid, signal.SIGKILL)
    held = look(database, row_id)
    assert (held["done_at"], held["attempts"]) == (None, 1)
    assert held["lease_until"] > datetime_now(database)
    eventually(lambda: pids().get("worker", worker) != worker, what="a new worker")
    end_lease(database, row_id)
    assert finished(database, row_id)["attempts"] == 2
    is_welcomed_once(shop, person.email)


def test_bells_that_nobody_hears_cost_no_attempt(
    shop: Shop, acting_as: Callable[..., Person], frozen: Frozen, row: Any, database: psycopg.Connection[Any]
) -> None:
    with frozen("worker"):
        person = acting_as()
        row_id = row("customer.registered", customer_id=person.id)["id"]
        for _ in range(4):
            eventually(
                lambda: (until := look(database, row_id)["lease_until"]) and until > datetime_now(database),
                what="handed out",
            )
            end_lease(database, row_id)
    assert finished(database, row_id)["attempts"] == 1
    # All bells have rung by now: the worker takes them in order.
    finished(database, put(database, *NOTHING))
    is_welcomed_once(shop, person.email)


@pytest.mark.parametrize("part", ["relay", "valkey"])
def test_without_relay_or_queue_work_waits_and_is_done_later(
    shop: Shop,
    acting_as: Callable[..., Person],
    pids: Callable[[], dict[str, int]],
    row: Any,
    database: psycopg.Connection[Any],
    part: str,
) -> None:
    pid = pids()[part]
    os.kill(pid, signal.SIGKILL)
    person = acting_as()
    row_id = row("customer.registered", customer_id=person.id)["id"]
    eventually(lambda: shop.client().get("/health/").json()["status"] == "healthy", what="recovery")
    if not look(database, row_id)["done_at"]:
        # A bell may be lost with the queue.
        end_lease(database, row_id)
    finished(database, row_id)
    is_welcomed_once(shop, person.email)

"""No work is lost: failures are tried again, a killed worker's row is handed out again, what is hopeless is told."""

import os
import signal
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Person, Shop, eventually

Frozen = Callable[[str], AbstractContextManager[int]]
# Nobody is to be written to, so that only the way to the worker takes time.
NOTHING = ("customer.address_taken", {"customer_id": "00000000-0000-4000-8000-000000000000"})


def put(database: psycopg.Connection[Any], topic: str, payload: dict[str, Any], seconds: float = 0) -> str:
    row = database.execute(
        "insert into shop.outbox (topic, payload, available_at)"
        " values (%s, %s, now() + make_interval(secs => %s)) returning id::text",
        [topic, Jsonb(payload), seconds],
    ).fetchone()
    assert row
    return str(row["id"])


def look(database: psycopg.Connection[Any], row_id: str) -> dict[str, Any]:
    row = database.execute("select * from shop.outbox where id = %s", [row_id]).fetchone()
    assert row
    return dict(row)


def finished(database: psycopg.Connection[Any], row_id: str, seconds: float = 15) -> dict[str, Any]:
    return dict(
        eventually(lambda: (row := look(database, row_id))["done_at"] and row, seconds, f"outbox row {row_id} is done")
    )


def end_lease(database: psycopg.Connection[Any], row_id: str) -> None:
    """As if a minute had gone by."""
    database.execute("update shop.outbox set lease_until = now() where id = %s", [row_id])


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def welcomes(shop: Shop, email: str) -> int:
    return len([mail for mail in shop.mails(email) if "Welcome" in mail["subject"]])


def test_a_new_row_wakes_the_relay(database: psycopg.Connection[Any]) -> None:
    """The relay looks every two seconds anyway, counted from the last time: right after it, a bell must be quicker."""
    took = []
    for _ in range(5):
        row = finished(database, put(database, *NOTHING))
        took.append(row["done_at"] - row["created_at"])
    assert statistics.median(took) < timedelta(seconds=1), took


def test_what_becomes_due_without_a_bell_is_found(database: psycopg.Connection[Any]) -> None:
    row_id = put(database, *NOTHING, seconds=1.5)
    row = finished(database, row_id)
    assert timedelta(0) <= row["done_at"] - row["available_at"] < timedelta(seconds=4)


def test_while_the_mail_server_is_dead_mails_wait(
    shop: Shop,
    acting_as: Callable[..., Person],
    mail_is_dead: Callable[[], None],
    row: Any,
    database: psycopg.Connection[Any],
) -> None:
    person = acting_as()
    row_id = row("customer.registered", customer_id=person.id)["id"]
    seen = eventually(
        lambda: (now := look(database, row_id))["attempts"] == 2 and now["lease_until"] is None and now,
        what="second attempt",
    )
    assert (seen["done_at"], seen["dead_at"]) == (None, None)
    assert "ConnectionRefused" in seen["last_error"]
    # One second, then two.
    assert seen["available_at"] - seen["created_at"] > timedelta(seconds=3)
    assert seen["available_at"] - datetime_now(database) < timedelta(seconds=2)
    mail_is_dead()
    done = finished(database, row_id)
    assert (done["attempts"], done["last_error"]) == (3, None)
    assert welcomes(shop, person.email) == 1


def datetime_now(database: psycopg.Connection[Any]) -> Any:
    row = database.execute("select clock_timestamp() as now").fetchone()
    assert row
    return row["now"]


def test_what_failed_too_often_is_given_up_and_told_and_can_be_revived(
    shop: Shop,
    acting_as: Callable[..., Person],
    mail_is_dead: Callable[[], None],
    row: Any,
    database: psycopg.Connection[Any],
) -> None:
    person = acting_as()
    row_id = row("customer.registered", customer_id=person.id)["id"]
    eventually(lambda: (seen := look(database, row_id))["attempts"] and not seen["lease_until"], what="first attempt")
    database.execute("update shop.outbox set attempts = 29, available_at = now() where id = %s", [row_id])
    try:
        dead = eventually(lambda: (seen := look(database, row_id))["dead_at"] and seen, what="given up")
        assert (dead["attempts"], dead["done_at"]) == (30, None)
        assert "ConnectionRefused" in dead["last_error"]
        mail_is_dead()
        health = shop.client().get("/health/").json()
        assert health["status"] == "degraded"
        assert health["parts"]["outbox"]["state"] == "down"
        assert health["parts"]["outbox"]["reason"] == "GivenUpError"
        assert any(
            row_id in line and "given up" in line
            for line in (shop.state / "logs" / "worker.log").read_text().splitlines()
        )
        assert welcomes(shop, person.email) == 0
    finally:
        database.execute("select logic.revive_outbox()")
    finished(database, row_id)
    assert welcomes(shop, person.email) == 1
    assert shop.client().get("/health/").json()["parts"]["outbox"]["state"] == "up"


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
    with frozen("mail"):
        person = acting_as()
        row_id = row("customer.registered", customer_id=person.id)["id"]
        # A worker holds the row and waits for the server's greeting.
        eventually(lambda: look(database, row_id)["attempts"] == 1, what="claimed")
        worker = pids()["worker"]
        for pid in (worker, *children(worker)):
            os.kill(pid, signal.SIGKILL)
    held = look(database, row_id)
    assert (held["done_at"], held["attempts"]) == (None, 1)
    assert held["lease_until"] > datetime_now(database)
    eventually(lambda: pids().get("worker", worker) != worker, 30, "a new worker")
    end_lease(database, row_id)
    assert finished(database, row_id, 30)["attempts"] == 2
    assert welcomes(shop, person.email) == 1


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
    assert welcomes(shop, person.email) == 1


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
    eventually(lambda: shop.client().get("/health/").json()["status"] == "healthy", 30, "recovery")
    if not look(database, row_id)["done_at"]:
        # A bell may be lost with the queue.
        end_lease(database, row_id)
    finished(database, row_id)
    assert welcomes(shop, person.email) == 1


def test_an_unknown_topic_harms_nobody_else(shop: Shop, database: psycopg.Connection[Any]) -> None:
    row_id = put(database, "no.such", {})
    eventually(lambda: (seen := look(database, row_id))["attempts"] and not seen["lease_until"], what="tried")
    assert "KeyError" in look(database, row_id)["last_error"]
    finished(database, put(database, *NOTHING))
    database.execute("delete from shop.outbox where id = %s", [row_id])

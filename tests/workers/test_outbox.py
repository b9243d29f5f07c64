"""Work is done soon; what fails is tried again, and what is hopeless is told."""

import statistics
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg

from tests.conftest import Person, Shop, eventually
from tests.workers.outbox import NOTHING, datetime_now, finished, is_welcomed_once, look, put, welcomes


def test_a_new_row_wakes_the_relay(database: psycopg.Connection[Any]) -> None:
    """The relay looks every two seconds anyway, counted from the last time: right after it, a bell must be quicker."""
    due = "select 1 from shop.outbox where done_at is null and dead_at is null and available_at <= now()"
    eventually(lambda: not database.execute(due).fetchone(), 300, "what others have left is done")
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
    # On a busy machine the third may be over when one looks.
    seen = eventually(
        lambda: (now := look(database, row_id))["attempts"] >= 2 and now["lease_until"] is None and now,
        what="second attempt",
    )
    assert (seen["done_at"], seen["dead_at"]) == (None, None)
    assert "ConnectionRefused" in seen["last_error"]
    # One second, then two, then four.
    assert seen["available_at"] - seen["created_at"] > timedelta(seconds=2 ** seen["attempts"] - 1)
    assert seen["available_at"] - datetime_now(database) < timedelta(seconds=2 ** (seen["attempts"] - 1))
    mail_is_dead()
    done = finished(database, row_id)
    # The next one, or a later one where starting the server took longer than the pauses before it.
    assert done["attempts"] > seen["attempts"]
    assert done["done_at"] - done["created_at"] > timedelta(seconds=2 ** (done["attempts"] - 1) - 1)
    assert done["last_error"] is None
    is_welcomed_once(shop, person.email)


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
        log = shop.state / "logs" / "worker.log"
        eventually(
            lambda: any(row_id in line and "given up" in line for line in log.read_text().splitlines()),
            what="the worker's line",
        )
        assert welcomes(shop, person.email) == 0
    finally:
        database.execute("select logic.revive_outbox()")
    finished(database, row_id)
    is_welcomed_once(shop, person.email)
    assert shop.client().get("/health/").json()["parts"]["outbox"]["state"] == "up"


def test_an_unknown_topic_harms_nobody_else(shop: Shop, database: psycopg.Connection[Any]) -> None:
    row_id = put(database, "no.such", {})
    eventually(lambda: (seen := look(database, row_id))["attempts"] and not seen["lease_until"], what="tried")
    assert "KeyError" in look(database, row_id)["last_error"]
    finished(database, put(database, *NOTHING))
    database.execute("delete from shop.outbox where id = %s", [row_id])

"""Rows of the outbox, put in and looked at as the owner."""

from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.conftest import Shop, eventually

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


def finished(database: psycopg.Connection[Any], row_id: str) -> dict[str, Any]:
    return dict(
        eventually(lambda: (row := look(database, row_id))["done_at"] and row, what=f"outbox row {row_id} is done")
    )


def end_lease(database: psycopg.Connection[Any], row_id: str) -> None:
    """As if a minute had gone by."""
    database.execute("update shop.outbox set lease_until = now() where id = %s", [row_id])


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def welcomes(shop: Shop, email: str) -> int:
    return len([mail for mail in shop.mails(email) if "Welcome" in mail["subject"]])


def is_welcomed_once(shop: Shop, email: str) -> None:
    """The catcher shows a mail a little after it has taken it."""
    eventually(lambda: welcomes(shop, email), what=f"the welcome to {email}")
    assert welcomes(shop, email) == 1


def datetime_now(database: psycopg.Connection[Any]) -> Any:
    row = database.execute("select clock_timestamp() as now").fetchone()
    assert row
    return row["now"]

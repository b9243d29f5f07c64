"""Everything the twin knows, as rows of SQLite that survive a restart."""

import json
import secrets
import sqlite3
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Answer = tuple[int, dict[str, Any]]
ALPHABET = string.ascii_letters + string.digits
SCHEMA = """
create table if not exists objects (
  number integer primary key autoincrement, id text unique not null, kind text not null, body text not null);
create index if not exists objects_kind on objects (kind, number);
create table if not exists answers (
  key text primary key, fingerprint text not null, status integer not null, body text not null, created real not null);
create table if not exists deliveries (
  event_id text primary key, attempt integer not null, due real not null, done integer not null default 0);
create index if not exists deliveries_due on deliveries (done, due);
"""


class Clock:
    """The twin's time: real time and as many seconds as it was put forward."""

    ahead = 0


def now() -> float:
    """The twin's clock, read nowhere else but for signatures, which the shop holds against real time."""
    return time.time() + Clock.ahead


def new_id(prefix: str) -> str:
    """An id in Stripe's form."""
    return prefix + "_" + "3" + "".join(secrets.choice(ALPHABET) for _ in range(23))


class Store:
    """Objects by id, answers by idempotency key, and events that wait for delivery."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        # A killed process loses nothing in WAL mode; only a power cut could, and then only the latest.
        self.connection.execute("pragma journal_mode = wal")
        self.connection.execute("pragma synchronous = normal")
        self.connection.executescript(SCHEMA)
        # The one number that SQLite keeps for whoever owns the file.
        Clock.ahead = self.connection.execute("pragma user_version").fetchone()[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Handlers never wait inside, so there is only ever one."""
        self.connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def put_forward(self, seconds: int) -> None:
        """Let time pass, for good."""
        Clock.ahead += seconds
        self.connection.execute(f"pragma user_version = {int(Clock.ahead)}")

    def put(self, thing: dict[str, Any]) -> dict[str, Any]:
        """Insert or replace an object; its place in lists stays."""
        self.connection.execute(
            "insert into objects (id, kind, body) values (?, ?, ?) on conflict (id) do update set body = excluded.body",
            (thing["id"], thing["object"], json.dumps(thing)),
        )
        return thing

    def get(self, kind: str, wanted: str) -> dict[str, Any] | None:
        """An object by id, None if there is none of that kind."""
        row = self.connection.execute("select body from objects where id = ? and kind = ?", (wanted, kind)).fetchone()
        return json.loads(row[0]) if row else None

    def newest(
        self,
        kind: str,
        *,
        after: str | None = None,
        before: str | None = None,
        limit: int = 20,
        created: tuple[int, int] = (0, 2**53),
        where: dict[str, list[str]] | None = None,
    ) -> tuple[list[dict[str, Any]], bool]:
        """A page of objects, newest first, and whether there are more. `where` has the values that a field may have."""
        sql = "select body from objects where kind = ? and json_extract(body, '$.created') between ? and ?"
        values: list[str | int] = [kind, *created]
        for name, wanted in (where or {}).items():
            sql += f" and json_extract(body, '$.{name}') in ({', '.join('?' * len(wanted))})"
            values += wanted
        if after:
            sql += " and number < (select number from objects where id = ?)"
            values.append(after)
        if before:
            sql += " and number > (select number from objects where id = ?)"
            values.append(before)
        sql += f" order by number {'asc' if before else 'desc'} limit {int(limit) + 1}"
        found = [json.loads(row[0]) for row in self.connection.execute(sql, values)]
        page = found[:limit]
        return (page[::-1] if before else page), len(found) > limit

    def answer(self, key: str) -> tuple[str, int, dict[str, Any]] | None:
        """Fingerprint, status and body of what was answered under a key in the last 24 hours."""
        row = self.connection.execute(
            "select fingerprint, status, body from answers where key = ? and created > ?", (key, now() - 86_400)
        ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def remember(self, key: str, fingerprint: str, status: int, body: dict[str, Any]) -> None:
        """Keep an answer for its key."""
        self.connection.execute(
            "insert or replace into answers values (?, ?, ?, ?, ?)", (key, fingerprint, status, json.dumps(body), now())
        )

    def queue(self, event_id: str) -> None:
        """Have an event delivered."""
        self.connection.execute("insert into deliveries (event_id, attempt, due) values (?, 0, ?)", (event_id, now()))

    def due(self) -> list[tuple[str, int]]:
        """Events to deliver now, oldest first, with the number of attempts made."""
        return self.connection.execute(
            "select event_id, attempt from deliveries where done = 0 and due <= ? order by rowid limit 20", (now(),)
        ).fetchall()

    def delivered(self, event_id: str) -> None:
        """An event has arrived."""
        self.connection.execute("update deliveries set done = 1, attempt = attempt + 1 where event_id = ?", (event_id,))

    def postpone(self, event_id: str, seconds: float) -> None:
        """An event has not arrived; try again later."""
        self.connection.execute(
            "update deliveries set attempt = attempt + 1, due = ? where event_id = ?", (now() + seconds, event_id)
        )

"""Apply pending migrations, then rebuild the schemas api, v1 and logic from their files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from yoyo import get_backend, read_migrations
from yoyo.backends import DatabaseBackend

MIGRATIONS = Path(__file__).parent / "migrations"


@contextmanager
def exclusive(database_url: str) -> Iterator[DatabaseBackend]:
    """A yoyo backend that nobody else holds; the advisory lock is freed even if we are killed."""
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(hashtext('migrate'))")
        parts = urlsplit(database_url)
        query = "&".join(filter(None, (parts.query, "schema=migrations")))
        with get_backend(urlunsplit(parts._replace(scheme="postgresql+psycopg", query=query))) as backend:
            # yoyo's own lock row outlives a killed run; ours above says that no other run is alive.
            backend.break_lock()
            with backend.lock():
                yield backend


def migrate(database_url: str) -> list[str]:
    """Apply what is pending and rebuild the API schemas. Returns the ids applied. Raises psycopg.Error."""
    with exclusive(database_url) as backend:
        migrations = read_migrations(str(MIGRATIONS))
        pending = backend.to_apply(migrations)
        applied = [migration.id for migration in pending]
        backend.apply_migrations_only(pending)
        # yoyo runs post-apply only after a pending migration; a changed function file must arrive as well.
        backend.run_post_apply(migrations)
        return applied


def roll_back(database_url: str, count: int) -> list[str]:
    """Undo the newest `count` migrations. The API schemas lean on the tables, so they go until the next migrate."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("drop schema if exists api, v1, logic cascade")
    with exclusive(database_url) as backend:
        newest = backend.to_rollback(read_migrations(str(MIGRATIONS)))[:count]
        undone = [migration.id for migration in newest]
        backend.rollback_migrations(newest)
        return undone


def status(database_url: str) -> list[tuple[str, bool]]:
    """Each migration's id and whether it is applied."""
    with exclusive(database_url) as backend:
        migrations = read_migrations(str(MIGRATIONS))
        pending = {migration.id for migration in backend.to_apply(migrations)}
        return [(migration.id, migration.id not in pending) for migration in migrations]

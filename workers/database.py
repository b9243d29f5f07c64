"""The workers' connections, one pool a process, and the one way to call a SQL function."""

from functools import lru_cache
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from extensions import logs
from extensions.config import settings


@lru_cache
def pool() -> ConnectionPool[Any]:
    """Made on first use, after Celery has forked: connections must not be shared between processes."""
    url = settings().worker_database_url
    return ConnectionPool(
        url.get_secret_value() if url else "",
        min_size=1,
        max_size=2,
        timeout=10,
        open=True,
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "pgshop worker"},
        check=ConnectionPool.check_connection,
    )


def call(function: str, **arguments: object) -> Any:
    """Call `logic.<function>` by named arguments; one call is one transaction. Raises psycopg.Error, PoolTimeout."""
    names = ", ".join(f"{name} => %({name})s" for name in arguments)
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in arguments.items()}
    with pool().connection() as connection:
        values |= logs.telling()
        row = connection.execute(f"select logic.{function}({names}) as answer {logs.TELLING}", values).fetchone()
    return row["answer"] if row else None

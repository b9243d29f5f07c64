"""The service's connections, and the one way to call a SQL function."""

from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from extensions.config import settings


def make_pool() -> AsyncConnectionPool[Any]:
    """A pool of connections as role `service`, opened by the application. PoolTimeout when none is free for 3 s."""
    url = settings().service_database_url
    return AsyncConnectionPool(
        url.get_secret_value() if url else "",
        min_size=2,
        max_size=10,
        timeout=3,
        open=False,
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "pgshop service"},
        check=AsyncConnectionPool.check_connection,
    )


async def call(pool: AsyncConnectionPool[Any], function: str, **arguments: object) -> Any:
    """Call `logic.<function>` by named arguments; one call is one transaction. Raises psycopg.Error, PoolTimeout."""
    names = ", ".join(f"{name} => %({name})s" for name in arguments)
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in arguments.items()}
    async with pool.connection() as connection:
        cursor = await connection.execute(f"select logic.{function}({names}) as answer", values)
        row = await cursor.fetchone()
    return row["answer"] if row else None

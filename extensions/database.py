"""The service's connections, and the one way to call a SQL function."""

import json
from contextvars import ContextVar
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from extensions import logs
from extensions.config import settings

# The claims of the access token that the request has shown, once it was checked.
caller: ContextVar[dict[str, Any] | None] = ContextVar("caller", default=None)
# The header Idempotency-Key, for those acts that mind it.
idempotency_key: ContextVar[str | None] = ContextVar("idempotency_key", default=None)
# PostgREST tells the database so, too.
TELLING = logs.TELLING + ", set_config('request.jwt.claims', %(its_claims)s, true) claims"


def make_pool() -> AsyncConnectionPool[Any]:
    """A pool of connections as role `service`, opened by the application. PoolTimeout when none is free for 10 s."""
    url = settings().service_database_url
    return AsyncConnectionPool(
        url.get_secret_value() if url else "",
        min_size=2,
        max_size=10,
        # As PostgREST waits.
        timeout=10,
        open=False,
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "pgshop service"},
        check=AsyncConnectionPool.check_connection,
    )


async def call(pool: AsyncConnectionPool[Any], function: str, **arguments: object) -> Any:
    """Call `logic.<function>` by named arguments; one call is one transaction. Raises psycopg.Error, PoolTimeout.

    The database learns who is calling in which request.
    """
    names = ", ".join(f"{name} => %({name})s" for name in arguments)
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in arguments.items()}
    values |= logs.telling(**{"idempotency-key": idempotency_key.get()})
    values["its_claims"] = json.dumps(caller.get()) if caller.get() else ""
    async with pool.connection() as connection:
        cursor = await connection.execute(f"select logic.{function}({names}) as answer {TELLING}", values)
        row = await cursor.fetchone()
    return row["answer"] if row else None

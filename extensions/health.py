"""Say honestly how every part is, by asking each of them."""

import asyncio
import smtplib
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import redis.asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse

from extensions.config import settings
from extensions.database import call

PATIENCE = 2.0
# Without these nothing is sold; without the others mails and confirmations come later.
NEEDED = ("database", "postgrest")
HEARTBEATS = ("worker", "relay", "beat")


class GivenUpError(Exception):
    """Work that nobody will do unless a person looks at it."""


async def live(request: Request) -> JSONResponse:
    """This process answers; it asks nobody else."""
    return JSONResponse({"status": "alive"})


async def health(request: Request) -> JSONResponse:
    """State and latency of each part; 503 when the shop cannot sell."""
    probes: dict[str, Callable[[], Awaitable[Any]]] = {
        "database": lambda: ask_database(request),
        "postgrest": lambda: ask_http(request, f"{settings().postgrest_url}/products?select=id&limit=1"),
        "redis": ask_redis,
        "mail": lambda: asyncio.to_thread(ask_smtp),
        "stripe": lambda: ask_stripe(request),
        "outbox": lambda: ask_outbox(request),
        **{name: (lambda name=name: ask_heartbeat(name)) for name in HEARTBEATS},  # type: ignore[misc]
    }
    answers = await asyncio.gather(*(ask(probe) for probe in probes.values()))
    parts = dict(zip(probes, answers, strict=True))
    can_sell = all(parts[name]["state"] == "up" for name in NEEDED)
    is_whole = all(part["state"] == "up" for part in parts.values())
    return JSONResponse(
        {
            "status": ("healthy" if is_whole else "degraded") if can_sell else "unhealthy",
            "service": "pgshop",
            "version": version("pgshop"),
            "parts": parts,
        },
        200 if can_sell else 503,
        headers={"Cache-Control": "no-store"},
    )


async def ask(probe: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """Up or down, and after how many milliseconds; why not, as the kind of error only."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            await probe()
        state: dict[str, Any] = {"state": "up"}
    except Exception as error:
        state = {"state": "down", "reason": type(error).__name__}
    return {**state, "latency_ms": round((time.perf_counter() - begun) * 1000, 1)}


async def ask_database(request: Request) -> None:
    """A statement through the pool."""
    async with request.app.state.pool.connection() as connection:
        await connection.execute("select 1")


async def ask_outbox(request: Request) -> None:
    """Whether all work is done or will be. Raises GivenUpError when some was tried too often."""
    if await call(request.app.state.pool, "count_dead_outbox"):
        raise GivenUpError


async def ask_http(request: Request, url: str) -> None:
    """A real read through PostgREST."""
    (await request.app.state.http.get(url)).raise_for_status()


async def ask_redis() -> None:
    """PING."""
    url = settings().redis_url
    async with redis.asyncio.from_url(url.get_secret_value() if url else "") as client:
        await client.ping()


async def ask_heartbeat(name: str) -> None:
    """Workers set a key that expires; its absence is their silence."""
    url = settings().redis_url
    async with redis.asyncio.from_url(url.get_secret_value() if url else "") as client:
        if not await client.exists(f"pgshop:heartbeat:{name}"):
            raise TimeoutError


def ask_smtp() -> None:
    """EHLO."""
    url = urlsplit(settings().smtp_url.get_secret_value() if settings().smtp_url else "")  # type: ignore[union-attr]
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    with kind(url.hostname or "", url.port or 25, timeout=PATIENCE) as connection:
        connection.ehlo()


async def ask_stripe(request: Request) -> None:
    """Whether its API is there; any answer will do."""
    await request.app.state.http.get(settings().stripe_api_base or "https://api.stripe.com/healthcheck")

"""Guests: sessions of people who have no account, and the cart that goes along when they get one."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from extensions import tokens
from extensions.accounts import address_of, authenticate, signed_in, throttle
from extensions.bodies import Guest, read
from extensions.config import settings
from extensions.database import call


async def begin(request: Request) -> JSONResponse:
    """A session with a cart for somebody who says nothing about themselves. Raises Problem 429."""
    await throttle(request, f"guest {address_of(request)}", settings().register_attempts)
    session = await call(
        request.app.state.pool,
        "create_guest",
        device=request.headers.get("user-agent", ""),
        address=address_of(request),
        ttl_seconds=settings().refresh_token_seconds,
    )
    answer = signed_in(session)
    return JSONResponse({**answer, "user": {**answer["user"], "is_guest": True}}, 201)


async def merge(request: Request) -> JSONResponse:
    """Take over a guest's cart after signing in, or ask again whether that was done. Raises Problem 401, 403."""
    claims = await authenticate(request)
    given = await read(request, Guest)
    shown = tokens.shown_guest("", given.guest_token)
    return JSONResponse(await call(request.app.state.pool, "merge_carts", account_id=claims["sub"], **shown))

"""Leaving the shop: an account erases itself."""

from starlette.requests import Request
from starlette.responses import Response

from extensions.accounts import authenticate
from extensions.bodies import Erasure, read
from extensions.database import call
from extensions.recovery import check_own_password


async def erase_me(request: Request) -> Response:
    """Forget the caller, whose password proves that it is not somebody at their open screen. Raises Problem."""
    claims = await authenticate(request)
    given = await read(request, Erasure)
    if not claims.get("is_guest"):
        await check_own_password(request, claims, given.password, "password")
    await call(request.app.state.pool, "erase_customer", customer_id=claims["sub"])
    return Response(status_code=204)

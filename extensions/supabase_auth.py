"""Signing up, in and out in the words of supabase-js (/auth/v1): the same accounts and tokens as under /api/v1/auth.

Only what `supabase.auth` needs for addresses with passwords; a second factor, guests and mails have their own routes.
"""

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from extensions import tokens
from extensions.accounts import authenticate, enter, prove, renew
from extensions.bodies import Login, Registration, SupabaseGrant, SupabaseSignUp, read
from extensions.config import settings
from extensions.database import call
from extensions.problems import Problem


def user_of(account_id: str, email: str | None, role: str = "customer") -> dict[str, Any]:
    """Somebody, as supabase-js knows people."""
    return {
        "id": account_id,
        "aud": tokens.AUDIENCE,
        "role": role,
        "email": email,
        "app_metadata": {"provider": "email"},
        "user_metadata": {},
    }


def session_of(pair: dict[str, Any]) -> JSONResponse:
    """Both tokens, and whose they are."""
    claims, seconds = tokens.read_access(pair["access"]), settings().access_token_seconds
    answer = {
        "access_token": pair["access"],
        "refresh_token": pair["refresh"],
        "token_type": "bearer",
        "expires_in": seconds,
        "expires_at": int(time.time()) + seconds,
        "user": user_of(claims["sub"], claims["email"], claims["role"]),
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


async def sign_up(request: Request) -> JSONResponse:
    """An account, or what looks like one when the address is taken; who wants a session signs in."""
    given = await read(request, SupabaseSignUp)
    body = {"email": given.email, "password": given.password, "password2": given.password}
    made = await enter(request, Registration.model_validate(body))
    return JSONResponse(user_of(made["id"], made["email"]))


async def grant(request: Request) -> JSONResponse:
    """A session for a password or a refresh token. Raises Problem 400, 401, 403, 429."""
    given = await read(request, SupabaseGrant)
    match request.query_params.get("grant_type"):
        case "password":
            answer = json.loads(bytes((await prove(request, Login(email=given.email, password=given.password))).body))
            if "access" not in answer:
                raise Problem(403, "mfa_required", "A second factor is wanted: sign in by /api/v1/auth/login/.")
            return session_of(answer)
        case "refresh_token":
            return session_of(await renew(request, given.refresh_token))
    raise Problem(400, "invalid_value", "A value has the wrong form or is out of range.", hint="grant_type")


async def user(request: Request) -> JSONResponse:
    """Who the access token is of. Raises Problem 401."""
    claims = await authenticate(request)
    return JSONResponse(user_of(claims["sub"], claims["email"], claims["role"]))


async def sign_out(request: Request) -> Response:
    """End this session (`scope=local`), all others (`others`), or all. Raises Problem 401."""
    claims, scope = await authenticate(request), request.query_params.get("scope", "global")
    pool = request.app.state.pool
    if scope != "local":
        kept = claims["sid"] if scope == "others" else None
        await call(pool, "end_sessions", account_id=claims["sub"], reason="logout", kept=kept)
    else:
        await call(pool, "end_session", session_id=claims["sid"])
    return Response(status_code=204)

"""Register, sign in, refresh, sign out: thin handlers over SQL functions."""

import hashlib
from typing import Any

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse

from extensions import tokens
from extensions.bodies import KeyExchange, Login, Refresh, Registration, read
from extensions.config import settings
from extensions.database import call, caller
from extensions.passwords import LOGINS, hash_in_pool, needs_rehash, verify_in_pool
from extensions.problems import Problem

PEOPLE = {"customer", "staff", "admin"}


def address_of(request: Request) -> str:
    """The client's address as nginx saw it."""
    return request.headers.get("x-real-ip") or (request.client.host if request.client else "")


async def throttle(request: Request, bucket: str, attempts: int) -> None:
    """Count an attempt. Raises Problem 429 with the seconds to wait."""
    wait = await call(
        request.app.state.pool,
        "throttle",
        bucket=bucket,
        attempts=attempts,
        window_seconds=settings().login_window_seconds,
    )
    refuse_for(wait)


def refuse_for(seconds: int) -> None:
    """Raises Problem 429 with the seconds to wait, if there are any."""
    if seconds:
        headers = {"Retry-After": str(seconds)}
        raise Problem(429, "too_many_requests", "Too many attempts; wait a little.", headers=headers)


async def authenticate(request: Request) -> dict[str, Any]:
    """The claims of the caller's access token, whose session still lives. Raises Problem 401."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Problem(401, "not_authenticated", "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
    claims = tokens.read_access(token.strip())
    try:
        await call(request.app.state.pool, "check_session", claims=claims)
    except psycopg.DataError:
        # Rightly signed, and yet with a claim that PostgreSQL cannot read.
        raise tokens.unauthorised("token_invalid", "The access token is not valid.") from None
    # All that the service does is done for people; programs with an API key have the database's API.
    if claims["role"] not in PEOPLE:
        raise Problem(403, "permission_denied", "This is not yours to do.")
    caller.set(claims)
    return claims


async def register(request: Request) -> JSONResponse:
    """201 in one shape, whether the address is new or taken (the owner of a taken one gets a mail)."""
    return JSONResponse(await enter(request, await read(request, Registration)), 201)


async def enter(request: Request, given: Registration) -> dict[str, Any]:
    """The account that was made, or looks as if. Raises Problem 429."""
    await throttle(request, f"register {address_of(request)}", settings().register_attempts)
    made: dict[str, Any] = await call(
        request.app.state.pool,
        "register_customer",
        email=given.email,
        password_hash=await hash_in_pool(given.password),
        first_name=given.first_name,
        last_name=given.last_name,
        **tokens.shown_guest(request.headers.get("authorization", ""), given.guest_token),
    )
    return made


async def login(request: Request) -> JSONResponse:
    """Tokens for a right password. Raises Problem 401 for a wrong or unknown one alike, 429 or 503 for too many."""
    return await prove(request, await read(request, Login))


async def prove(request: Request, given: Login) -> JSONResponse:
    """The same, in one's turn."""
    async with LOGINS:
        return await prove_now(request, given)


async def prove_now(request: Request, given: Login) -> JSONResponse:
    """The same, at once."""
    pool, email, address = request.app.state.pool, given.email.strip().lower(), address_of(request)
    limits = {"attempts": settings().login_attempts, "window_seconds": settings().login_window_seconds}
    refuse_for(await call(pool, "throttle_login", email=email, address=address, **limits))
    found = await call(pool, "find_login", email=email)
    if not await verify_in_pool(found and found["password_hash"], given.password) or not found["is_active"]:
        raise Problem(401, "invalid_credentials", "Invalid credentials", headers={"WWW-Authenticate": "Bearer"})
    known = found["password_hash"]
    if needs_rehash(known):
        fresh = await hash_in_pool(given.password)
        await call(pool, "set_password_hash", account_id=found["account_id"], known_hash=known, password_hash=fresh)
        known = fresh
    await call(pool, "forgive_login", email=email, address=address)
    if found["has_second_factor"] or must_enroll(found):
        purpose = "verify" if found["has_second_factor"] else "enroll"
        challenge = tokens.make_challenge(found["account_id"], known, purpose)
        return JSONResponse({"mfa_required": True, "mfa_enrolled": purpose == "verify", **challenge})
    return await sign_in(request, found["account_id"], known, given.guest_token)


async def sign_in(request: Request, account_id: str, known_hash: str, guest_token: str, **more: object) -> JSONResponse:
    """Begin the session of somebody who has proved who they are, and bring the cart along that they had as a guest."""
    session = await call(
        request.app.state.pool,
        "open_session",
        account_id=account_id,
        device=request.headers.get("user-agent", ""),
        address=address_of(request),
        ttl_seconds=settings().refresh_token_seconds,
        known_hash=known_hash,
    )
    guest = tokens.shown_guest(request.headers.get("authorization", ""), guest_token)
    merged = await call(request.app.state.pool, "merge_carts", account_id=account_id, **guest)
    return JSONResponse({**signed_in(session), **more, **({"cart_merge": merged} if merged else {})})


def must_enroll(account: dict[str, Any]) -> bool:
    """Whether this is staff without the second factor that the shop requires of staff."""
    required = settings().staff_mfa == "required" and account["role"] != "customer"
    return required and not account["has_second_factor"]


def signed_in(session: dict[str, Any]) -> dict[str, Any]:
    """Both tokens of a new session, and whose it is."""
    user = {"id": session["account_id"], **{key: session[key] for key in ("email", "first_name", "last_name", "role")}}
    return {**token_pair(session), "user": user}


def token_pair(session: dict[str, Any]) -> dict[str, str]:
    """Both tokens of a session. Raises Problem 401 for staff without a required second factor: also by refresh."""
    if must_enroll(session):
        raise tokens.unauthorised("mfa_enrollment_required", "Staff needs a second factor: sign in again to enrol.")
    return {"access": tokens.make_access(session), "refresh": tokens.make_refresh(session)}


async def refresh(request: Request) -> JSONResponse:
    """A new pair for a refresh token, which is used up by it. Raises Problem 401."""
    return JSONResponse(await renew(request, (await read(request, Refresh)).refresh))


async def renew(request: Request, token: str) -> dict[str, str]:
    """The same, of a token."""
    known = tokens.read_refresh(token)
    if known is not None:
        session = await call(
            request.app.state.pool,
            "rotate_session",
            session_id=known[0],
            counter=known[1],
            ttl_seconds=settings().refresh_token_seconds,
            address=address_of(request),
        )
        if session["outcome"] in {"rotated", "repeated"}:
            return token_pair(session)
        if session["outcome"] == "reused":
            raise tokens.unauthorised("refresh_token_reused", "This refresh token was used before; sign in again.")
    raise tokens.unauthorised("token_invalid", "The refresh token is not valid.")


async def exchange(request: Request) -> JSONResponse:
    """An access token for an API key. Raises Problem 401, or 429 for too many keys that are none."""
    given = await read(request, KeyExchange)
    bucket = f"token {address_of(request)}"
    await throttle(request, bucket, settings().login_attempts)
    found = await call(request.app.state.pool, "use_api_key", key_hash=hashlib.sha256(given.api_key.encode()).digest())
    if found is None:
        raise Problem(401, "api_key_invalid", "The API key is not valid.", headers={"WWW-Authenticate": "Bearer"})
    await call(request.app.state.pool, "forgive", bucket=bucket)
    seconds = settings().access_token_seconds
    answer = {"access": tokens.make_access(found), "expires_in": seconds, "scopes": found["scopes"]}
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


async def logout(request: Request) -> JSONResponse:
    """End the session of the access token. Raises Problem 401, or 400 when the refresh token is not this session's."""
    claims = await authenticate(request)
    known = tokens.read_refresh((await read(request, Refresh)).refresh)
    if known is None or known[0] != claims["sid"]:
        raise Problem(400, "token_invalid", "The refresh token is not of this session.")
    await call(request.app.state.pool, "end_session", session_id=claims["sid"])
    return JSONResponse({"detail": "Logged out successfully"})

"""The second factor: codes by the clock (TOTP, RFC 6238), and recovery codes for the day that the phone is lost."""

import hmac
import re
import secrets
import time
import uuid
from typing import Any

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.requests import Request
from starlette.responses import JSONResponse

from extensions import tokens
from extensions.accounts import address_of, authenticate, must_enroll, sign_in, throttle
from extensions.bodies import BothFactors, Code, CodeAnswer, Enrolment, read
from extensions.config import settings
from extensions.database import call, caller
from extensions.problems import Problem
from extensions.recovery import check_own_password, wrong

STEP = 30
# A clock may be wrong by half a minute.
DRIFT = (-1, 0, 1)
RECOVERY_CODES = 10


def enabled() -> Problem:
    """A 409: what is confirmed is not replaced, it is disabled first."""
    return Problem(409, "mfa_enabled", "There is a second factor already; disable it first.")


def seal(account_id: str, secret: str) -> bytes:
    """The secret, encrypted for this account."""
    nonce = secrets.token_bytes(12)
    cipher = AESGCM(tokens.derived_key("pgshop totp secret v1"))
    return nonce + cipher.encrypt(nonce, secret.encode(), uuid.UUID(account_id).bytes)


def unseal(account_id: str, sealed: bytes) -> str:
    """The secret in clear. Raises cryptography.exceptions.InvalidTag if it was made for another account or key."""
    cipher = AESGCM(tokens.derived_key("pgshop totp secret v1"))
    return cipher.decrypt(sealed[:12], sealed[12:], uuid.UUID(account_id).bytes).decode()


def recovery_hash(account_id: str, code: str) -> bytes:
    """What is stored of a recovery code; keyed, since a code is short enough to be found by trying all."""
    plain = re.sub(r"[\s-]", "", code).lower()
    return hmac.digest(tokens.derived_key("pgshop recovery code v1"), f"{account_id} {plain}".encode(), "sha256")


def new_recovery_codes(account_id: str) -> tuple[list[str], list[bytes]]:
    """Ten of them, and what is stored of each."""
    codes = ["-".join((secrets.token_hex(3), secrets.token_hex(3))) for _ in range(RECOVERY_CODES)]
    return codes, [recovery_hash(account_id, code) for code in codes]


async def is_right(request: Request, factor: dict[str, Any], code: str, new_codes: list[bytes] | None = None) -> bool:
    """Whether a code proves the second factor, which uses it up; with new recovery codes it confirms it. Raises 429."""
    pool, account = request.app.state.pool, factor["account_id"]
    bucket = f"mfa {account} {address_of(request)}"
    await throttle(request, bucket, settings().login_attempts)
    # From many places, too. Only who knows the password comes here, so nobody locks a stranger out.
    await throttle(request, f"mfa {account}", settings().login_attempts * 10)
    plain = re.sub(r"\s", "", code)
    proved = False
    if re.fullmatch("[0-9]{6}", plain) and factor["secret"]:
        sealed = bytes.fromhex(factor["secret"])
        totp, now = pyotp.TOTP(unseal(account, sealed)), int(time.time()) // STEP
        steps = [now + drift for drift in DRIFT if hmac.compare_digest(totp.generate_otp(now + drift), plain)]
        proved = bool(steps) and await call(
            pool, "spend_step", account_id=account, step=steps[0], secret=sealed, new_code_hashes=new_codes
        )
    elif new_codes is None:
        proved = await call(pool, "spend_recovery_code", account_id=account, code_hash=recovery_hash(account, plain))
    if proved:
        await call(pool, "forgive", bucket=bucket)
    return proved


async def challenged(request: Request, token: str, purpose: str) -> dict[str, Any]:
    """The account and second factor that a `mfa_token` is about. Raises Problem 401."""
    claims = tokens.read_challenge(token, purpose)
    factor = await call(request.app.state.pool, "find_second_factor", account_id=claims["sub"])
    # The token dies with the password that it was given for.
    if not factor or claims["pwd"] != tokens.fingerprint(factor["password_hash"]):
        raise tokens.unauthorised("token_invalid", "The token is not valid any more.")
    return dict(factor)


async def verify(request: Request) -> JSONResponse:
    """The second half of signing in. Raises Problem 401, 429."""
    given = await read(request, CodeAnswer)
    factor = await challenged(request, given.mfa_token, "verify")
    if not factor["is_confirmed"] or not await is_right(request, factor, given.code):
        raise tokens.unauthorised("mfa_code_invalid", "This code is wrong, too old or used.")
    return await sign_in(request, factor["account_id"], factor["password_hash"], given.guest_token)


async def enroll(request: Request) -> JSONResponse:
    """A new secret for an authenticator, for who gives the password again or was sent here by the sign-in."""
    given = await read(request, Enrolment)
    if given.mfa_token:
        factor = await challenged(request, given.mfa_token, "enroll")
    else:
        claims = await authenticate(request)
        await check_own_password(request, claims, given.password, "password")
        factor = await call(request.app.state.pool, "find_second_factor", account_id=claims["sub"])
    account, secret = factor["account_id"], pyotp.random_base32()
    if not await call(request.app.state.pool, "enroll_second_factor", account_id=account, secret=seal(account, secret)):
        raise enabled()
    uri = pyotp.TOTP(secret).provisioning_uri(name=factor["email"], issuer_name=settings().shop_name)
    return JSONResponse({"secret": secret, "otpauth_uri": uri}, headers={"Cache-Control": "no-store"})


async def confirm(request: Request) -> JSONResponse:
    """Switch the second factor on by its first code; the answer has the recovery codes, this once. Raises 401, 422."""
    given = await read(request, Code)
    if given.mfa_token:
        factor = await challenged(request, given.mfa_token, "enroll")
        # Who is asked to enrol has no access token yet; the audit log is to know who it was.
        caller.set({"sub": factor["account_id"], "role": factor["role"]})
    else:
        claims = await authenticate(request)
        factor = await call(request.app.state.pool, "find_second_factor", account_id=claims["sub"])
    if not factor or factor["is_confirmed"]:
        raise enabled()
    codes, hashes = new_recovery_codes(factor["account_id"])
    if not await is_right(request, factor, given.code, hashes):
        raise wrong("code", "This code is wrong, too old or used.")
    if given.mfa_token:
        return await sign_in(request, factor["account_id"], factor["password_hash"], "", recovery_codes=codes)
    return JSONResponse({"recovery_codes": codes}, headers={"Cache-Control": "no-store"})


async def prove_both(request: Request) -> dict[str, Any]:
    """The second factor of a caller who shows password and code. Raises Problem 401, 422, 429."""
    claims = await authenticate(request)
    given = await read(request, BothFactors)
    await check_own_password(request, claims, given.password, "password")
    factor = await call(request.app.state.pool, "find_second_factor", account_id=claims["sub"])
    if not await is_right(request, factor, given.code):
        raise wrong("code", "This code is wrong, too old or used.")
    return dict(factor)


async def renew_codes(request: Request) -> JSONResponse:
    """New recovery codes in place of the old ones, shown this once. Raises Problem 401, 422, 429."""
    account = (await prove_both(request))["account_id"]
    codes, hashes = new_recovery_codes(account)
    await call(request.app.state.pool, "renew_recovery_codes", account_id=account, code_hashes=hashes)
    return JSONResponse({"recovery_codes": codes}, headers={"Cache-Control": "no-store"})


async def disable(request: Request) -> JSONResponse:
    """Be content with the password again; where that is too little, all sessions end. Raises Problem 401, 422, 429."""
    factor = await prove_both(request)
    is_needed = must_enroll({**factor, "has_second_factor": False})
    await call(request.app.state.pool, "remove_second_factor", account_id=factor["account_id"], is_needed=is_needed)
    return JSONResponse({"detail": "Second factor disabled"})

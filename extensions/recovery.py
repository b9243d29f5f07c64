"""Addresses proved and changed, passwords changed and forgotten: what a link in a mail or the old password allows."""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from extensions.accounts import address_of, authenticate, throttle
from extensions.bodies import EmailChange, MailRequest, PasswordChange, Reset, Verification, read
from extensions.config import settings
from extensions.database import call
from extensions.pages import render
from extensions.passwords import hash_in_pool, verify_in_pool, why_refused
from extensions.problems import Problem, to_problem

SENT = "If this address has an account, a mail is on its way."


def digest(token: str) -> bytes:
    """What the database knows of a token."""
    return hashlib.sha256(token.encode()).digest()


def wrong(field: str, message: str) -> Problem:
    """A 422 about one field."""
    return Problem(422, "validation_failed", "Some fields are missing or wrong.", details={field: [message]})


async def verify(request: Request) -> JSONResponse:
    """Prove an address by the token of a mail. Raises Problem 400 when it is unknown, spent or too old."""
    token = (await read(request, Verification)).token
    if not await call(request.app.state.pool, "confirm_email", token_hash=digest(token)):
        raise Problem(400, "token_invalid", "This link is not valid any more.")
    return JSONResponse({"detail": "Address verified"})


async def verify_page(request: Request) -> Response:
    """The page behind the mail's link. Only its button acts, since mail scanners open links too."""
    token = request.query_params.get("token", "")
    if request.method == "POST":
        done = await call(request.app.state.pool, "confirm_email", token_hash=digest(token))
        return render("verify.html", 200 if done else 400, done=done, asked=True, token="")
    return render("verify.html", done=False, asked=False, token=token[:200])


async def request_mail(request: Request, email: str, purpose: str) -> None:
    """Have a link mailed. Nothing tells whether the address has an account. Raises Problem 429 for too many callers."""
    await throttle(request, f"mail {address_of(request)}", settings().register_attempts)
    await call(request.app.state.pool, "request_mail", email=email, purpose=purpose, attempts=settings().mail_attempts)


async def resend(request: Request) -> JSONResponse:
    """Mail the link that proves an address once more."""
    await request_mail(request, (await read(request, MailRequest)).email, "verify_email")
    return JSONResponse({"detail": SENT}, 202)


async def forgot(request: Request) -> JSONResponse:
    """Mail the link by which a new password is chosen."""
    await request_mail(request, (await read(request, MailRequest)).email, "reset_password")
    return JSONResponse({"detail": SENT}, 202)


async def set_new(request: Request, given: Reset) -> None:
    """Spend the link for a new password, which ends all sessions. Raises Problem 400, 422, 429."""
    pool, token = request.app.state.pool, digest(given.token)
    await throttle(request, f"reset {address_of(request)}", settings().register_attempts)
    # Asked before the work of hashing is done; who is first is decided when the link is spent.
    proof = await call(pool, "find_token", token_hash=token, purposes=["reset_password"])
    if proof:
        reason = why_refused(given.password, proof["email"])
        if reason:
            raise wrong("password", reason)
        proof = await call(pool, "reset_password", token_hash=token, password_hash=await hash_in_pool(given.password))
    if not proof:
        raise Problem(400, "token_invalid", "This link is not valid any more.")


async def reset(request: Request) -> JSONResponse:
    """A new password by the token of the mail."""
    await set_new(request, await read(request, Reset))
    return JSONResponse({"detail": "Password changed"})


async def reset_page(request: Request) -> Response:
    """The page behind that mail's link; without a token it asks for the address to mail one to."""
    token = request.query_params.get("token", "")[:200]
    if request.method == "GET":
        return render("reset.html", token=token, said="", is_done=False)
    form = {name: str(value) for name, value in (await request.form(max_files=0, max_fields=3)).items()}
    try:
        if token:
            await set_new(request, Reset.model_validate({**form, "token": token}))
        else:
            await request_mail(request, MailRequest.model_validate(form).email, "reset_password")
    except Exception as error:
        problem = to_problem(error)
        fields = problem.body["details"] if isinstance(problem.body["details"], dict) else {}
        mistakes = [mistake for of_field in fields.values() for mistake in of_field]
        said = " ".join(mistakes) or problem.body["message"]
        return render("reset.html", problem.status, token=token, said=said, is_done=False)
    return render("reset.html", token="", said="Your password is changed." if token else SENT, is_done=True)


async def check_own_password(request: Request, claims: dict[str, Any], password: str, field: str) -> str:
    """The hash that the password of whom the token is of fits. Raises Problem 422 about `field`, 429."""
    # Counted per session: a thief of a token cannot hinder the owner, who signs in anew.
    await throttle(request, f"password {claims['sid']}", settings().login_attempts)
    known = await call(request.app.state.pool, "find_password", account_id=claims["sub"])
    if not await verify_in_pool(known, password):
        raise wrong(field, "This is not your password.")
    return str(known)


async def change_password(request: Request) -> JSONResponse:
    """A new password for the old one; all other sessions end. Raises Problem 401, 422, 429."""
    claims = await authenticate(request)
    given = await read(request, PasswordChange)
    known = await check_own_password(request, claims, given.current_password, "current_password")
    reason = why_refused(given.password, claims["email"])
    if reason:
        raise wrong("password", reason)
    if not await call(
        request.app.state.pool,
        "change_password",
        account_id=claims["sub"],
        known_hash=known,
        password_hash=await hash_in_pool(given.password),
        session_id=claims["sid"],
    ):
        raise wrong("current_password", "This is not your password.")
    return JSONResponse({"detail": "Password changed"})


async def change_email(request: Request) -> JSONResponse:
    """Ask the new address and tell the old one. The answer is the same if somebody has it already."""
    claims = await authenticate(request)
    given = await read(request, EmailChange)
    known = await check_own_password(request, claims, given.password, "password")
    if not await call(
        request.app.state.pool,
        "request_email_change",
        account_id=claims["sub"],
        known_hash=known,
        email=given.email,
        attempts=settings().mail_attempts,
    ):
        raise wrong("password", "This is not your password.")
    return JSONResponse({"detail": "A mail is on its way to the new address."}, 202)

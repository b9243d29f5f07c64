"""Make and check tokens: EdDSA access tokens, and refresh tokens that no database holds."""

import base64
import binascii
import hmac
import json
import time
import uuid
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.utils import base64url_encode

from extensions.config import settings
from extensions.keys import RING, derive_refresh_key, given_keys, read_keys
from extensions.problems import Problem

AUDIENCE = ISSUER = "pgshop"
CLAIMS = ["exp", "iat", "aud", "iss", "sub", "sid", "jti", "role"]


@lru_cache
def refresh_key() -> bytes:
    """The key of the refresh tokens, which stays when those of the access tokens go."""
    given = settings().refresh_token_key
    if given:
        return base64.b64decode(given.get_secret_value())
    return derive_refresh_key([*read_keys(given_keys()).values()][-1])


@lru_cache
def derived_key(purpose: str) -> bytes:
    """A key for something else, made of the refresh tokens' key, which outlives those that sign."""
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(refresh_key())


def make_access(session: dict[str, Any]) -> str:
    """An access token for a session as `logic.session_answer` describes it."""
    now = int(time.time())
    claims = {
        "token_type": "access",
        "aud": AUDIENCE,
        "iss": ISSUER,
        "iat": now,
        "exp": now + settings().access_token_seconds,
        "jti": uuid.uuid4().hex,
        "sub": session["account_id"],
        "sid": session["session_id"],
        "role": session["role"],
        "user_id": session["account_id"],
        "email": session["email"],
    }
    # Few have these: guests the one, API keys the other.
    claims |= {name: session[name] for name in ("is_guest", "scopes") if session.get(name)}
    if RING.signing is None:
        raise Problem(503, "unavailable", "The shop is busy or starting; try again.", headers={"Retry-After": "1"})
    kid, key = RING.signing
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid, "typ": "at+jwt"})


def read_access(token: str) -> dict[str, Any]:
    """The claims of a rightly signed access token; whether its session lives, SQL knows. Raises Problem 401, 503."""
    if not RING.verifying:
        # Just started: a 401 would make clients throw away a good token.
        raise Problem(503, "unavailable", "The shop is busy or starting; try again.", headers={"Retry-After": "1"})
    try:
        whole = jwt.decode_complete(
            token,
            RING.verifying[jwt.get_unverified_header(token)["kid"]],
            algorithms=["EdDSA"],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": CLAIMS, "strict_aud": True},
        )
        claims, header = dict(whole["payload"]), whole["header"]
        # RFC 9068: a token of another kind, rightly signed, is still no access token. And one that says a thing twice,
        # which parsers read differently (RFC 8725), is not as we would have written it.
        written = base64url_encode(json.dumps(claims, separators=(",", ":")).encode()).decode()
        if header.keys() != {"alg", "kid", "typ"} or header["typ"] != "at+jwt" or written != token.split(".")[1]:
            raise jwt.InvalidTokenError
        return claims
    except jwt.ExpiredSignatureError:
        raise unauthorised("token_expired", "The access token has expired.") from None
    except (jwt.InvalidTokenError, ValueError, ArithmeticError, RecursionError, LookupError, TypeError):
        raise unauthorised("token_invalid", "The access token is not valid.") from None


def make_refresh(session: dict[str, Any]) -> str:
    """The refresh token of a session's current counter. It can be made again, so it need not be stored."""
    content = uuid.UUID(session["session_id"]).bytes + int(session["counter"]).to_bytes(4, "big")
    return base64.urlsafe_b64encode(content + hmac.digest(refresh_key(), content, "sha256")).rstrip(b"=").decode()


def read_refresh(token: str) -> tuple[str, int] | None:
    """Session and counter of a refresh token that we made, None for anything else."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    content, mac = raw[:20], raw[20:]
    if not hmac.compare_digest(mac, hmac.digest(refresh_key(), content, "sha256")):
        return None
    return str(uuid.UUID(bytes=content[:16])), int.from_bytes(content[16:], "big")


def fingerprint(password_hash: str | None) -> str:
    """Tells one password hash from another, and nothing of it."""
    return hmac.digest(derived_key("pgshop mfa token v1"), (password_hash or "").encode(), "sha256").hex()[:16]


def make_challenge(account_id: str, password_hash: str, purpose: str) -> dict[str, Any]:
    """What stands between password and second factor: good for `verify` or `enroll` alone, for five minutes."""
    seconds = 300
    claims = {
        "aud": f"pgshop {purpose}",
        "iss": ISSUER,
        "exp": int(time.time()) + seconds,
        "sub": account_id,
        "pwd": fingerprint(password_hash),
    }
    # Another algorithm, key and audience than an access token's: neither can be taken for the other.
    return {"mfa_token": jwt.encode(claims, derived_key("pgshop mfa token v1"), "HS256"), "expires_in": seconds}


def read_challenge(token: str, purpose: str) -> dict[str, Any]:
    """The claims of a challenge. Raises Problem 401."""
    try:
        return jwt.decode(
            token,
            derived_key("pgshop mfa token v1"),
            algorithms=["HS256"],
            audience=f"pgshop {purpose}",
            issuer=ISSUER,
            options={"require": ["exp", "aud", "iss", "sub", "pwd"], "strict_aud": True},
        )
    except (jwt.InvalidTokenError, ValueError):
        raise unauthorised("token_invalid", "The token is not valid any more; sign in again.") from None


def shown_guest(authorization: str, refresh: str) -> dict[str, Any]:
    """The guest's session that a request shows by its access or refresh token; a bad token is none, never an error."""
    if refresh:
        known = read_refresh(refresh)
        # A session that nobody has: the caller is to learn that nothing was merged.
        return {"guest_session": known[0], "counter": known[1]} if known else {"guest_session": str(uuid.UUID(int=0))}
    try:
        claims = read_access(authorization.partition(" ")[2].strip())
    except Problem:
        return {}
    return {"guest_session": claims["sid"]} if claims.get("is_guest") is True else {}


def unauthorised(code: str, message: str) -> Problem:
    """A 401 that says how to authenticate (RFC 6750, section 3)."""
    return Problem(401, code, message, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})

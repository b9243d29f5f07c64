"""The keys of access tokens: private ones from file or environment, and which of them counts, as the database says."""

import asyncio
import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import psycopg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from extensions.config import settings
from extensions.database import call

# A new key signs two seconds after it was made known, a removed one is to be refused within one.
LOOK_EVERY = 0.5
log = structlog.get_logger()


def given_keys() -> str:
    """The private keys as they were given: of JWT_KEYS_FILE as it is now, else JWT_PRIVATE_KEY. Raises OSError."""
    if settings().jwt_keys_file:
        return Path(settings().jwt_keys_file or "").read_text()
    secret = settings().jwt_private_key
    return secret.get_secret_value() if secret else ""


def read_keys(given: str) -> dict[str, Ed25519PrivateKey]:
    """Private keys by `kid`, the newest first, from base64 DER with commas or breaks between. Raises ValueError."""
    keys = {}
    for encoded in re.split(r"[\s,]+", given.strip(", \n")):
        key = load_der_private_key(base64.b64decode(encoded), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("JWT_PRIVATE_KEY is no Ed25519 key")
        keys[public_jwk(key)["kid"]] = key
    return keys


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK; `kid` is its thumbprint (RFC 7638, RFC 8037)."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": base64.urlsafe_b64encode(public).rstrip(b"=").decode()}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return {**members, "kid": kid, "alg": "EdDSA", "use": "sig"}


def derive_refresh_key(key: Ed25519PrivateKey) -> bytes:
    """A key for refresh tokens, so that one secret suffices; another purpose, another key (RFC 5869)."""
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return HKDF(SHA256(), 32, salt=None, info=b"pgshop refresh token v1").derive(raw)


class Keyring:
    """What signs and what verifies at this moment; it is exchanged as a whole."""

    def __init__(self) -> None:
        self.verifying: dict[str, Ed25519PublicKey] = {}
        self.signing: tuple[str, Ed25519PrivateKey] | None = None

    def learn(self, known: list[dict[str, Any]], held: dict[str, Ed25519PrivateKey]) -> None:
        """Take over what the database knows; of the keys that we hold, the newest that may sign does."""
        self.verifying = {
            key["kid"]: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=")) for key in known
        }
        ours = sorted((key for key in known if key["kid"] in held), key=lambda key: not key["signs"])
        self.signing = (ours[0]["kid"], held[ours[0]["kid"]]) if ours else None

    def jwks(self) -> dict[str, Any]:
        """The verifying keys as a JWK set (RFC 7517)."""
        members = {"crv": "Ed25519", "kty": "OKP", "alg": "EdDSA", "use": "sig"}
        raw = {kid: key.public_bytes(Encoding.Raw, PublicFormat.Raw) for kid, key in self.verifying.items()}
        return {
            "keys": [
                {**members, "kid": kid, "x": base64.urlsafe_b64encode(public).rstrip(b"=").decode()}
                for kid, public in raw.items()
            ]
        }


RING = Keyring()


async def keep_current(pool: AsyncConnectionPool[Any]) -> None:
    """Look for ever which keys count; while the database is away, the last known do."""
    while True:
        try:
            RING.learn(await call(pool, "signing_keys"), read_keys(given_keys()))
        except (psycopg.Error, PoolTimeout, OSError, ValueError) as error:
            log.warning("signing keys are not to be learnt", error=type(error).__name__)
        await asyncio.sleep(LOOK_EVERY)


if __name__ == "__main__":
    # For a shop that gets its first second key (docs/how-to/rotate-keys.md).
    print(base64.b64encode(derive_refresh_key([*read_keys(given_keys()).values()][-1])).decode())

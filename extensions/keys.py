"""The key that signs access tokens, and its public half for everybody who checks them."""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from extensions.config import settings


@lru_cache
def signing_key(encoded: str | None = None) -> Ed25519PrivateKey:
    """The private key from base64 DER, the setting's by default. Raises ValueError when it is none."""
    if encoded is None:
        secret = settings().jwt_private_key
        if secret is None:
            raise ValueError("JWT_PRIVATE_KEY is not set")
        encoded = secret.get_secret_value()
    key = load_der_private_key(base64.b64decode(encoded), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("JWT_PRIVATE_KEY is no Ed25519 key")
    return key


def public_jwks(encoded: str | None = None) -> dict[str, Any]:
    """The public key as a JWK set; `kid` is its thumbprint (RFC 7638, RFC 8037)."""
    public = signing_key(encoded).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": base64.urlsafe_b64encode(public).rstrip(b"=").decode()}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return {"keys": [{**members, "kid": kid, "alg": "EdDSA", "use": "sig"}]}


@lru_cache
def key_id() -> str:
    """The `kid` of the key that signs."""
    return str(public_jwks()["keys"][0]["kid"])

"""Forged and damaged tokens, by name: what signatures, headers and claims can be that must not pass."""

import base64
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOBODY = "00000000-0000-4000-8000-000000000000"
EDDSA = {"alg": "EdDSA", "typ": "at+jwt"}
Claims = dict[str, Any]


def compact(value: Any) -> str:
    """JSON as our own tokens have it: nothing but what is tried must be odd about a token."""
    return json.dumps(value, separators=(",", ":"))


def b64(value: bytes | str | dict[str, Any] | list[Any]) -> str:
    raw = value if isinstance(value, bytes) else (value if isinstance(value, str) else compact(value)).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def rightful(key: Ed25519PrivateKey, **more: Any) -> dict[str, Any]:
    """The header of a right token (the kid is the thumbprint of RFC 7638), and what is added to it."""
    x = b64(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumb = hashlib.sha256(compact({"crv": "Ed25519", "kty": "OKP", "x": x}).encode()).digest()
    return {"alg": "EdDSA", "kid": b64(thumb), "typ": "at+jwt", **more}


def signed(key: Ed25519PrivateKey, payload: Any, header: Any = None) -> str:
    """Any header and payload, also such that no library would sign, with a signature that is right."""
    content = f"{b64(rightful(key) if header is None else header)}.{b64(payload)}"
    return f"{content}.{b64(key.sign(content.encode()))}"


def hashed(secret: bytes, claims: Claims, algorithm: str = "HS256", **header: Any) -> str:
    content = f"{b64({'alg': algorithm, 'typ': 'at+jwt', **header})}.{b64(claims)}"
    return f"{content}.{b64(hmac.digest(secret, content.encode(), hashlib.new('sha' + algorithm[2:]).name))}"


def forged(access: str, key: Ed25519PrivateKey) -> Iterator[tuple[str, str]]:
    """Tokens that nobody needs our key for; `access` is a right one that was overheard."""
    header, payload, signature = access.split(".")
    claims = jwt.decode(access, options={"verify_signature": False})
    kid = jwt.get_unverified_header(access)["kid"]
    public = key.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), "kid": kid, "alg": "EdDSA", "use": "sig"}
    for none in ("none", "None", "NONE", "nOnE", "", None, ["EdDSA"], "eddsa", "EdDSA ", "Ed25519", "HS256", "ES256"):
        yield f"alg {none!r}", f"{b64({'alg': none, 'typ': 'at+jwt'})}.{payload}."
        yield f"alg {none!r}, signed", f"{b64({'alg': none, 'typ': 'at+jwt', 'kid': kid})}.{payload}.{signature}"
    for name, secret in {
        "raw": raw, "PEM": pem, "PEM without its end": pem.strip(), "DER": der, "x": b64(raw).encode(),
        "JWK": json.dumps(jwk).encode(),
        "JWKS": json.dumps({"keys": [jwk]}).encode(), "kid": kid.encode(), "empty": b"", "guessed": b"secret",
    }.items():  # fmt: skip
        yield f"HS256 with the public key: {name}", hashed(secret, claims, kid=kid)
        yield f"HS512 with the public key: {name}", hashed(secret, claims, "HS512")
    for name in ("../../../../../../dev/null", "/dev/null", "x' union select '' --", "|cat", "", [kid], None, 0):
        yield f"kid {name!r}, with nothing for a key", hashed(b"", claims, kid=name)
    stranger = Ed25519PrivateKey.generate()
    theirs = {**jwk, "x": b64(stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))}
    for more in (
        {}, {"kid": kid}, {"jwk": theirs}, {"jku": "http://127.0.0.1:9/jwks.json"}, {"x5u": "http://127.0.0.1:9/x.pem"},
        {"x5c": [base64.b64encode(der).decode()]}, {"kid": "http://127.0.0.1:9/jwks.json"}, {"jwk": theirs, "kid": kid},
    ):  # fmt: skip
        yield f"a stranger's key with {sorted(more)}", signed(stranger, claims, {**EDDSA, **more})
    yield "ES256 of a stranger", jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256")
    yield "RS256 of a stranger", jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256")
    yield "ES256 of zeros", f"{b64({'alg': 'ES256'})}.{payload}.{b64(bytes(64))}"
    yield "EdDSA of zeros", f"{header}.{payload}.{b64(bytes(64))}"
    yield "EdDSA of the neutral point", f"{header}.{payload}.{b64(bytes([1]) + bytes(63))}"
    yield (
        "a bit flipped",
        f"{header}.{payload}.{b64(bytes([base64.urlsafe_b64decode(signature + '==')[0] ^ 1]) + bytes(63))}",
    )
    for name, changes in {
        "role": {"role": "admin"},
        "sub": {"sub": NOBODY},
        "exp": {"exp": claims["exp"] + 900},
    }.items():
        yield f"another {name} under a right signature", f"{header}.{b64({**claims, **changes})}.{signature}"
    yield "another header", f"{b64(EDDSA)}.{payload}.{signature}"
    yield "no signature", f"{header}.{payload}."
    yield "half a signature", f"{header}.{payload}.{signature[:43]}"
    yield "two parts", f"{header}.{payload}"
    yield "four parts", f"{access}.{signature}"
    yield "a JWE", f"{b64({'alg': 'dir', 'enc': 'A256GCM'})}..{b64(bytes(12))}.{payload}.{b64(bytes(16))}"
    yield "as JSON", json.dumps({"protected": header, "payload": payload, "signature": signature})
    yield "a point at the end", f"{access}."
    yield "twice", f"{access}{access}"
    yield "with other letters", access.swapcase()
    yield "wide letters", "".join(chr(ord(sign) + 0xFEE0) if sign.isalpha() else sign for sign in access[:600])
    yield "points", ".."
    yield "no token", "x"
    yield "100 KB", f"{header}.{b64({**claims, 'pad': 'x' * 100_000})}.{signature}"


def missigned(access: str, key: Ed25519PrivateKey, refresh: str) -> Iterator[tuple[str, str]]:  # noqa: PLR0912 a list
    """Rightly signed, as if our key had been misused: wrong in a claim, or no access token at all."""
    claims: Claims = jwt.decode(access, options={"verify_signature": False})
    now = int(time.time())
    yield "the refresh token", refresh
    for name in ("exp", "iat", "aud", "iss", "sub", "sid", "jti", "role", "token_type"):
        yield f"without {name}", signed(key, {other: value for other, value in claims.items() if other != name})
        for wrong in (None, "", 7, [claims[name]], {"a": claims[name]}, True):
            if name == "aud" and isinstance(wrong, list):
                # A list of the one right audience says the same (RFC 7519), and PostgREST makes the same of it.
                continue
            yield f"{name} = {json.dumps(wrong)[:40]}", signed(key, {**claims, name: wrong})
        if name != "jti":
            yield f"{name} = elsewhere", signed(key, {**claims, name: "elsewhere"})
    for exp in (now - 31, now - 5, now + 86_400, 10**18, -1, str(now + 600), now + 600.5, f"{now + 600}.0"):
        yield f"exp {exp - now if isinstance(exp, int) else exp!r}", signed(key, {**claims, "exp": exp})
    for name, value in (("exp", "1e400"), ("exp", "NaN"), ("exp", "Infinity"), ("iat", "1e400"), ("iat", "-1e400")):
        text = compact({**claims, name: "@"}).replace('"@"', value)
        yield f"{name} {value}", signed(key, text)
    for iat in (now + 3600, now + 900, now - 86_400, str(now), now + 0.5):
        yield f"iat {iat - now if isinstance(iat, int) else iat!r}", signed(key, {**claims, "iat": iat})
    for nbf in (now + 3600, now + 20, "soon", str(now)):
        yield f"nbf {nbf - now if isinstance(nbf, int) else nbf!r}", signed(key, {**claims, "nbf": nbf})
    for role in (
        "postgres", "authenticator", "owner", "migrator", "service", "worker", "staff", "admin", "integration",
        "anon", "public", "none",
        "CUSTOMER", " customer", "customer ", "customer\x00", "cust\u200bomer", "\uff43ustomer",
        "customer, admin", "customer; reset role",
        'customer" --', "pg_read_all_data", ["customer", "admin"], {"customer": "admin"}, "x" * 5000,
    ):  # fmt: skip
        yield f"role {str(role)[:30]!r}", signed(key, {**claims, "role": role})
    for name in ("sub", "sid"):
        for wrong in (
            NOBODY,
            "' or true --",
            claims[name] + "\x00",
            f"{{{claims[name]}}}",
            claims[name].replace("-", ""),
        ):
            yield f"{name} {wrong!r}", signed(key, {**claims, name: wrong})
    yield "scopes of a program", signed(key, {**claims, "scopes": ["read_orders"]})
    yield "a program that is a person", signed(key, {**claims, "role": "integration", "scopes": ["read_orders"]})
    for name, wrong in {"role": "admin", "exp": now - 3600, "sub": NOBODY, "iss": "elsewhere", "aud": "x"}.items():
        rest = compact({other: value for other, value in claims.items() if other != name})[1:]
        yield (
            f"{name} twice, the wrong first",
            signed(key, f"{compact({name: wrong})[:-1]},{json.dumps(name)}:0,{rest}"),
        )
    yield "a token in a token", signed(key, access, rightful(key, cty="JWT"))
    yield "a token as text", signed(key, json.dumps(access))
    for payload in (
        b"",
        b"null",
        b"7",
        b"[]",
        b"{}",
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf" + compact(claims).encode(),
        b'["' * 900,
    ):
        yield f"payload {payload[:6]!r}", signed(key, payload)
    for header in (
        [],
        "EdDSA",
        {},
        {"typ": "at+jwt"},
        {**EDDSA, "alg": "HS256"},
        {**EDDSA, "crit": ["exp"]},
        {**EDDSA, "crit": ["b64"], "b64": True},
    ):
        yield f"header {json.dumps(header)}", signed(key, claims, header)
    yield "zip", signed(key, zlib.compress(compact(claims).encode())[2:-4], rightful(key, zip="DEF"))
    content = f"{b64({**EDDSA, 'b64': False, 'crit': ['b64']})}.{compact(claims).replace('.', '')}"
    yield "b64 false", f"{content}.{b64(key.sign(content.encode()))}"


def only_the_header_is_wrong(access: str, key: Ed25519PrivateKey) -> dict[str, str]:
    """Right in every claim. Only the service can refuse these: SQL sees claims, and PostgREST looks at no `typ`."""
    claims = jwt.decode(access, options={"verify_signature": False})
    return {f"typ {typ!r}": signed(key, claims, rightful(key, typ=typ)) for typ in ("JWT", "refresh+jwt")}

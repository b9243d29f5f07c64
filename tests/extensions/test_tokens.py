"""Access tokens: what they say, who can check them, and that nothing else passes on either surface."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conftest import Person, Shop

# One of PostgREST in each dress, one of the service.
PLACES = ["/api/v1/users/me/", "/rest/v1/customers", "/api/v1/payments/create-intent/"]


def ask(shop: Shop, place: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    if "payments" in place:
        return shop.client().post(place, json={}, headers=headers)
    return shop.client().get(place, headers=headers)


def segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_anybody_can_check_a_token_with_the_published_key(shop: Shop, customer: Person) -> None:
    keys = jwt.PyJWKClient(f"{shop.url}/.well-known/jwks.json")
    claims = jwt.decode(
        customer.access,
        keys.get_signing_key_from_jwt(customer.access),
        algorithms=["EdDSA"],
        audience="pgshop",
        issuer="pgshop",
    )
    assert claims.keys() == {
        *("token_type", "aud", "iss", "iat", "exp", "jti", "sub", "sid", "role", "user_id", "email")
    }
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert abs(claims["iat"] - time.time()) < 60
    assert (claims["sub"], claims["user_id"], claims["email"]) == (customer.id, customer.id, customer.email)
    assert (claims["role"], claims["token_type"]) == ("customer", "access")


def test_the_published_keys_are_public_and_cacheable(shop: Shop) -> None:
    answer = shop.client().get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=60"
    (key,) = answer.json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "kid", "alg", "use"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert shop.client().get("/.well-known/jwks.json/").json() == answer.json()


@pytest.mark.parametrize("place", PLACES)
def test_a_token_made_rightly_passes(shop: Shop, customer: Person, mint: Callable[..., str], place: str) -> None:
    """Without this, refusing everything would pass the table below."""
    assert ask(shop, place, mint(customer)).status_code == (422 if "payments" in place else 200)


CHANGES: list[dict[str, Any]] = [
    {"exp": int(time.time()) - 5},
    {"exp": int(time.time()) - 3600},
    {"exp": None},
    {"exp": "tomorrow"},
    {"aud": "elsewhere"},
    {"aud": ["pgshop", "elsewhere"]},
    {"aud": None},
    {"iss": "elsewhere"},
    {"iss": None},
    {"sub": None},
    {"sub": "00000000-0000-4000-8000-000000000000"},
    {"sub": "nobody"},
    {"sid": None},
    {"sid": "00000000-0000-4000-8000-000000000000"},
    {"sid": "' or true --"},
    {"jti": None},
    {"role": None},
    {"role": "admin"},
    {"role": "staff"},
    {"role": "anon"},
    {"token_type": "refresh"},
    {"token_type": None},
    {"nbf": int(time.time()) + 3600},
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: "-".join(f"{k}={v}" for k, v in changes.items()))
def test_a_rightly_signed_token_with_wrong_claims_is_refused(
    shop: Shop, customer: Person, mint: Callable[..., str], place: str, changes: dict[str, Any]
) -> None:
    refused(ask(shop, place, mint(customer, **changes)), place)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", ["owner", "authenticator", "service", "worker", "postgres"])
def test_a_token_cannot_name_a_role_of_the_machinery(
    shop: Shop, customer: Person, mint: Callable[..., str], place: str, role: str
) -> None:
    answer = ask(shop, place, mint(customer, role=role))
    # PostgreSQL itself refuses to become such a role, and says so with 403.
    assert answer.status_code in {401, 403}, answer.text
    assert answer.json().keys() == {"code", "message", "details", "hint"}
    assert role not in answer.text


def refused(answer: httpx.Response, place: str) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.json().keys() == {"code", "message", "details", "hint"}
    if place.startswith("/api"):
        assert answer.json()["code"] in {"token_invalid", "token_expired"}
    assert answer.headers["www-authenticate"].startswith("Bearer")


def forgeries(shop: Shop, person: Person, mint: Callable[..., str]) -> dict[str, str]:
    header, payload, signature = person.access.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    (key,) = shop.client().get("/.well-known/jwks.json").json()["keys"]
    raw = base64.urlsafe_b64decode(key["x"] + "=")
    stranger = Ed25519PrivateKey.generate()
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": base64.urlsafe_b64encode(stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
    }
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        short = jwt.encode(claims, b"secret", "HS256")
    return {
        "no algorithm": f"{segment({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        "no algorithm, signed": f"{segment({'alg': 'none'})}.{payload}.{signature}",
        "the public key as secret": jwt.encode(claims, raw, "HS256", headers={"kid": key["kid"]}),
        "the public key's text as secret": jwt.encode(claims, key["x"].encode(), "HS256"),
        "a guessed secret": short,
        "a stranger's key": mint(person, key=stranger),
        "a stranger's key, brought along": jwt.encode(claims, stranger, "EdDSA", headers={"jwk": jwk}),
        "another payload": f"{header}.{segment({**claims, 'role': 'admin'})}.{signature}",
        "another header": f"{segment({'alg': 'EdDSA'})}.{payload}.{signature}",
        "no signature": f"{header}.{payload}.",
        "two parts": f"{header}.{payload}",
        "the refresh token": person.refresh,
        "no token": "x",
        "points": "..",
    }


@pytest.mark.parametrize("place", PLACES)
def test_forged_tokens_are_refused(shop: Shop, customer: Person, mint: Callable[..., str], place: str) -> None:
    for name, token in forgeries(shop, customer, mint).items():
        answer = ask(shop, place, token)
        assert answer.status_code == 401, f"{name}: {answer.status_code} {answer.text}"
        refused(answer, place)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "bearer", ""])
def test_who_brings_no_token_is_asked_to_sign_in(shop: Shop, place: str, header: str) -> None:
    client, headers = shop.client(), {"Authorization": header}
    answer = client.post(place, json={}, headers=headers) if "payments" in place else client.get(place, headers=headers)
    assert answer.status_code == 401, answer.text
    assert answer.json().keys() == {"code", "message", "details", "hint"}

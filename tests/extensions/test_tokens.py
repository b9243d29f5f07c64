"""Access tokens: what they say, who can check them, and that nothing else passes on either surface."""

import time
from collections.abc import Callable

import httpx
import jwt
import pytest

from tests.conftest import Person, Shop

# One of PostgREST in each dress, one of the service.
PLACES = ["/api/v1/users/me/", "/rest/v1/customers", "/api/v1/payments/create-intent/"]


def ask(shop: Shop, place: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    if "payments" in place:
        return shop.client().post(place, json={}, headers=headers)
    return shop.client().get(place, headers=headers)


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


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seconds", [3, 15, 40])
def test_a_token_whose_time_is_up_says_so_from_the_first_second(
    shop: Shop, customer: Person, mint: Callable[..., str], place: str, seconds: int
) -> None:
    """Clients refresh on `token_expired` and sign out on `token_invalid`; PostgREST itself forgives 30 seconds."""
    now = int(time.time())
    answer = ask(shop, place, mint(customer, iat=now - 900 - seconds, exp=now - seconds))
    # Later than that, PostgREST says it itself, under /rest/v1 in its own words.
    own = "rest/v1" in place and seconds > 30
    assert (answer.status_code, answer.json()["code"]) == (401, "PGRST301" if own else "token_expired")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "bearer", ""])
def test_who_brings_no_token_is_asked_to_sign_in(shop: Shop, place: str, header: str) -> None:
    client, headers = shop.client(), {"Authorization": header}
    answer = client.post(place, json={}, headers=headers) if "payments" in place else client.get(place, headers=headers)
    assert answer.status_code == 401, answer.text
    assert answer.json().keys() == {"code", "message", "details", "hint"}

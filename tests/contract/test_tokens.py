"""What tokens say and how long they live; and an address is one, however it is written."""

import base64
import json
from typing import Any

import psycopg
import pytest

from tests.conftest import PASSWORD, Person, Shop
from tests.contract.described import Description


def part(token: str, index: int) -> list[tuple[str, Any]]:
    """Header or claims, in order and with doubles."""
    text = token.split(".")[index]
    return list(json.loads(base64.urlsafe_b64decode(text + "=="), object_pairs_hook=list))


def test_tokens_live_as_long_as_promised(customer: Person, database: psycopg.Connection[Any]) -> None:
    claims = dict(part(customer.access, 1))
    assert claims["exp"] - claims["iat"] == 15 * 60
    session = database.execute(
        "select extract(epoch from expires_at - rotated_at)::integer as seconds from auth.sessions where id = %s",
        [claims["sid"]],
    ).fetchone()
    assert session == {"seconds": 7 * 24 * 60 * 60}


def test_a_token_says_what_the_seed_says_and_more(customer: Person) -> None:
    pairs = part(customer.access, 1)
    claims = dict(pairs)
    assert len(pairs) == len(claims)
    assert {"token_type", "exp", "iat", "jti", "user_id", "email", "sub", "sid", "aud", "iss", "role"} == claims.keys()
    assert (claims["token_type"], claims["role"]) == ("access", "customer")
    assert (claims["user_id"], claims["sub"], claims["email"]) == (customer.id, customer.id, customer.email)
    header = dict(part(customer.access, 0))
    assert (header["alg"], header.keys()) == ("EdDSA", {"alg", "typ", "kid"})


def test_an_address_is_one_whatever_its_case(shop: Shop, customer: Person) -> None:
    body = {"email": customer.email.upper(), "password": PASSWORD}
    signed_in = shop.client().post("/api/v1/auth/login/", json=body)
    assert (signed_in.status_code, signed_in.json()["user"]["id"]) == (200, customer.id)
    again = {**body, "password2": PASSWORD, "first_name": "Other"}
    assert shop.client().post("/api/v1/auth/register/", json=again).status_code == 201
    assert customer.client.get("/api/v1/users/me/").json()["first_name"] == "Test"


@pytest.mark.parametrize("token", ["", "Bearer e30.e30.e30"])
def test_who_is_not_signed_in_hears_that_first(shop: Shop, description: Description, token: str) -> None:
    """And not what is wrong with the body, which is nobody's business."""
    asked = 0
    for path, operations in description.document["paths"].items():
        for method, operation in operations.items():
            if operation["security"] == [{"bearer": []}] and path.startswith(("/api/v1/", "/auth/v1/")):
                url = path.format(slug="no-such-thing", id="00000000-0000-4000-8000-000000000000")
                headers = {"Content-Type": "application/json", **({"Authorization": token} if token else {})}
                body = b'{"nothing": 1}' if "requestBody" in operation else b""
                answer = shop.client().request(method, url, content=body, headers=headers)
                assert answer.status_code == 401, f"{method} {path}: {answer.text}"
                asked += 1
    assert asked > 60

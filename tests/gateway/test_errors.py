"""Bodies, forms and questions that cannot be: an error that says what concerns the caller and no more."""

import json
from typing import Any

import httpx
import pytest

from tests.conftest import Person
from tests.gateway.conftest import assert_problem


@pytest.mark.parametrize("path", ["/api/v1/users/me/addresses/", "/rest/v1/addresses", "/api/v1/auth/login/"])
@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (b'{"email": "\xff", "city": "\xff"}', {400}),
        (b'{"email": "a\0b", "city": "a\0b"}', {400}),
        (b"{", {400}),
        (b"", {400}),
        (b'{"email": 1', {400}),
        (b'{"email": "a\\u0000b", "city": "a\\u0000b"}', {400, 422}),
        (b'{"email": "\\ud800", "city": "\\ud800"}', {400, 422}),
        (b"[" * 5000, {400}),
        (b'{"email": 1e999999, "city": 1e999999}', {400, 422}),
    ],
)
def test_a_body_that_is_no_json_text_is_refused(customer: Person, path: str, body: bytes, statuses: set[int]) -> None:
    answer = customer.client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in statuses, answer.text
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("path", ["/api/v1/users/me/addresses/", "/api/v1/auth/login/", "/api/v1/orders/"])
@pytest.mark.parametrize("kind", ["text/html", "application/x-www-form-urlencoded", "text/csv", "multipart/form-data"])
def test_a_body_of_another_kind_is_refused(customer: Person, path: str, kind: str) -> None:
    answer = customer.client.post(path, content=b"a=b", headers={"Content-Type": kind})
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/vnd.pgrst.plan", "image/*"])
def test_a_form_that_there_is_not_is_not_acceptable(visitor: httpx.Client, accept: str) -> None:
    assert_problem(visitor.get("/rest/v1/products", headers={"Accept": accept}), 406, "PGRST107")
    # The seed's URLs know one form only, and say which.
    answer = visitor.get("/api/v1/products/", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/json")


def nested(depth: int) -> str:
    return "or=(" + "and(" * depth + "name.eq.a,name.eq.b" + ")" * depth + ")"


def test_a_query_may_only_be_nested_so_deep(visitor: httpx.Client) -> None:
    assert visitor.get(f"/rest/v1/products?{nested(6)}").status_code == 200
    for query in (nested(8), nested(8).replace("(", "%28"), f"select={'categories(' * 9}id{')' * 9}"):
        assert_problem(visitor.get(f"/rest/v1/products?{query}"), 400, "query_too_deep")


ERRORS: list[tuple[str, str, Any, int]] = [
    ("GET", "/rest/v1/products?colour=eq.red", None, 400),
    ("GET", "/rest/v1/products?id=eq.1", None, 400),
    ("GET", "/rest/v1/products?limit=-1", None, 416),
    ("GET", "/rest/v1/products?select=*,addresses(*)", None, 400),
    ("GET", "/rest/v1/products?select=price.sum()", None, 400),
    ("GET", "/rest/v1/accounts", None, 404),
    ("GET", "/rest/v1/rpc/clear_cart", None, 405),
    ("PUT", "/rest/v1/rpc/clear_cart", {}, 405),
    ("POST", "/rest/v1/rpc/open_session", {}, 404),
    ("POST", "/rest/v1/orders", {"notes": "x"}, 403),
    ("POST", "/rest/v1/products", {"name": "x"}, 403),
    ("GET", "/api/v1/orders/1b95265a-099e-4fbe-a058-a227e8d71a87/", None, 404),
    ("GET", "/api/v1/orders/no-id/", None, 404),
    ("POST", "/api/v1/cart/items/", {"product_id": 1, "quantity": -1, "price": 1}, 422),
    ("POST", "/api/v1/orders/", [], 422),
    ("GET", "/api/v1/products/?price_min=cheap", None, 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ERRORS)
def test_an_error_says_what_concerns_the_caller_and_no_more(
    customer: Person, method: str, path: str, body: Any, status: int
) -> None:
    answer = customer.client.request(method, path, content=json.dumps(body) if body is not None else None)
    assert_problem(answer, status)
    assert status != 405 or answer.headers["allow"]

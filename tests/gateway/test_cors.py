"""Browsers of other origins: none by default, exactly those that CORS_ORIGINS names, and caches are told."""

from collections.abc import Callable

import httpx
import pytest

from tests.conftest import Shop
from tests.gateway.conftest import Answer, assert_problem, head, send

SHOP = "https://shop.example"
LOCAL = "http://localhost:3000"
PATHS = [
    "/api/v1/products/",
    "/api/v1/cart/",
    "/rest/v1/products",
    "/api/v1/auth/login/",
    "/health/",
    "/nowhere",
    "/media/x",
]


@pytest.fixture(scope="module")
def open_to(start_gateway: Callable[..., str], real: dict[str, str]) -> str:
    """The URL of a gateway that two origins may call."""
    return start_gateway(**real, cors_origins=[SHOP, LOCAL])


def cors(answer: Answer | httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def preflight(url: str, path: str, origin: str, method: str = "POST") -> Answer:
    asked = [f"Access-Control-Request-Method: {method}", "Access-Control-Request-Headers: authorization,content-type"]
    return send(url, head("OPTIONS", path, f"Origin: {origin}", *asked))


@pytest.mark.parametrize("path", PATHS)
def test_by_default_no_origin_may_call(shop: Shop, path: str) -> None:
    for answer in (send(shop.url, head("GET", path, f"Origin: {SHOP}")), preflight(shop.url, path, SHOP)):
        assert cors(answer) == {}
        assert answer.status != 204


@pytest.mark.parametrize("path", PATHS[:5])
@pytest.mark.parametrize("origin", [SHOP, LOCAL])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_named_origin_is_told_what_it_may_do(open_to: str, path: str, origin: str, method: str) -> None:
    answer = preflight(open_to, path, origin, method)
    assert (answer.status, answer.body) == (204, "")
    told = cors(answer)
    assert told["access-control-allow-origin"] == origin
    assert method in told["access-control-allow-methods"].split(", ")
    allowed = told["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "prefer", "idempotency-key", "apikey", "x-client-info"} <= set(allowed)
    assert int(told["access-control-max-age"]) > 0
    # Tokens come in a header: no browser is to send cookies.
    assert "access-control-allow-credentials" not in told
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("path", PATHS)
def test_answers_and_errors_are_readable_for_a_named_origin(open_to: str, path: str) -> None:
    answer = send(open_to, head("GET", path, f"Origin: {SHOP}"))
    assert cors(answer) == {
        "access-control-allow-origin": SHOP,
        "access-control-expose-headers": "Content-Range, Location, Retry-After, X-Request-Id",
    }
    if answer.status >= 400:
        assert_problem(answer, answer.status)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://shop.example:8443",
        "https://shop.example/",
        "https://shopXexample",
        "https://shop.example, https://evil.example",
        "null",
        "*",
    ],
)
@pytest.mark.parametrize("path", PATHS[:3])
def test_any_other_origin_is_told_nothing(open_to: str, path: str, origin: str) -> None:
    assert cors(preflight(open_to, path, origin)) == {}
    answer = send(open_to, head("GET", path, f"Origin: {origin}"))
    assert cors(answer) == {}
    # A cache must not give this answer to a named origin, nor the other way round.
    assert "Origin" in answer.headers["vary"]


def test_without_an_origin_caches_are_told_all_the_same(open_to: str) -> None:
    answer = send(open_to, head("GET", "/api/v1/products/"))
    assert cors(answer) == {}
    assert "Origin" in answer.headers["vary"]

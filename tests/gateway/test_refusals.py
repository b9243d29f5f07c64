"""Damaged, oversized and ill-formed requests: refused at the door, in the one shape, with the right status."""

import httpx
import pytest

from tests.conftest import Shop
from tests.gateway.conftest import assert_problem, head, send

TOO_MUCH = 300 * 1024
MALFORMED = {
    "no HTTP at all": (b"GARBAGE\r\n\r\n", 400),
    "TLS to a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "no host": (b"GET /api/v1/products/ HTTP/1.1\r\n\r\n", 400),
    "two hosts": (head("GET", "/api/v1/products/", "Host: other.example"), 400),
    "another version": (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505),
    "a method in small letters": (head("get", "/"), 400),
    "a header without a colon": (head("GET", "/api/v1/products/", "Bad Header"), 400),
    "NUL in a header": (head("GET", "/api/v1/products/", "X-A: a\0b"), 400),
    "NUL in the path": (head("GET", "/api/v1/products/\0/"), 400),
    "an encoded NUL in the path": (head("GET", "/api/v1/products/%00/"), 400),
    "half an escape": (head("GET", "/api/v1/products/%z/"), 400),
    "out of the root": (head("GET", "/../../etc/passwd"), 400),
    "two lengths": (head("POST", "/api/v1/cart/clear/", "Content-Length: 1", "Content-Length: 2"), 400),
    "a length and chunks": (
        head("POST", "/api/v1/cart/clear/", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        400,
    ),
    "chunks that are none": (head("POST", "/api/v1/cart/items/", "Transfer-Encoding: chunked") + b"ZZ\r\n", 400),
    "an unknown transfer": (head("POST", "/api/v1/cart/items/", "Transfer-Encoding: gzip"), 501),
    "a proxy's method": (head("CONNECT", "shop.example:80"), 405),
    "a tracer": (head("TRACE", "/api/v1/products/"), 405),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_http_is_refused(shop: Shop, what: str) -> None:
    request, status = MALFORMED[what]
    answer = send(shop.url, request)
    assert_problem(answer, status)
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/api/v1/products/", "/rest/v1/products", "/health/", "/nowhere", "/media/x"])
def test_what_is_too_large_is_refused(shop: Shop, path: str) -> None:
    assert_problem(send(shop.url, head("GET", f"{path}?a={'a' * 9000}")), 414, "uri_too_long")
    assert_problem(send(shop.url, head("GET", path, f"X-A: {'a' * 9000}")), 431, "headers_too_large")
    many = [f"X-{number}: {'a' * 2000}" for number in range(30)]
    assert_problem(send(shop.url, head("GET", path, *many)), 431, "headers_too_large")


@pytest.mark.parametrize(
    "path", ["/api/v1/cart/items/", "/api/v1/cart/clear/", "/rest/v1/addresses", "/api/v1/auth/login/", "/nowhere"]
)
def test_a_body_that_is_too_large_is_refused(shop: Shop, path: str) -> None:
    body = b"a" * TOO_MUCH
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (TOO_MUCH, body)
    said = head("POST", path, "Content-Type: application/json", f"Content-Length: {TOO_MUCH}")
    assert_problem(send(shop.url, said), 413, "payload_too_large")
    assert_problem(send(shop.url, said + body), 413, "payload_too_large")
    if path != "/nowhere":  # nginx doesn't read the body of a request that it doesn't forward.
        chunked = head("POST", path, "Content-Type: application/json", "Transfer-Encoding: chunked")
        assert_problem(send(shop.url, chunked + chunk), 413, "payload_too_large")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/products/\xff/",
        "/api/v1/products/%ff/",
        "/api/v1/products/%c0%af/",
        "/api/v1/products/%ed%a0%80/",
        "/api/v1/products/?search=%ff",
        "/api/v1/products/?search=\xe4",
        "/api/v1/products/?search=%00",
        "/?a=%ff",
        "/api/v1/products/?search=%z",
        "/rest/v1/products?name=eq.%ff",
        "/rest/v1/%ff",
        "/rest/v1/products?%ff=eq.1",
        "/rest/v1/products?name=eq.%00",
        "/health/?a=%ff",
        "/verify/?token=%ff",
    ],
)
def test_bytes_that_are_no_text_are_refused(shop: Shop, path: str) -> None:
    assert_problem(send(shop.url, head("GET", path)), 400, "bad_encoding")


@pytest.mark.parametrize("header", ["Prefer", "Accept", "Range", "X-A", "Authorization", "User-Agent"])
@pytest.mark.parametrize("sign", ["\xff", "\x01", "\x7f"])
def test_headers_that_are_no_text_are_refused(shop: Shop, header: str, sign: str) -> None:
    for path in ("/rest/v1/products", "/.well-known/jwks.json"):
        assert_problem(send(shop.url, head("GET", path, f"{header}: a{sign}")), 400, "bad_encoding")


@pytest.mark.parametrize("path", ["/api/v1/products/", "/rest/v1/products"])
def test_text_of_any_script_passes(visitor: httpx.Client, path: str) -> None:
    answer = visitor.get(
        path, params={"search" if "api" in path else "name": "eq.日本 ü 🙂 a;b&c"}, headers={"X-A": "ü".encode()}
    )
    assert answer.status_code == 200, answer.text

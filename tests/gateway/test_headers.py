"""What every answer bears, and what HTTP promises: HEAD, OPTIONS, compression, connections that stay."""

import gzip
import json
import re
import socket
from http.client import HTTPResponse

import httpx
import pytest

from tests.conftest import Person, Shop
from tests.gateway.conftest import head, send

ANSWERS = {
    "/": 200,
    "/api/v1/products/": 200,
    "/api/v1/cart/": 401,
    "/rest/v1/products": 200,
    "/rest/v1/products?a=b": 400,
    "/rest/v1/": 200,
    "/health/live": 200,
    "/.well-known/jwks.json": 200,
    "/verify/?token=x": 200,
    "/nowhere": 404,
    "/media/nothing.png": 404,
    "/%": 400,
}


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_is_safe_to_look_at(shop: Shop, path: str) -> None:
    answer = send(shop.url, head("GET", path))
    assert answer.status == ANSWERS[path]
    assert answer.headers["server"] == "nginx"
    assert "x-powered-by" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert not {"content-profile", "content-location", "proxy-status", "access-control-allow-origin"} & set(
        answer.headers
    )


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("order-7_a.b", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ('"x"', False),
        ("", False),
        ("ü", False),
    ],
)
def test_a_request_keeps_its_name_if_it_is_one(visitor: httpx.Client, given: str, is_kept: bool) -> None:
    answer = visitor.get("/health/live", headers={"X-Request-Id": given.encode("utf-8")})
    assert (answer.headers["x-request-id"] == given) is is_kept


@pytest.mark.parametrize("path", [path for path, status in ANSWERS.items() if status == 200])
def test_head_is_get_without_the_body(visitor: httpx.Client, path: str) -> None:
    whole, only_head = visitor.get(path), visitor.head(path)
    assert (only_head.status_code, only_head.text) == (whole.status_code, "")
    assert only_head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("path", ["/api/v1/cart/", "/rest/v1/nowhere", "/rest/v1/products?a=b", "/nowhere"])
def test_head_of_an_error_has_no_body_and_the_connection_goes_on(shop: Shop, path: str) -> None:
    with httpx.Client(base_url=shop.url, timeout=30) as client:
        assert client.head(path).status_code == client.get(path).status_code >= 400
        assert client.get("/health/live").status_code == 200


def test_options_tells_what_a_resource_takes(visitor: httpx.Client) -> None:
    answer = visitor.options("/rest/v1/products")
    assert answer.status_code == 200
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(answer.headers["allow"].split(","))
    assert visitor.options("/api/v1/cart/items/").headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/rest/v1/", "/rest/v1/?"])
def test_long_answers_are_compressed_for_those_who_can_read_it(shop: Shop, path: str) -> None:
    with socket.create_connection(
        (shop.url.split("/")[2].split(":")[0], int(shop.url.rsplit(":", 1)[1]))
    ) as connection:
        connection.sendall(head("GET", path, "Accept-Encoding: gzip"))
        with HTTPResponse(connection) as response:
            response.begin()
            assert response.getheader("Content-Encoding") == "gzip"
            assert "Accept-Encoding" in str(response.getheader("Vary"))
            unpacked = gzip.decompress(response.read())
    plain = send(shop.url, head("GET", path))
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    assert json.loads(unpacked) == json.loads(plain.body)


def test_one_connection_serves_many_requests_even_after_errors(customer: Person, shop: Shop) -> None:
    token = f"Authorization: Bearer {customer.access}"
    requests = [
        (head("GET", "/api/v1/products/"), 200),
        (head("GET", "/nowhere"), 404),
        (head("POST", "/api/v1/cart/items/", token, "Content-Type: application/json", "Content-Length: 1") + b"{", 400),
        (head("POST", "/api/v1/cart/items/", token, "Content-Type: text/plain", "Content-Length: 3") + b"abc", 415),
        (head("DELETE", "/api/v1/products/", "Content-Length: 3") + b"abc", 405),
        (head("POST", "/api/v1/cart/clear/", token, "Content-Length: 3") + b"abc", 200),
        (head("GET", "/rest/v1/products"), 200),
    ]
    with (
        httpx.Client(base_url=shop.url) as probe,
        socket.create_connection((probe.base_url.host, probe.base_url.port or 80), timeout=40) as connection,
    ):
        for request, status in requests:
            connection.sendall(request.replace(b"Connection: close\r\n", b""))
            response = HTTPResponse(connection)
            response.begin()
            assert response.status == status, response.read()
            response.read()
            response.close()

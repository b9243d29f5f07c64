"""Upstreams that are away, hang, or talk nonsense: the caller gets a 503 in the one shape, and may come again."""

import http.client
import json
import os
import re
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.conftest import Shop, eventually, pgshop
from tests.gateway.conftest import Upstream, assert_problem, configure, head, send

Start = Callable[..., str]
PATHS = ["/api/v1/products/", "/rest/v1/products", "/api/v1/cart/", "/health/", "/", "/.well-known/jwks.json"]


def answer_with(status: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers, "", body]
    return "\r\n".join(lines).encode()


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    """An address at which nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(scope="module")
def deserted(start_gateway: Start, closed: str) -> str:
    return start_gateway(postgrest=closed, service=closed)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_upstream_that_is_away_is_a_503(deserted: str, path: str, method: str) -> None:
    answer = send(deserted, head(method, path))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.body == "" if method == "HEAD" else assert_problem(answer, 503, "unavailable")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/api/v1/cart/clear/", "/api/v1/cart/items/", "/rest/v1/addresses", "/api/v1/auth/login/"]
)
def test_a_change_is_a_503_too_and_not_tried_twice(gateway: str, deserted: str, upstream: Upstream, path: str) -> None:
    request = head("POST", path, "Content-Type: application/json", "Content-Length: 2") + b"{}"
    assert_problem(send(deserted, request), 503, "unavailable")
    # It takes the request and goes without a word: it may have acted.
    upstream.answer = b""
    before = len(upstream.requests)
    assert_problem(send(gateway, request), 503, "unavailable")
    assert len(upstream.requests) == before + 1


def test_an_upstream_that_hangs_is_a_503(start_gateway: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        url = start_gateway(postgrest=address, service=address, patience="300ms")
        for path in PATHS:
            assert_problem(send(url, head("GET", path)), 503, "unavailable")


def test_an_idle_connection_is_given_up_by_nginx_first(tmp_path: Path, real: dict[str, str]) -> None:
    """Who gives it up while the next request is on its way loses that: it is not tried twice."""
    configuration = configure(tmp_path, 80, **real, media=tmp_path).read_text()
    kept = [int(seconds) for seconds in re.findall(r"keepalive 32; keepalive_timeout (\d+)s; }", configuration)]
    assert len(kept) == len(real)
    with ExitStack() as open_ones:
        idle = []
        for address in real.values():
            connection = open_ones.enter_context(closing(http.client.HTTPConnection(address, timeout=30)))
            connection.request("GET", "/nowhere")
            assert connection.getresponse().read()
            idle.append(connection.sock)
        closed, _, _ = select.select(idle, [], [], max(kept) + 5)
        assert closed == []


@pytest.mark.parametrize(("part", "path"), [("postgrest", "/api/v1/products/"), ("service", "/.well-known/jwks.json")])
def test_a_part_that_is_frozen_is_a_503_and_serves_again_when_it_wakes(
    start_gateway: Start, shop: Shop, real: dict[str, str], part: str, path: str
) -> None:
    url = start_gateway(**real, patience="300ms")
    # Asked now: whatever was killed before has been started anew.
    pid = json.loads(pgshop("status", "--json", "--state", str(shop.state)).stdout)["pids"][part]
    os.kill(pid, signal.SIGSTOP)
    try:
        assert_problem(send(url, head("GET", path)), 503, "unavailable")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert eventually(lambda: send(url, head("GET", path)).status == 200)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nBroken\0: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b"])
def test_an_upstream_that_talks_nonsense_is_a_503(gateway: str, upstream: Upstream, said: bytes) -> None:
    upstream.answer = said
    for path in PATHS:
        assert_problem(send(gateway, head("GET", path)), 503, "unavailable")


@pytest.mark.parametrize("path", ["/api/v1/products/", "/rest/v1/products"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 Internal Server Error", "Something went wrong"),
        (
            "500 Internal Server Error",
            '{"code":"XX000","message":"in logic.x: select 1","details":"at 127.0.0.1","hint":"h"}',
        ),
        (
            "503 Service Unavailable",
            '{"code":"PGRST000","message":"connection to 127.0.0.1:54321 failed","details":null}',
        ),
        ("504 Gateway Timeout", '{"code":"PGRST003","message":"Timed out acquiring connection from connection pool."}'),
        ("403 Forbidden", '{"code":"42501","message":"permission denied for table shop.products","details":null}'),
        (
            "404 Not Found",
            '{"code":"42P01","message":"relation \\"api.x\\" does not exist","details":null,"hint":null}',
        ),
        ("404 Not Found", '{"code":"PGRST202","message":"f","details":"d","hint":"Perhaps you meant api.secret"}'),
        ("404 Not Found", "{}"),
        ("400 Bad Request", '{"code":"","message":""}'),
        ("400 Bad Request", "[1]"),
        ("400 Bad Request", "null"),
        ("400 Bad Request", ""),
    ],
)
def test_whatever_postgrest_says_has_our_shape(
    upstream: Upstream, gateway: str, path: str, status: str, body: str
) -> None:
    upstream.answer = answer_with(status, body, "Content-Type: text/plain", "Proxy-Status: PostgREST; error=x")
    answer = send(gateway, head("GET", path))
    expected = {504: 503}.get(int(status[:3]), int(status[:3]))
    assert_problem(answer, expected)
    assert "proxy-status" not in answer.headers
    assert expected < 503 or answer.headers["retry-after"] == "1"


def test_an_error_of_ours_passes_whole_however_long(gateway: str, upstream: Upstream) -> None:
    details = [{"sku": f"SKU-{number}", "name": "ü" * 40} for number in range(1000)]
    said = {"code": "insufficient_stock", "message": "Not enough.", "details": json.dumps(details), "hint": "Less."}
    upstream.answer = answer_with("409 Conflict", json.dumps(said), "Content-Type: application/json")
    # Under /api/v1 details are what they are; /rest/v1 keeps PostgREST's text.
    assert assert_problem(send(gateway, head("GET", "/api/v1/products/")), 409) == {**said, "details": details}
    assert assert_problem(send(gateway, head("GET", "/rest/v1/products")), 409) == said

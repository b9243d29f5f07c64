"""What visitors share, and what keeps answers apart; an upstream counts who asks."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from extensions.config import Settings
from tests.gateway.conftest import Answer, Upstream, assert_problem, head, send

Start = Callable[..., str]
SLOT = 60
LIST = "/api/v1/products/?search=pan"
DETAIL = "/api/v1/products/pan/"
VIEW = "/rest/v1/products?select=name"
CACHED = [LIST, DETAIL, VIEW, "/api/v1/products/categories/", "/rest/v1/categories", "/rest/v1/product_variants?a=eq.1"]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
BARE = ["apikey: sb_key", "Authorization: Bearer sb_key"]


@pytest.fixture(scope="module")
def counting() -> Iterator[Upstream]:
    with closing(Upstream(OK)) as made:
        yield made


@pytest.fixture(scope="module")
def kept(start_gateway: Start, counting: Upstream) -> str:
    """The URL of a gateway whose cache lasts so long that a test rarely crosses its border.

    One worker: with two, the next request may come in while the other is still writing the answer down.
    """
    return start_gateway(postgrest=counting.address, service=counting.address, cache_seconds=SLOT, workers=1)


@pytest.fixture
def ask(kept: str, counting: Upstream) -> Callable[..., list[Answer]]:
    """`ask(request, …)` sends each, and answers with the answers; `counting.requests` are what they led to."""
    numbers = time.monotonic_ns()

    def act(*requests: bytes) -> list[Answer]:
        nonlocal numbers
        while True:
            # Addresses that nobody has asked for, so that nothing is left over from other tests.
            numbers += 1
            counting.requests.clear()
            slot = time.time() // SLOT
            answers = [send(kept, request.replace(b"pan", b"pan%d" % numbers)) for request in requests]
            if time.time() // SLOT == slot:
                return answers

    counting.answer = OK
    return act


def of(path: str) -> str:
    """The path with a name in it that `ask` makes unique."""
    return path if "pan" in path else f"{path}{'&' if '?' in path else '?'}{'page=pan' if 'api' in path else 'id=pan'}"


@pytest.mark.parametrize("path", CACHED)
@pytest.mark.parametrize("methods", [("GET", "GET"), ("GET", "HEAD"), ("HEAD", "GET")])
def test_who_asks_the_same_is_answered_once(
    ask: Callable[..., list[Answer]], counting: Upstream, path: str, methods: tuple[str, str]
) -> None:
    first, second = ask(*(head(method, of(path)) for method in methods))
    assert len(counting.requests) == 1
    assert counting.last()[0].startswith("GET ")
    assert (first.status, second.status) == (200, 200)
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")
    assert [answer.body for answer in (first, second)] == ["{}" if method == "GET" else "" for method in methods]
    for name in ("content-length", "content-type", "cache-control", "vary", "etag"):
        assert first.headers.get(name) == second.headers.get(name), name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((LIST,), (f"{LIST}&page=2",)),
        # Links in the body keep what is not known, too.
        ((LIST,), (f"{LIST}&utm=1",)),
        ((LIST,), ("/api/v1/products?search=pan",)),
        ((LIST,), ("/api/v1/products/?search=pan+",)),
        ((DETAIL,), ("/api/v1/products/PAN-pan/",)),
        (("/api/v1/products/?page=pan",), ("/api/v1/products/categories/?page=pan",)),
        ((VIEW + "&id=eq.pan",), (VIEW + "&id=eq.%70an",)),
        ((VIEW + "&id=eq.pan",), ("/rest/v1/reviews?select=name&id=eq.pan",)),
        ((VIEW + "&id=pan",), (VIEW + "&id=pan", "Accept: text/csv")),
        ((VIEW + "&id=pan",), (VIEW + "&id=pan", "Prefer: count=exact")),
        ((VIEW + "&id=pan", "Prefer: a", "Accept: b"), (VIEW + "&id=pan", "Prefer: b", "Accept: a")),
        ((VIEW + "&id=pan", "Accept: a"), (VIEW + "&id=pan", "Prefer: a")),
    ],
)
def test_what_changes_the_answer_keeps_it_apart(
    ask: Callable[..., list[Answer]], counting: Upstream, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    answers = ask(*(head("GET", *asked) for asked in (one, other, one, other)))
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "MISS", "HIT", "HIT"]
    assert len(counting.requests) == 2


@pytest.mark.parametrize("path", CACHED)
@pytest.mark.parametrize(
    "headers",
    [
        [
            "X-Forwarded-Host: evil.example",
            "X-Forwarded-Proto: evil",
            "X-Forwarded-For: 6.6.6.6",
            "Forwarded: host=evil",
        ],
        ["X-Original-Url: http://evil.example/", "X-Rewrite-Url: /evil", "X-Path-Id: evil", "X-Path-Slug: evil"],
        ["Accept-Profile: evil", "Content-Profile: evil", "User-Agent: evil", "Accept-Language: evil"],
        ["Origin: https://evil.example", "Referer: https://evil.example", "X-HTTP-Method-Override: DELETE"],
        ["Content-Length: 4", "Content-Type: evil/evil"],
        BARE,
    ],
)
def test_what_does_not_change_it_does_not_arrive(
    ask: Callable[..., list[Answer]], kept: str, counting: Upstream, path: str, headers: list[str]
) -> None:
    body = b"evil" if "Content-Length: 4" in headers else b""
    # Whoever comes first could poison what the others get.
    poisoned = (head("GET", of(path), *headers) + body).replace(b"Host: shop.example", b"Host: evil.example")
    _, second = ask(poisoned, head("GET", of(path)))
    assert second.headers["x-cache"] == "HIT"
    assert len(counting.requests) == 1
    assert "evil" not in counting.requests[0] and "sb_key" not in counting.requests[0]
    arrived = counting.headers()
    known = {"host", "accept", "accept-profile", "prefer", "x-original-url", "x-request-id", "traceparent"}
    assert arrived.keys() <= known
    if path.startswith("/api"):
        assert arrived["x-original-url"][0].startswith(f"{kept}/api/v1/products/")


def test_where_there_are_no_links_an_unknown_parameter_makes_no_answer_of_its_own(
    ask: Callable[..., list[Answer]], kept: str, counting: Upstream
) -> None:
    answers = ask(*(head("GET", f"{DETAIL}{query}") for query in ("?utm_source=evil", "", "?slug=evil&page=2")))
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert "evil" not in counting.requests[0]
    assert counting.headers()["x-original-url"][0].startswith(f"{kept}/api/v1/products/pan")


@pytest.mark.parametrize("path", CACHED)
@pytest.mark.parametrize(
    "headers",
    [
        ["Authorization: Bearer a.b.c"],
        ["apikey: a.b.c", "Authorization: Bearer a.b.c"],
        ["apikey: sb_key", "Authorization: Bearer other"],
        ["apikey: sb_key"],
        ["Authorization: Basic eDp5"],
        ["Authorization: Bearer sb_key"],
        ["Cookie: session=1"],
        ["Range: 0-1"],
    ],
)
def test_who_may_be_somebody_is_asked_for_each_time(
    ask: Callable[..., list[Answer]], counting: Upstream, path: str, headers: list[str]
) -> None:
    visitor, somebody = head("GET", of(path)), head("GET", of(path), *headers)
    for order in ((visitor, somebody, somebody, visitor), (somebody, visitor, visitor, somebody)):
        answers = ask(*order)
        assert len(counting.requests) == 3
        for request, answer in zip(order, answers, strict=True):
            is_visitor = request is visitor
            assert ("x-cache" in answer.headers) is is_visitor
            assert answer.headers["cache-control"] == ("public, no-cache" if is_visitor else "private, no-store")
            assert not is_visitor or "Authorization" in answer.headers["vary"]


@pytest.mark.parametrize("path", CACHED)
@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Internal Server Error", "503 Unavailable"])
def test_an_error_is_not_kept(ask: Callable[..., list[Answer]], counting: Upstream, path: str, status: str) -> None:
    counting.answer = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode()
    for answer in ask(head("GET", of(path)), head("GET", of(path))):
        assert_problem(answer, int(status[:3]))
        assert answer.headers["cache-control"] == "private, no-store"
        assert "etag" not in answer.headers
    assert len(counting.requests) == 2


@pytest.mark.parametrize("path", CACHED)
def test_a_cookie_is_neither_kept_nor_given(ask: Callable[..., list[Answer]], counting: Upstream, path: str) -> None:
    counting.answer = OK.replace(b"Connection:", b"Set-Cookie: session=1\r\nConnection:")
    answers = ask(head("GET", of(path)), head("GET", of(path)))
    assert len(counting.requests) == 2
    assert all("set-cookie" not in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rest/v1/settings"),
        ("GET", "/rest/v1/"),
        ("GET", "/rest/v1/rpc/products"),
        ("GET", "/rest/v1/productsx"),
        ("GET", "/rest/v1/products/"),
        ("GET", "/rest/v1/%70roducts"),
        ("OPTIONS", "/rest/v1/products"),
        ("DELETE", "/rest/v1/products?id=eq.1"),
        ("GET", "/api/v1/cart/"),
        ("GET", "/api/v1/orders/"),
        ("GET", "/health/"),
        ("DELETE", "/api/v1/products/x/"),
    ],
)
def test_everything_else_is_asked_for_each_time(
    ask: Callable[..., list[Answer]], counting: Upstream, method: str, path: str
) -> None:
    answers = ask(head(method, path), head(method, path))
    assert len(counting.requests) == 2
    assert all(answer.headers["cache-control"] == "private, no-store" for answer in answers)


def test_the_cache_can_be_switched_off(start_gateway: Start, counting: Upstream) -> None:
    counting.answer = OK
    url = start_gateway(postgrest=counting.address, service=counting.address, cache_seconds=0)
    for path in CACHED:
        counting.requests.clear()
        answers = [send(url, head("GET", path)) for _ in range(3)]
        assert len(counting.requests) == 3
        assert {answer.headers["cache-control"] for answer in answers} == {"public, no-cache"}
        assert "x-cache" not in answers[2].headers


@pytest.mark.parametrize("token", [[], ["Authorization: Bearer a.b.c"]])
def test_addresses_in_bodies_begin_where_the_shop_is_said_to_be(
    start_gateway: Start, counting: Upstream, token: list[str]
) -> None:
    public = "https://shop.example/north"
    url = start_gateway(postgrest=counting.address, service=counting.address, public_url=public)
    for path in ("/api/v1/products/", "/api/v1/products/?search=pan&page=2"):
        assert send(url, head("GET", path, *token, "X-Forwarded-Proto: evil")).status == 200
        assert counting.headers()["x-original-url"] == [f"{public}{path}"]
    # Bytes that a URL may not have are encoded; what is encoded already stays.
    assert send(url, head("GET", '/api/v1/products/?name=\xc3\xbc"<%22', *token)).status == 200
    assert counting.headers()["x-original-url"] == [f"{public}/api/v1/products/?name=%C3%BC%22%3C%22"]


@pytest.mark.parametrize(
    "url", ["shop.example", "https://", "https://a b", 'https://a";b', "https://$host", "https://a/"]
)
def test_a_place_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(_env_file=None, public_url=url)


def test_each_origin_is_told_of_itself_though_the_answer_is_shared(start_gateway: Start, counting: Upstream) -> None:
    named = ["https://a.example", "https://b.example"]
    url = start_gateway(postgrest=counting.address, service=counting.address, cache_seconds=SLOT, cors_origins=named)
    for origin in (*named, "https://evil.example", *named):
        for path in CACHED:
            answer = send(url, head("GET", path, f"Origin: {origin}"))
            assert answer.headers.get("access-control-allow-origin") == (origin if origin in named else None)
            assert "Origin" in answer.headers["vary"]

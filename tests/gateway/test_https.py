"""Where the shop is reached by HTTPS, nobody stays on HTTP."""

from collections.abc import Callable

import pytest

from tests.gateway.conftest import Upstream, head, send

HTTPS = "https://shop.example"
KEPT = "strict-transport-security"


@pytest.fixture(scope="module")
def behind_tls(start_gateway: Callable[..., str], upstream: Upstream) -> str:
    """A gateway whose visitors come through a proxy that speaks TLS."""
    return start_gateway(postgrest=upstream.address, service=upstream.address, public_url=HTTPS)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/api/v1/products/?page=2&search=a%20b", "/rest/v1/products", "/no/such"])
def test_who_comes_by_http_is_sent_to_https(behind_tls: str, upstream: Upstream, method: str, path: str) -> None:
    seen = len(upstream.requests)
    answer = send(behind_tls, head(method, path, "X-Forwarded-Proto: http", "Content-Length: 0"))
    # 308 and not 301: a POST stays a POST.
    assert (answer.status, answer.headers["location"]) == (308, HTTPS + path)
    assert len(upstream.requests) == seen


def test_a_line_break_in_the_address_is_no_header(behind_tls: str) -> None:
    answer = send(behind_tls, head("GET", "/a%0d%0aSet-Cookie:x=y", "X-Forwarded-Proto: http"))
    assert (answer.status, answer.headers["location"]) == (308, HTTPS + "/a%0d%0aSet-Cookie:x=y")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("path", "status"), [("/health/live", 200), ("/no/such", 404)])
def test_browsers_are_told_to_come_by_https_only(behind_tls: str, path: str, status: int) -> None:
    answer = send(behind_tls, head("GET", path, "X-Forwarded-Proto: https"))
    assert (answer.status, answer.headers[KEPT]) == (status, "max-age=31536000")


def test_a_shop_on_http_sends_nobody_away(gateway: str) -> None:
    answer = send(gateway, head("GET", "/health/live", "X-Forwarded-Proto: http"))
    assert answer.status == 200
    assert KEPT not in answer.headers

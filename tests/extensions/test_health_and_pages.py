"""Health tells the truth about each part, and the landing page shows what is where."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.conftest import Shop, eventually, pgshop

PARTS = {"database", "postgrest", "redis", "mail", "stripe", "outbox", "worker", "relay", "beat"}


@contextmanager
def frozen(shop: Shop, part: str) -> Iterator[None]:
    """The part is there and answers nobody."""
    pid = json.loads(pgshop("status", "--json", "--state", str(shop.state)).stdout)["pids"][part]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_whole_shop_is_healthy(shop: Shop) -> None:
    answer = eventually(
        lambda: (got := shop.client().get("/health/")).json()["status"] == "healthy" and got, what="healthy"
    )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told.keys() == {"status", "service", "version", "parts"}
    assert told["service"] == "pgshop"
    assert told["parts"].keys() == PARTS
    for part in told["parts"].values():
        assert part.keys() == {"state", "latency_ms"}
        assert part["state"] == "up"
        assert 0 < part["latency_ms"] < 2500


@pytest.mark.parametrize(
    ("part", "shown_as", "status", "verdict"),
    [
        ("postgrest", "postgrest", 503, "unhealthy"),
        # Mails and payments come later; the shop sells.
        ("mail", "mail", 200, "degraded"),
        ("twin", "stripe", 200, "degraded"),
        ("valkey", "redis", 200, "degraded"),
    ],
)
def test_a_part_that_does_not_answer_is_told(shop: Shop, part: str, shown_as: str, status: int, verdict: str) -> None:
    with frozen(shop, part):
        client = shop.client()

        def look() -> httpx.Response | None:
            """Down each time; the verdict is of all parts, of which others may be slow to answer at some moment."""
            answer = client.get("/health/")
            told = answer.json()["parts"][shown_as]
            assert told["state"] == "down" and told["reason"], answer.text
            return answer if (answer.status_code, answer.json()["status"]) == (status, verdict) else None

        answer = eventually(look, what=verdict)
        # It says what is wrong, not where things are.
        assert not re.search(r"127\.0\.0\.1|://|password", answer.text)
        live = shop.client().get("/health/live")
        assert (live.status_code, live.json()) == (200, {"status": "alive"})
    eventually(lambda: shop.client().get("/health/").json()["status"] == "healthy", what="recovery")


def test_the_landing_page_shows_what_is_where(shop: Shop) -> None:
    page = httpx.get(f"{shop.url}/", timeout=30)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    for rule in ("default-src 'none'", "base-uri 'none'", "form-action 'self'", "connect-src 'self'"):
        assert rule in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["x-content-type-options"] == "nosniff"
    # Self-contained, and what it links to is there.
    assert not re.search(r"""(src|href)=["']https?://(?!127\.0\.0\.1)""", page.text)
    links = set(re.findall(r'href="(/[^"]+)"', page.text))
    assert {"/api/v1/products/", "/api/docs/", "/health/", "/.well-known/jwks.json"} <= {
        link for link in links if "+" not in link
    }
    for link in {link.replace("&amp;", "&") for link in links if "'" not in link}:
        assert httpx.get(shop.url + link, timeout=30).status_code == 200, link
    assert shop.status["mail_url"] in page.text
    # No demo was asked for, so no passwords are shown.
    assert "Demo accounts" not in page.text


def test_the_page_only_reads(shop: Shop) -> None:
    answer = httpx.post(f"{shop.url}/", timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    nowhere = httpx.get(f"{shop.url}/nowhere", timeout=30)
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")

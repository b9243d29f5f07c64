"""Too many requests from one address: 429 in the one shape, with when to come again; others are served."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import eventually
from tests.gateway.conftest import Answer, assert_problem, head, send

Start = Callable[..., str]


def at_once(url: str, requests: list[bytes]) -> list[Answer]:
    """The answers to requests none of which waits for another's: a second lets one more pass, however slow the shop."""
    with ThreadPoolExecutor(len(requests)) as crowd:
        return list(crowd.map(lambda request: send(url, request), requests))


@pytest.fixture
def slow(start_gateway: Start, real: dict[str, str]) -> str:
    """A gateway that lets one request a second pass, and two at once on top."""
    return start_gateway(
        **real, rate_per_second=1, trusted_proxies=["127.0.0.1"], cors_origins=["https://shop.example"]
    )


@pytest.mark.parametrize("path", ["/api/v1/products/", "/rest/v1/products", "/health/live", "/api/v1/auth/login/"])
def test_too_many_requests_are_refused(slow: str, path: str) -> None:
    request = head("GET", path, "Origin: https://shop.example")
    answers = [send(slow, request), *at_once(slow, [request] * 7)]
    counted = Counter(answer.status == 429 for answer in answers)
    assert counted[False] >= 3 and counted[True] >= 3
    assert answers[0].status != 429
    refused = next(answer for answer in answers if answer.status == 429)
    assert_problem(refused, 429, "too_many_requests")
    assert int(refused.headers["retry-after"]) >= 1
    # A page must be able to read that it is to wait.
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"


def test_another_address_is_served_and_the_first_again_later(slow: str) -> None:
    first, other = (head("GET", "/health/live", f"X-Forwarded-For: {address}") for address in ("9.9.9.9", "8.8.8.8"))
    # The other one in their midst.
    *answers, served = at_once(slow, [*[first] * 8, other])
    assert 429 in {answer.status for answer in answers}
    assert served.status == 200
    assert eventually(lambda: send(slow, first).status == 200)


def test_an_invented_address_is_no_way_round(start_gateway: Start, real: dict[str, str]) -> None:
    url = start_gateway(**real, rate_per_second=1)
    answers = at_once(url, [head("GET", "/health/live", f"X-Forwarded-For: 9.9.9.{number}") for number in range(8)])
    assert 429 in {answer.status for answer in answers}

"""A7: signing in, registering and resetting do not tell whether an address has an account, be it by time."""

import math
import random
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import PASSWORD, Person, Shop
from tests.figures import Tell

pytestmark = pytest.mark.usefixtures("drained")
SAMPLES, ATTEMPTS = 200, 3
Act = Callable[[httpx.Client, str], httpx.Response]


def act(path: str, **more: str) -> Act:
    return lambda client, email: client.post(f"/api/v1/auth/{path}/", json={"email": email, **more})


ACTS = {
    "login": act("login", password="a wrong enough password"),
    "register": act("register", password=PASSWORD, password2=PASSWORD, first_name="Ann"),
    "reset": act("password/reset"),
    "resend": act("verify/resend"),
}


def p_value(xs: list[float], ys: list[float]) -> float:
    """Mann-Whitney, two-sided, by the normal approximation; ties do not occur in nanoseconds."""
    ranked = sorted([(x, True) for x in xs] + [(y, False) for y in ys])
    rank_sum = sum(rank for rank, (_, is_first) in enumerate(ranked, 1) if is_first)
    n, m = len(xs), len(ys)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def test_the_statistic_sees_a_difference_and_no_other() -> None:
    chance = random.Random(1)
    same, also = ([chance.gauss(30, 3) for _ in range(SAMPLES)] for _ in range(2))
    assert p_value(same, also) > 0.01
    assert p_value(same, [x + 2 for x in also]) < 1e-6


def unknown() -> str:
    return f"customer-0-{uuid.uuid4().hex[:6]}@example.com"


def measure(do: Act, client: httpx.Client, known: Callable[[], str], chance: random.Random) -> dict[str, list[float]]:
    """Seconds for known and unknown addresses, in pairs of chance order, so that noise meets both."""
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(SAMPLES):
        pair = [("known", known()), ("unknown", unknown())]
        chance.shuffle(pair)
        for kind, email in pair:
            begun = time.perf_counter()
            do(client, email)
            taken[kind].append(time.perf_counter() - begun)
    return taken


@pytest.mark.parametrize("name", ACTS)
def test_time_does_not_tell_who_has_an_account(
    shop: Shop, acting_as: Callable[..., Person], name: str, tell: Tell
) -> None:
    """A7: Mann-Whitney over 200 samples of each; a machine that was busy with something else is asked again."""
    people, seed, begun = [acting_as().email for _ in range(4)], random.randrange(10**6), time.perf_counter()
    chance = random.Random(seed)
    for attempt in range(1, ATTEMPTS + 1):
        taken = measure(ACTS[name], shop.client(), lambda: chance.choice(people), chance)
        known, other = (statistics.median(taken[kind]) for kind in ("known", "unknown"))
        p, difference = p_value(taken["known"], taken["unknown"]), abs(known - other) / other
        tell(
            f"{name}: seed {seed}, {SAMPLES} of each, {time.perf_counter() - begun:.0f} s, attempt {attempt}: "
            f"p = {p:.3f}, medians {known * 1000:.2f} and {other * 1000:.2f} ms ({difference:.1%})"
        )
        if p > 0.01 or difference < 0.05:
            return
    pytest.fail(f"{name} tells who has an account")


def shape(answer: httpx.Response, email: str) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers, without what is of this very request."""
    changing = ("date", "x-request-id")
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    body = answer.json()
    if "created_at" in body:
        assert body["email"] == email
        body = {key: type(value) if key in {"id", "email", "created_at"} else value for key, value in body.items()}
        # Microseconds that end in zeros are written shorter.
        headers.pop("content-length")
    return answer.status_code, body, headers


@pytest.mark.parametrize("name", ACTS)
def test_status_body_and_headers_do_not_tell_either(shop: Shop, acting_as: Callable[..., Person], name: str) -> None:
    """A7: what is answered is the same to the byte."""
    person = acting_as(email=unknown())
    client, other = shop.client(), unknown()
    assert shape(ACTS[name](client, person.email), person.email) == shape(ACTS[name](client, other), other)

"""Hold a part of the stack still, or take it away, for as long as a test needs it."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from stack.state import State
from tests.conftest import Person, Shop, eventually, pgshop
from tests.workers.mails import NASTY


@pytest.fixture
def pids(shop: Shop) -> Callable[[], dict[str, int]]:
    """The parts' pids as they are now; a part that was killed has a new one."""
    return lambda: dict(json.loads(pgshop("status", "--json", "--state", str(shop.state)).stdout)["pids"])


@pytest.fixture
def frozen(pids: Callable[[], dict[str, int]]) -> Callable[[str], AbstractContextManager[int]]:
    """`with frozen("mail")`: the part is there and does nothing."""

    @contextmanager
    def freeze(part: str) -> Iterator[int]:
        pid = pids()[part]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGCONT)

    return freeze


@pytest.fixture
def no_clock(frozen: Callable[[str], AbstractContextManager[int]]) -> Iterator[None]:
    """Nothing is done because its time has come."""
    with frozen("beat"):
        yield


def shows_mails(shop: Shop) -> bool:
    """Whether the catcher's page is there, which may come later than its SMTP server."""
    try:
        return httpx.get(f"{shop.status['mail_url']}/api/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def mail_is_dead(shop: Shop) -> Iterator[Callable[[], None]]:
    """The SMTP server is gone and its port refuses, until what is given is called, or the test ends."""
    control = [Path(sys.executable).with_name("supervisorctl"), "-s", f"unix://{State.at(shop.state).socket}"]
    subprocess.run([*control, "stop", "mail"], check=True, capture_output=True)

    def start() -> None:
        # Says so and does nothing when it runs already.
        subprocess.run([*control, "start", "mail"], check=False, capture_output=True)
        eventually(lambda: shows_mails(shop), what="the page of mails")
        eventually(lambda: shop.client().get("/health/").json()["parts"]["mail"]["state"] == "up", what="mail")

    yield start
    start()


@pytest.fixture
def row(database: psycopg.Connection[Any]) -> Callable[..., dict[str, Any]]:
    """`row(topic, customer_id=…)`: the latest outbox row whose payload has this."""

    def find(topic: str, **payload: str) -> dict[str, Any]:
        found = database.execute(
            "select *, id::text as id from shop.outbox where topic = %s and payload @> %s"
            " order by created_at desc limit 1",
            [topic, Jsonb(payload)],
        ).fetchone()
        assert found, f"no {topic} for {payload}"
        return dict(found)

    return find


@pytest.fixture
def order(customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Any]:
    """Three of something at 3.33 and one of a thing with a nasty name at 1234.50."""
    nasty = make_product(name=NASTY, slug=uuid.uuid4().hex, price="1234.50")
    answer = customer.client.post("/api/v1/cart/items/", json={"product_id": nasty["id"], "quantity": 1})
    assert answer.status_code == 201
    return dict(buy(customer, make_product(name="Plain thing", slug=uuid.uuid4().hex, price="3.33"), 3))

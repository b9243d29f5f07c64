"""What several files need to speak with the shop."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import Shop

AtOnce = Callable[[list[Callable[[], httpx.Response]]], list[httpx.Response]]


@pytest.fixture(scope="session")
def at_once() -> AtOnce:
    """`at_once(acts)` runs every act in a thread of its own, all released by one barrier."""

    def run_all(acts: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[], httpx.Response]) -> httpx.Response:
            barrier.wait()
            return act()

        with ThreadPoolExecutor(len(acts)) as threads:
            return list(threads.map(run, acts))

    return run_all


@pytest.fixture
def no_webhooks(shop: Shop) -> Iterator[None]:
    """Nobody but the service tells what became of a payment."""
    key = {"Authorization": f"Bearer {shop.status['stripe_secret_key']}"}
    with httpx.Client(base_url=shop.status["stripe_api_base"], headers=key) as twin:
        twin.post("/twin/faults", json={"on": "*", "how": "drop", "times": 1_000_000}).raise_for_status()
        yield
        twin.delete("/twin/faults").raise_for_status()

"""What several files need to speak with the shop."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

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

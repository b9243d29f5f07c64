"""How long it goes on and from which seed, and a line for what was measured."""

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import stripe

from tests.conftest import Shop
from tests.databases import superuser_url
from tests.figures import Tell
from tests.soak.buyers import Crowd
from tests.workers.conftest import frozen, no_clock, pids

__all__ = ["frozen", "no_clock", "pids", "superuser_url"]

# `make soak` is SOAK=all: hours of trade in minutes. The ordinary run has a short form of each.
IS_LONG = os.environ.get("SOAK") == "all"
SEED = int(os.environ.get("SOAK_SEED") or 20261126)


@dataclass
class Measure:
    """What a suite did: counted as it goes, printed at its end whatever happens, and held against a floor."""

    name: str
    tell: Tell
    begun: float = field(default_factory=time.monotonic)
    counts: dict[str, Any] = field(default_factory=dict)

    def add(self, **counts: int) -> None:
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def line(self) -> None:
        said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.counts.items())
        seconds = time.monotonic() - self.begun
        self.tell(f"soak: {self.name}: seed {SEED}, {said}, {seconds:.0f} s")


@pytest.fixture
def measure(request: pytest.FixtureRequest, tell: Tell) -> Iterator[Measure]:
    """Printed when the test is over."""
    made = Measure(request.node.name.removeprefix("test_").replace("_", " "), tell)
    yield made
    made.line()


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> random.Random:
    """Chance, the same each time for each test."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session")
def gather(shop: Shop) -> Iterator[Callable[[int], Crowd]]:
    """`gather(200)`: so many guests, each with a connection of their own; made once, and those at hand come again."""
    crowd = Crowd(shop)
    yield crowd.of
    crowd.close()


@pytest.fixture
def deadlocks(superuser_url: str) -> Iterator[Callable[[], int]]:
    """`deadlocks()`: how many PostgreSQL has broken in this database, ever."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:

        def count() -> int:
            row = connection.execute(
                "select deadlocks, pg_stat_clear_snapshot() from pg_stat_database where datname = current_database()"
            ).fetchone()
            assert row
            return int(row[0])

        yield count


@pytest.fixture(scope="session")
def bank(shop: Shop) -> stripe.StripeClient:
    """The official client of the Stripe that the shop uses, here its twin."""
    return stripe.StripeClient(shop.status["stripe_secret_key"], base_addresses={"api": shop.status["stripe_api_base"]})

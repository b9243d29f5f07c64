"""Every cell of the matrix is as declared when asked through the public port, with signed tokens."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Shop
from tests.figures import Tell
from tests.matrix.asks import Ask, Asks
from tests.matrix.conftest import token
from tests.matrix.world import ACTORS

FLOOR = 5000


def test_every_cell_is_as_declared(shop: Shop, asks: Asks, tell: Tell) -> None:
    clients = {actor: shop.client(token(shop, asks, actor)) for actor in ACTORS}

    def wrong(ask: Ask) -> str | None:
        return ask.verdict(
            clients[ask.actor].request(
                ask.method, ask.path, params=ask.params or None, json=ask.body, headers=ask.headers
            )
        )

    made = asks.all()
    started = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        failed = [failure for failure in threads.map(wrong, made) if failure]
    tell(f"matrix over HTTP: {len(made)} cells, {len(failed)} wrong, {time.monotonic() - started:.1f} s")
    if failed:
        pytest.fail(f"{len(failed)} cells are not as matrix.toml says:\n" + "\n".join(failed[:20]), pytrace=False)
    assert len(made) >= FLOOR
    assert {ask.actor for ask in made} == set(ACTORS)


def test_a_relation_is_embedded_wherever_it_can_be(shop: Shop, asks: Asks) -> None:
    """So that it says something that rows of others are not among what is embedded."""
    staff = shop.client(token(shop, asks, "staff"))
    embeddings = [ask for ask in asks.of_embedding() if ask.actor == "staff" and ask.expected == "embedded"]
    found = [staff.get(ask.path, params=ask.params).status_code for ask in embeddings]
    assert found.count(200) >= 20

"""A database of its own with the world of the matrix."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from db.migrate import migrate
from tests.databases import scratch, superuser_url
from tests.matrix.cells import Cells
from tests.matrix.declared import Matrix, load
from tests.matrix.probes import Check, prepare
from tests.matrix.world import build

__all__ = ["scratch", "superuser_url"]


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    return load()


@pytest.fixture(scope="session")
def ground(scratch: Callable[..., Any]) -> Iterator[psycopg.Connection[Any]]:
    """A superuser in a migrated database that nobody else uses."""
    with scratch() as urls:
        migrate(urls["migrator"])
        with psycopg.connect(urls["superuser"]) as connection:
            yield connection
            connection.rollback()


@pytest.fixture(scope="session")
def cells(ground: psycopg.Connection[Any], matrix: Matrix) -> Cells:
    """The cells of a world that lives in the connection's open transaction."""
    world = build(ground)
    prepare(ground)
    return Cells(ground, matrix, world)


@pytest.fixture(scope="session")
def checks(cells: Cells) -> list[Check]:
    return cells.all()

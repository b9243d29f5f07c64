"""The contract of the seed's shop holds in containers: the points of tests/contract, through the gateway's port.

Points without calls of their own are shown by whole tests, which look into the embedded stack (a few: its files, its
database, its processes); docs/reference/seed-contract.md names them.
"""

import os

import pytest

if os.environ.get("COMPOSE") != "all":
    pytest.skip("run by make compose-test", allow_module_level=True)

from tests.compose.conftest import House
from tests.contract.conftest import admin, client_of, description, known, regular, shelf  # noqa: F401 for pytest
from tests.contract.test_points import (  # noqa: F401 for pytest
    POINTS,
    test_the_point_holds,
    test_what_no_point_calls_is_as_described_too,
)
from tests.figures import Tell


@pytest.fixture(scope="session")
def shop(house: House) -> House:
    """In place of the embedded one."""
    return house


def test_each_point_was_walked(request: pytest.FixtureRequest, tell: Tell) -> None:
    here = [item for item in request.session.items if item.path == request.path]
    walked = [item for item in here if item.name.startswith("test_the_point_holds[")]
    assert len(walked) == len([point for point in POINTS if point.calls])
    calls = sum(len(point.calls) for point in POINTS)
    tell(f"compose: {len(walked)} points of the seed's contract walked in {calls} calls")

"""Read points.toml: the points of the contract and the faults that are shown to be absent."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.contract.calls import Call, parse

SOURCE = Path(__file__).with_name("points.toml")
WALKER = "tests/contract/test_points.py::test_the_point_holds"


@dataclass(frozen=True)
class Point:
    """A promise. `tests` are those that show more of it than `calls` can; `deviation` says what is kept instead."""

    number: int
    group: str
    promise: str
    calls: tuple[Call, ...] = ()
    tests: tuple[str, ...] = ()
    deviation: str = ""
    open: str = ""

    @property
    def shown_by(self) -> tuple[str, ...]:
        """Every test that shows it."""
        return (*([f"{WALKER}[{self.number}]"] if self.calls else []), *self.tests)


@dataclass(frozen=True)
class Fault:
    """What a shop of this kind did wrong, and the tests that show that this one does not."""

    number: int
    fault: str
    tests: tuple[str, ...] = ()
    open: str = ""


def read() -> tuple[list[Point], list[Fault]]:
    """Points and faults in the order of the file. Raises ValueError or TypeError for a row that is not understood."""
    with SOURCE.open("rb") as file:
        document = tomllib.load(file)
    points = [
        Point(**{**row, "group": group["name"], "calls": tuple(parse(row.get("calls", ""))), "tests": tests(row)})
        for group in document["group"]
        for row in group["point"]
    ]
    return points, [Fault(**{**row, "tests": tests(row)}) for row in document["fault"]]


def tests(row: dict[str, list[str]]) -> tuple[str, ...]:
    """The tests of a row, which are written below tests/."""
    return tuple(f"tests/{name}" for name in row.get("tests", []))

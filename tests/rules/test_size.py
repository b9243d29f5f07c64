"""The whole can be read in an afternoon, and each file on two screens."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.conftest import ROOT

Files = Callable[[], Iterable[Path]]
# Counted apart: what is no part of selling.
APART = (ROOT / "stack/twin", ROOT / "extensions/openapi")


def sql() -> list[Path]:
    return [path for path in (ROOT / "db").rglob("*.sql") if ".rollback." not in path.name]


def python(*packages: str) -> list[Path]:
    return [path for package in packages for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts]


def product() -> list[Path]:
    found = python("db", "extensions", "workers", "stack", "gateway")
    return [path for path in found if not {*APART} & {*path.parents}]


def lines(path: Path) -> int:
    """Lines that say something: no blank ones, no comments."""
    return len(re.findall(r"^\s*(?!--|#)\S", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    ("files", "budget"),
    [
        (sql, 7990),
        (product, 6300),
        (lambda: python("stack/twin"), 1500),
        (lambda: python("extensions/openapi"), 1055),
    ],
    ids=["sql", "py", "twin", "openapi"],
)
def test_the_budget_of_code_is_kept(files: Files, budget: int) -> None:
    counted = sum(map(lines, files()))
    assert budget / 4 < counted <= budget, f"{counted} of {budget} lines"


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        (lambda: (ROOT / "db/migrations").glob("*.sql"), 320),
        (lambda: [*(ROOT / "db/views").glob("*.sql"), *(ROOT / "db/functions").glob("*.sql")], 100),
        (lambda: [*product(), *python("stack/twin", "extensions/openapi")], 250),
        # What is a list rather than code may be longer: a table of cases is not read from top to bottom.
        (lambda: [path for path in python("tests") if path.name != "catalogue.py"], 260),
        (lambda: (ROOT / "gateway").glob("*.j[s2]*"), 280),
    ],
    ids=["migrations", "views-and-functions", "python", "tests", "gateway"],
)
def test_a_file_fits_on_two_screens(files: Files, limit: int) -> None:
    found = {path: len(path.read_text().splitlines()) for path in files()}
    assert found
    assert {str(path.relative_to(ROOT)): size for path, size in found.items() if size > limit} == {}


def test_no_line_is_wider_than_a_screen() -> None:
    # Comments in SQL are sentences for people, and become the documentation of the API.
    found = [
        f"{path.name}: {line}"
        for path in sql()
        for line in path.read_text().splitlines()
        if len(line) > 130 and "'" not in line and "$$" not in line and not re.match(r"[A-Z].*[.;]$", line)
    ]
    assert found == []

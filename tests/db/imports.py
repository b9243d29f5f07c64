"""Run `pgshop import products` on a text, and read what it said: fixtures for those who import them."""

import csv
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Shop, pgshop


@dataclass
class Imported:
    """What the command said, counted and reported."""

    code: int
    said: str
    counts: dict[str, int]
    report: list[dict[str, str]]


@pytest.fixture
def run(shop: Shop, tmp_path: Path) -> Callable[..., Imported]:
    """`run(text or bytes, *options)`: import a file; columns are named like fields unless options say otherwise."""

    def act(content: str | bytes, *options: str, name: str = "goods.csv") -> Imported:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        done = pgshop("import", "products", str(file), *options, "--state", str(shop.state), check=False, cwd=tmp_path)
        report = tmp_path / "goods.rejected.csv"
        rows = list(csv.DictReader(report.read_text(encoding="utf-8").splitlines(True))) if report.exists() else []
        counts = {word: int(count) for word, count in re.findall(r"^ (\w+) +(\d+) *$", done.stdout, re.MULTILINE)}
        return Imported(done.returncode, done.stdout + done.stderr, counts, rows)

    return act


@pytest.fixture
def sku() -> str:
    """The beginning of SKUs that no other test has."""
    return uuid.uuid4().hex[:8]


def counted(**counts: int) -> dict[str, int]:
    named = {"created": 0, "updated": 0, "unchanged": 0, "repeated": 0, "rejected": 0, **counts}
    return {"lines": sum(named.values()), **named}

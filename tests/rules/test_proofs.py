"""Where the pages explain, they name the test that shows it; the test is there."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PAGES = sorted((ROOT / "docs/explanation").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_calls_a_proof_exists(page: Path) -> None:
    for path, name in PROOF.findall(page.read_text()):
        file = ROOT / path
        assert file.exists(), path
        assert re.search(rf"^def {name}\(", file.read_text(), re.MULTILINE), f"{path}::{name}"


def test_the_page_about_checkout_proves_what_it_says() -> None:
    assert len(PROOF.findall((ROOT / "docs/explanation/checkout.md").read_text())) >= 10

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


@pytest.mark.parametrize(("page", "proofs"), [("checkout", 18), ("payments", 35)])
def test_the_pages_about_money_prove_what_they_say(page: str, proofs: int) -> None:
    text = (ROOT / f"docs/explanation/{page}.md").read_text()
    assert len(PROOF.findall(text)) >= proofs
    # Each row of a table of claims names a test.
    claims = [row for row in text.splitlines() if row.startswith("| ") and "what makes it true" not in row]
    assert [row for row in claims if "|" in row and "tests/" not in row and page == "payments"] == []

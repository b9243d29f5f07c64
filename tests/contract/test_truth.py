"""The document says what is true: whatever fits it is answered as it says, and whatever does not is refused.

For anon, customer and staff; ordinarily a seeded slice, and at length by `make contract` (CONTRACT=20000 cases each,
CONTRACT_SEED=7 for other ones).
"""

import os
from collections import Counter
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.demo import accounts
from tests.conftest import Shop, pgshop, start_stack
from tests.contract.truth import Findings, exceptions, left_out, run

CASES = int(os.environ.get("CONTRACT", "0"))
SEED = int(os.environ.get("CONTRACT_SEED", "1"))
# Cases below which the slice has become another one.
LEAST = {"anon": 80, "customer": 200, "staff": 400}
# Requests of an operation, at first.
FIRST = 2
EXCUSED: Counter[str] = Counter()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of its own with goods on its shelves: staff is going to delete and to rename things at random."""
    state = tmp_path_factory.mktemp("ground") / "state"
    for folder in state.parents:
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    running = start_stack(state, demo=True, ACCESS_TOKEN_SECONDS="3600")
    yield running
    pgshop("down", "--purge", "--state", str(state))


def token_of(shop: Shop, role: str) -> str | None:
    """An access token of the demo's person of that role."""
    for email, password, theirs in accounts():
        if theirs == role:
            answer = httpx.post(
                f"{shop.url}/api/v1/auth/login/", json={"email": email, "password": password}, timeout=30
            )
            return str(answer.json()["access"])
    return None


@pytest.mark.timeout(7200 if CASES else 600)
@pytest.mark.parametrize("role", LEAST)
def test_the_shop_is_as_its_document_says(ground: Shop, role: str) -> None:
    document: Any = httpx.get(f"{ground.url}/api/schema/", params={"role": role}, timeout=60).json()
    operations = sum(len(methods) for path, methods in document["paths"].items() if path not in left_out())
    found = Findings(SEED)
    run(found, document, ground.url, token_of(ground, role), each=FIRST, thorough=bool(CASES))
    if found.cases.total() < CASES:
        # As many as the first run has shown to be needed, and some more.
        drawn = found.cases["fuzzing"] + found.cases["stateful"]
        each = ceil((CASES - found.cases.total()) / drawn * FIRST * 1.3)
        run(found, document, ground.url, token_of(ground, role), each=each, thorough=False)
    print(f"{role}: {found}")
    EXCUSED.update(found.excused)
    assert not found.faults, "\n\n".join(f"{kind}\n    {said}" for kind, said in sorted(found.faults.items()))
    assert found.cases.total() >= (CASES or LEAST[role])
    assert len(found.operations) == operations


def test_what_is_switched_off_has_a_reason_and_is_needed() -> None:
    known = [entry.reason for entry in exceptions()]
    assert len(known) == len(set(known))
    for reason in known:
        print(f"{EXCUSED[reason]:6} excused: {reason}")
    if CASES:
        common = {entry.reason for entry in exceptions() if not entry.is_rare}
        assert common - EXCUSED.keys() == set(), "nothing needed these"


def test_an_entry_without_reason_or_too_broad_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for row in ('check = "x"\noperation = "y"\nreason = "z"', 'check = "x"\noperation = "y"\nstatus = "4.."'):
        file = tmp_path / "list.toml"
        file.write_text(f"[[unchecked]]\n{row}")
        monkeypatch.setattr("tests.contract.truth.LIST", file)
        with pytest.raises(ValueError, match="are wanted"):
            exceptions()

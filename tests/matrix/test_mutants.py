"""The matrix notices when a policy, a grant, a view or a check of identity is dropped or loosened, whichever it is."""

import os
import random
import time
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.figures import Tell
from tests.matrix.cells import Cells
from tests.matrix.declared import Matrix
from tests.matrix.mutants import Killer, mutants
from tests.matrix.probes import Check, failures

SURVIVORS = Path(__file__).with_name("survivors.toml")
# MUTANTS=all is `make mutants`; a number is a sample of that size.
WANTED = os.environ.get("MUTANTS", "60")
# Another sample each time, since all of them are noticed or explained; MUTANTS_SEED draws one of before.
SEED = int(os.environ.get("MUTANTS_SEED") or random.randrange(10**6))


@pytest.mark.timeout(7200)
def test_mutants_are_noticed(
    ground: psycopg.Connection[Any],
    matrix: Matrix,
    cells: Cells,
    checks: list[Check],
    tell: Tell,
) -> None:
    explained = [name for names in tomllib.loads(SURVIVORS.read_text()).values() for name in names]
    every = mutants(ground, matrix)
    # A missing grant can only be missed; what guards is drawn first.
    guards = [mutant for mutant in every if not mutant.name.startswith("grant ")]
    grants = [mutant for mutant in every if mutant.name.startswith("grant ")]
    chosen = every
    if WANTED != "all":
        draw, size = random.Random(SEED), int(WANTED)
        chosen = draw.sample(guards, size * 2 // 3) + draw.sample(grants, size - size * 2 // 3)
    started = time.monotonic()
    # A cell that is wrong already would notice every mutant.
    assert next(failures(ground, cells.world, checks), None) is None
    killer, alive = Killer(ground, cells.world, checks), list[str]()
    for number, mutant in enumerate(chosen, 1):
        if killer(mutant) is None:
            alive.append(mutant.name)
        if number % 500 == 0:
            tell(f"{number} of {len(chosen)}, {len(alive)} live, {time.monotonic() - started:.0f} s")
    killed = len(chosen) - len(alive)
    tell(
        f"mutants: seed {SEED}, {len(chosen)} of {len(every)}, {killed} killed"
        f" ({100 * killed / len(chosen):.1f} %), {time.monotonic() - started:.0f} s"
    )
    unexplained = [name for name in alive if name not in explained]
    assert unexplained == [], "nothing notices these; make it notice, or say in survivors.toml why nothing can"
    names = {mutant.name for mutant in every}
    assert [name for name in explained if name not in names] == [], "survivors.toml speaks of what is not there"
    if WANTED == "all":
        assert sorted(explained) == sorted(alive), "these are noticed by now"
        assert killed >= 0.95 * len(chosen)
        assert len(chosen) >= 10_000
    else:
        assert killed >= 0.85 * len(chosen)


def test_every_kind_of_guard_is_broken(ground: psycopg.Connection[Any], matrix: Matrix) -> None:
    names = [mutant.name for mutant in mutants(ground, matrix)]
    for kind, least in (
        ("drop policy", 60), ("using (true)", 20), ("with check (true)", 8), ("without force", 30),
        ("without policies", 30), ("as its owner", 25), ("revoke select", 50), ("grant select", 50),
        ("logic.check_session: ", 10), ("logic.check_request: ", 2), ("api.cancel_order: ", 2),
    ):  # fmt: skip
        assert sum(kind in name for name in names) >= least, kind
    assert len(set(names)) == len(names)

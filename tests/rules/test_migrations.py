"""Migrations go up, down and up again to the same database; what is rebuilt arrives whole or not at all."""

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import migrate as runner
from stack.postgres import find_binaries
from tests.conftest import ROOT

Urls = dict[str, str]
COUNT = len([file for file in (ROOT / "db/migrations").glob("*.sql") if "rollback" not in file.name])


@pytest.fixture
def empty(scratch: Callable[..., Any]) -> Iterator[Urls]:
    """A bootstrapped database that nothing was migrated into."""
    with scratch() as urls:
        yield urls


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of db/ that the runner reads in place of the real one."""
    copy = tmp_path / "db"
    for room in ("migrations", "views", "functions"):
        shutil.copytree(ROOT / "db" / room, copy / room)
    monkeypatch.setattr(runner, "MIGRATIONS", copy / "migrations")
    return copy


def dump(urls: Urls, *options: str) -> str:
    """The whole schema as SQL, with owners, grants and comments."""
    done = subprocess.run(
        [str(find_binaries() / "pg_dump"), "--schema-only", *options, "--dbname", urls["superuser"]],
        capture_output=True,
        text=True,
        check=True,
    )
    # Newer versions guard the script with a word made by chance.
    return re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)


def ask(urls: Urls, question: str) -> Any:
    with psycopg.connect(urls["migrator"]) as connection:
        row = connection.execute(question).fetchone()
    assert row
    return row[0]


def test_up_down_up_is_the_same_database_and_down_leaves_nothing(empty: Urls) -> None:
    bare = dump(empty, "--exclude-schema=migrations")
    assert len(runner.migrate(empty["migrator"])) == COUNT
    first = dump(empty)
    assert "CREATE TABLE shop.orders" in first
    assert "CREATE VIEW api.orders" in first
    assert len(runner.roll_back(empty["migrator"], COUNT)) == COUNT
    assert dump(empty, "--exclude-schema=migrations") == bare
    assert len(runner.migrate(empty["migrator"])) == COUNT
    assert dump(empty) == first


def test_each_migration_can_be_undone_and_done_again_by_itself(empty: Urls) -> None:
    runner.migrate(empty["migrator"])
    whole = dump(empty)
    for _ in range(3):
        undone = runner.roll_back(empty["migrator"], 1)
        assert [name for name, is_applied in runner.status(empty["migrator"]) if not is_applied] == undone
        assert runner.migrate(empty["migrator"]) == undone
        assert dump(empty) == whole


def test_a_changed_a_new_and_a_removed_file_arrive_without_a_pending_migration(empty: Urls, sources: Path) -> None:
    runner.migrate(empty["migrator"])
    money = sources / "functions/logic.money.sql"
    money.write_text(money.read_text().replace("0.00", "0.0000"))
    (sources / "functions/logic.newcomer.sql").write_text(
        "create function logic.newcomer() returns integer language sql set search_path = '' return 7;"
    )
    (sources / "functions/logic.first_answer.sql").unlink()
    assert runner.migrate(empty["migrator"]) == []
    assert ask(empty, "select logic.money(1)") == "1.0000"
    assert ask(empty, "select logic.newcomer()") == 7
    assert ask(empty, "select to_regproc('logic.first_answer')") is None


@pytest.mark.parametrize("room", ["views/api.zebra.sql", "functions/v1.zebra.sql"])
def test_a_broken_file_leaves_the_old_api_standing(empty: Urls, sources: Path, room: str) -> None:
    runner.migrate(empty["migrator"])
    before = dump(empty)
    money = sources / "functions/logic.money.sql"
    money.write_text(money.read_text().replace("0.00", "0.0000"))
    (sources / room).write_text("create view api.zebra as select stripes from shop.no_such_table;")
    with pytest.raises(psycopg.errors.UndefinedTable):
        runner.migrate(empty["migrator"])
    assert dump(empty) == before
    assert ask(empty, "select logic.money(1)") == "1.00"
    (sources / room).unlink()
    runner.migrate(empty["migrator"])
    assert ask(empty, "select logic.money(1)") == "1.0000"


def test_a_broken_migration_changes_nothing(empty: Urls, sources: Path) -> None:
    runner.migrate(empty["migrator"])
    before = dump(empty, "--exclude-schema=migrations")
    last = max(path.name.removesuffix(".sql") for path in (sources / "migrations").glob("*[!k].sql"))
    (sources / "migrations/9999.broken.sql").write_text(
        f"-- Half of it is fine.\n-- depends: {last}\n\n"
        "create table shop.half (id integer);\ninsert into shop.no_such_table values (1);\n"
    )
    with pytest.raises(psycopg.errors.UndefinedTable):
        runner.migrate(empty["migrator"])
    assert dump(empty, "--exclude-schema=migrations") == before
    assert ("9999.broken", False) in runner.status(empty["migrator"])


def test_four_runs_at_once_and_the_lock_of_a_killed_one_end_well(empty: Urls) -> None:
    runner.migrate(empty["migrator"])
    with psycopg.connect(empty["migrator"], autocommit=True) as connection:
        connection.execute("insert into migrations.yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
    runner.roll_back(empty["migrator"], 2)
    start = threading.Barrier(4)

    def run() -> list[str]:
        start.wait()
        return runner.migrate(empty["migrator"])

    with ThreadPoolExecutor(4) as pool:
        results = [run.result() for run in [pool.submit(run) for _ in range(4)]]
    assert sorted(map(len, results)) == [0, 0, 0, 2]
    assert all(is_applied for _, is_applied in runner.status(empty["migrator"]))

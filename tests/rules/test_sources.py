"""What may not stand in the SQL, and that each file is what its name says."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import ROOT

DB = ROOT / "db"
REBUILT = sorted([*(DB / "views").rglob("*.sql"), *(DB / "functions").rglob("*.sql")])
MIGRATIONS = sorted(path for path in (DB / "migrations").glob("*.sql") if not path.name.endswith(".rollback.sql"))
EVERYTHING = sorted(DB.rglob("*.sql"))
FORBIDDEN = {
    # Its message goes raw into the HTTP status line.
    "a raise of PTxyz": r"'PT[0-9]",
    # PostgREST 12.0.2 repeats it for ever.
    "a serialization failure": r"40001|serialization_failure|serializable",
    "a bare raise exception": r"raise\s+exception|raise\s+'|raise\s*;",
    # No rows are an error that PostgREST shows as 500.
    "select into strict": r"into\s+strict",
    "a hidden surprise": r"(table|index|schema|view|function|sequence|column|type)\s+if\s|or\s+replace",
    "a password": r"password\s+'",
    "a statement of psql": r"(?m)^\\",
}


def code(text: str) -> str:
    """Without comments of SQL."""
    return re.sub(r"--.*", "", text).lower()


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_source_has_it(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.IGNORECASE)
    assert [path.name for path in EVERYTHING if pattern.search(code(path.read_text()))] == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a raise of PTxyz", "raise sqlstate 'PT409' using message = 'no'"),
        ("a serialization failure", "raise sqlstate '40001';"),
        ("a bare raise exception", "raise exception 'no %', why;"),
        ("select into strict", "select 1 into strict one;"),
        ("a hidden surprise", "create table if not exists shop.x ();"),
        ("a password", "create role someone password 'hush'"),
        ("a statement of psql", "\\connect other"),
    ],
)
def test_the_rule_would_notice(what: str, line: str) -> None:
    assert re.search(FORBIDDEN[what], code(f"begin\n{line}"), re.IGNORECASE)


def test_only_tables_raise_sql_errors_and_then_name_the_rule() -> None:
    for path in EVERYTHING:
        for state, rest in re.findall(r"raise sqlstate '(\w+)' using(.*?);", path.read_text(), re.DOTALL):
            if path.parent.name == "migrations":
                assert state == "23514", path.name
                assert "constraint =" in rest, path.name
            else:
                assert (path.name, state) in {
                    ("logic.problem.sql", "PGRST"),
                    # The command line's, which reports it with the line of the file; no request comes here.
                    ("logic.import_category.sql", "22023"),
                    ("logic.import_product.sql", "22023"),
                    ("logic.import_stock.sql", "22023"),
                    ("logic.import_variant.sql", "22023"),
                }


HEADER = (
    r"^language (plpgsql( stable| immutable)?( security definer)? set search_path = '' as \$\$|sql (stable|immutable))$"
)


def test_a_functions_attributes_stand_on_one_line_in_one_order() -> None:
    for path in EVERYTHING:
        made = re.findall(r"^create (?:function|procedure)", path.read_text(), re.MULTILINE)
        assert len(re.findall(HEADER, path.read_text(), re.MULTILINE)) == len(made), path.name


@pytest.mark.parametrize("path", REBUILT, ids=lambda path: path.stem)
def test_a_file_makes_the_one_object_that_it_is_named_after(path: Path) -> None:
    kind = "view" if path.parent.name == "views" else "function"
    made = re.findall(r"^create (?!trigger)(\w+) ([\w.]+)", path.read_text(), re.MULTILINE)
    assert made == [(kind, path.stem)]
    # A view may bring triggers of its own.
    triggers = re.findall(r"^create trigger \w+ instead of \w+ on ([\w.]+)$", path.read_text(), re.MULTILINE)
    assert triggers == [path.stem] * path.read_text().count("create trigger")
    assert f"\ncomment on {kind} {path.stem} is" in path.read_text()
    assert path.read_text().endswith(";\n")


def test_files_and_objects_are_the_same_set(superuser: psycopg.Connection[Any]) -> None:
    def objects() -> list[str]:
        rows = superuser.execute(
            """select relnamespace::regnamespace || '.' || relname from pg_class
            where relnamespace::regnamespace::text in ('api', 'v1', 'logic') and relkind in ('v', 'r', 'S', 'm')
            union all select pronamespace::regnamespace || '.' || proname from pg_proc
            where pronamespace::regnamespace::text in ('api', 'v1', 'logic')"""
        )
        return sorted(row[0] for row in rows)

    assert objects() == sorted(path.stem for path in REBUILT)
    superuser.execute("create function logic.stowaway() returns integer language sql return 1")
    assert set(objects()) - {path.stem for path in REBUILT} == {"logic.stowaway"}


def depends(path: Path) -> list[str]:
    """What yoyo takes from the comment at the top: after the first statement it would not look."""
    head = re.match(r"(--.*\n|\s*\n)*", path.read_text())
    assert head
    found = re.search(r"^-- depends: (.*)$", head[0], re.MULTILINE)
    return found[1].split() if found else []


def test_migrations_are_one_straight_chain() -> None:
    # From 9001 on they are somebody's own (db/README.md), and say themselves what they lean on.
    ours = [path for path in MIGRATIONS if path.name < "9001"]
    assert [path.name[:4] for path in ours] == [f"{n:04}" for n in range(1, len(ours) + 1)]
    assert [depends(path) for path in ours] == [[], *([path.stem] for path in ours[:-1])]


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_says_what_it_is_and_can_be_undone(path: Path) -> None:
    assert re.fullmatch(r"[0-9]{4}\.[a-z0-9]+(-[a-z0-9]+)*\.sql", path.name)
    assert re.match(r"-- [A-Z].*\.\n", path.read_text())
    assert len(re.findall(r"^-- depends:", path.read_text(), re.MULTILINE)) <= 1
    rollback = path.with_name(f"{path.stem}.rollback.sql").read_text()
    made = set(re.findall(r"^create (table|function|procedure|sequence) ([\w.]+)", path.read_text(), re.MULTILINE))
    dropped = set(re.findall(r"^drop (table|function|procedure|sequence) ([\w.]+)", rollback, re.MULTILINE))
    assert dropped == made
    assert "cascade" not in rollback


def test_no_rollback_is_left_over() -> None:
    rollbacks = {path.name.removesuffix(".rollback.sql") for path in (DB / "migrations").glob("*.rollback.sql")}
    assert rollbacks == {path.stem for path in MIGRATIONS}


@pytest.mark.parametrize(("package", "role"), [("extensions", "service"), ("workers", "worker")])
def test_a_service_may_call_exactly_the_functions_that_it_calls(
    superuser: psycopg.Connection[Any], package: str, role: str
) -> None:
    text = "\n".join(path.read_text() for path in (ROOT / package).rglob("*.py"))
    callee = r"""call\(\s*(?:[\w.]+,\s*)?"(\w+)\"|\blogic\.(\w+)\("""
    called = {first or second for first, second in re.findall(callee, text)}
    rows = superuser.execute(
        """select proname from pg_proc
        where pronamespace = 'logic'::regnamespace and has_function_privilege(%s, oid, 'execute')""",
        [role],
    )
    assert called == {row[0] for row in rows}

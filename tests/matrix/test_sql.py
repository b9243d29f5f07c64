"""Every object has its entry, every table its rows, and every cell of the matrix is as declared when asked in SQL."""

import time
from typing import Any

import psycopg
import pytest

from tests.figures import Tell
from tests.matrix.cells import Cells
from tests.matrix.declared import Matrix, draft, draft_function, existing
from tests.matrix.probes import Check, failures

FLOOR = 12000


def test_every_object_has_an_entry_and_every_entry_an_object(ground: psycopg.Connection[Any], matrix: Matrix) -> None:
    relations, functions = existing(ground)
    missing = [draft(ground, name) for name in relations if name not in matrix.relations]
    missing += [draft_function(ground, name) for name in functions if name not in matrix.functions]
    if missing:
        drafts = "tests/matrix/matrix.toml lacks (if each grant is meant, and the rows are right):\n" + "\n".join(
            missing
        )
        pytest.fail(drafts, pytrace=False)
    gone = [name for name in matrix.relations if name not in relations]
    gone += [name for name in matrix.functions if name not in functions]
    assert gone == [], "matrix.toml speaks of what is not there"


def test_every_column_has_a_class(ground: psycopg.Connection[Any], matrix: Matrix) -> None:
    relations, _ = existing(ground)
    wrong = []
    for name, relation in matrix.relations.items():
        known, there = set(relation.columns), set(relations[name])
        wrong += [f"[{name}] public/own/internal/secret = … {column}" for column in sorted(there - known)]
        named = {c for rights in relation.rights.values() for right in rights.values() for c in right.columns or ()}
        gone = named - there if name.startswith("api.") else (known | named) - there
        wrong += [f"[{name}] has no column {column}" for column in sorted(gone)]
    if wrong:
        pytest.fail("tests/matrix/matrix.toml lacks a class of:\n" + "\n".join(wrong), pytrace=False)


def test_every_role_of_the_database_is_in_the_matrix(ground: psycopg.Connection[Any]) -> None:
    found = ground.execute("select rolname from pg_roles where rolname !~ '^pg_'").fetchall()
    acting = {"anon", "customer", "staff", "admin", "integration", "service", "worker"}
    assert {row[0] for row in found} == acting | {"owner", "authenticator", "migrator", "postgres"}


def test_every_table_has_rows_of_each_kind(cells: Cells, matrix: Matrix) -> None:
    """Without a row of somebody else it would prove nothing that only one's own are seen."""
    wanting = []
    for name, relation in matrix.relations.items():
        words = cells.words(relation)
        said = set().union(*words.values()) if words else set()
        wanted = {word for rights in relation.rights.values() for right in rights.values() for word in right.rows}
        needed = {person for person in ("anna", "bert", "guest") if "own" in wanted} | (wanted - {"own", "all"})
        if not words or needed - said:
            wanting.append(f"{name} lacks rows of {sorted(needed - said) or 'any kind'}")
        if wanted - {"all"} and not any(not said & (wanted - {"own"}) for said in words.values()):
            wanting.append(f"{name} lacks a row that is not for everybody")
    if wanting:
        pytest.fail("tests/matrix/rows.sql is to make rows:\n" + "\n".join(wanting), pytrace=False)


def test_every_cell_is_as_declared(
    ground: psycopg.Connection[Any], cells: Cells, checks: list[Check], tell: Tell
) -> None:
    started = time.monotonic()
    failed = list(failures(ground, cells.world, checks))
    tell(f"matrix in SQL: {len(checks)} cells, {len(failed)} wrong, {time.monotonic() - started:.1f} s")
    if failed:
        pytest.fail(f"{len(failed)} cells are not as matrix.toml says:\n" + "\n".join(failed[:20]), pytrace=False)
    assert len(checks) >= FLOOR

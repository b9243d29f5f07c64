"""Whatever is served is described, in extensions/openapi/api.toml where nothing else knows it."""

import re
from typing import Any

import psycopg
import pytest

from extensions import bodies
from extensions.app import app
from extensions.openapi.document import undescribed
from extensions.openapi.source import codes_of, table
from gateway.render import read_routes
from tests.rules.test_errors_reference import documented

# Files that nobody calls by program.
PAGES = {"/", "/media/{name:path}"}


def catalogue(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    row = connection.execute("select logic.describe_api()").fetchone()
    assert row
    return dict(row[0])


def test_every_route_and_parameter_is_described(superuser: psycopg.Connection[Any]) -> None:
    assert undescribed(catalogue(superuser)) == []


def test_what_is_not_described_is_named_with_its_place(
    superuser: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = table()
    for part, key in (("answers", "get_cart"), ("service", "login"), ("parameters", "q")):
        monkeypatch.setitem(given, part, {name: row for name, row in given[part].items() if name != key})
    superuser.execute(
        """create or replace function v1.create_review(json) returns json
        language plpgsql as 'begin return $1; end'"""
    )
    found = undescribed(catalogue(superuser))
    for said in (
        "GET /api/v1/cart/: ",
        "POST /api/v1/auth/login/: ",
        "/api/v1/products/suggestions/: say what q",
        "v1.create_review: ",
    ):
        assert len([line for line in found if line.startswith(said)]) == 1, f"{said} not in {found}"
    assert len(found) == 4


def test_the_table_has_nothing_that_is_not_served(superuser: psycopg.Connection[Any]) -> None:
    functions = {(f["schema"], f["name"]) for f in catalogue(superuser)["functions"]}
    for part in ("answers", "inputs"):
        for name in table()[part]:
            assert tuple(name.split(".")) if "." in name else ("v1", name) in functions, f"[{part}] {name}"
    columns = {f"{r['name']}.{c['name']}" for r in catalogue(superuser)["relations"] for c in r["columns"]}
    assert table()["json"].keys() <= columns
    used = {name for route in read_routes() for name in (*route.query, *route.parameters)}
    rows = [*table()["service"].values(), *table()["inputs"].values()]
    used |= {name for row in rows for name in (*row.get("query", ()), *row.get("headers", ()))}
    assert table()["parameters"].keys() == used
    assert table()["limits"].keys() <= used


def test_the_services_routes_are_those_of_the_table() -> None:
    served = {
        (method, route.path.rstrip("/") or "/", route.endpoint.__name__)  # type: ignore[attr-defined]
        for route in app.routes
        for method in route.methods or ()  # type: ignore[attr-defined]
        if method != "HEAD"
    }
    described = {
        (method, row["route"].split()[-1].rstrip("/"), row.get("handler", name))
        for name, row in table()["service"].items()
        for method in row["route"].split()[:-1]
    }
    assert {entry for entry in served if entry[1] not in PAGES} == described
    for row in table()["service"].values():
        for body in (row.get("body", "object"), row.get("upload", "object")):
            assert body == "object" or issubclass(getattr(bodies, body), bodies.Body)


def test_its_codes_are_in_the_list_of_errors() -> None:
    known = documented()
    for name, row in table()["service"].items():
        for status, codes in codes_of(row.get("errors", "")).items():
            for code in codes:
                assert (code, status) in known, f"{name}: {status} {code}"
    ours = {code for code in table()["errors"] if re.match("[a-z]", code)}
    assert ours <= {code for code, _ in known}

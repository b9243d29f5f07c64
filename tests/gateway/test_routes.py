"""The table of routes: each row leads to what is there, by its methods only, with and without the slash."""

import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gateway import render as rendering
from gateway.render import METHODS, Route, read_cached_views, read_routes
from tests.conftest import Person, Shop
from tests.gateway.conftest import assert_problem, configure, head, nginx, send

ROUTES = read_routes()
EVERY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO")
CALLS = [(route, method) for route in ROUTES for method in route.by_method]
REFUSED = [(route, method) for route in ROUTES for method in EVERY if method not in route.by_method]
NOWHERE = [
    "/nowhere",
    "/api",
    "/api/v1",
    "/api/v1/",
    "/api/v2/products/",
    "/api/v1/product/",
    "/api/v1/products/a/b/",
    "/api/v1/orders//tracking/x/",
    "/rest",
    "/rest/v2/products",
    "/rest/v1/nowhere",
    "/rest/v1products",
    "//rest/v1/products",
    "/rest/./v1/products",
    "/rest/v1/rpc/nothing",
    "/-/problem",
    "/-/bodyless",
    "/-/service",
    "/media",
    "/index.html",
    "/.env",
    "/nginx.conf",
    "/gateway.js",
    "/health/x",
    "/%72est/v1/products",
]


def named(value: Route | str) -> str:
    return value.path if isinstance(value, Route) else value


def path(route: Route) -> str:
    return re.sub(r"{\w+}", str(uuid.uuid4()), route.path)


@pytest.mark.parametrize(("route", "method"), CALLS, ids=named)
def test_a_route_leads_somewhere_with_and_without_its_slash(
    shop: Shop, customer: Person, route: Route, method: str
) -> None:
    body = None if method in ("GET", "HEAD", "DELETE") else {}
    asked = path(route)
    answers = [customer.client.request(method, way, json=body) for way in (asked, asked.rstrip("/"))]
    # An upload is refused for its form only where its caller may upload.
    refused = (405,) if method in route.uploads else (405, 415)
    for answer in answers:
        assert answer.status_code < 500 and answer.status_code not in refused, answer.text
        # `not_found` is said of addresses; of things it is `order_not_found` and the like.
        if (
            answer.status_code >= 400
            and method != "HEAD"
            and answer.headers["content-type"].startswith("application/json")
        ):
            assert assert_problem(answer, answer.status_code)["code"] != "not_found"
    # Who has signed out is nobody the second time.
    second = 401 if route.path == "/auth/v1/logout/" else answers[0].status_code
    assert answers[1].status_code == second


@pytest.mark.parametrize(("route", "method"), REFUSED, ids=named)
def test_other_methods_are_not_allowed(visitor: httpx.Client, route: Route, method: str) -> None:
    answer = visitor.request(method, path(route))
    assert answer.status_code == 405
    assert method == "HEAD" or assert_problem(answer, 405, "method_not_allowed")
    # nginx refuses TRACE before it knows the route.
    if method != "TRACE":
        assert answer.headers["allow"] == ", ".join(route.by_method)
    assert answer.headers["allow"]


def test_every_function_is_there_with_the_arguments_that_its_route_gives_it(
    database: psycopg.Connection[Any],
) -> None:
    rows = database.execute(
        "select proname as name, coalesce(proargnames, '{}') as arguments from pg_proc"
        " where pronamespace = 'v1'::regnamespace"
    ).fetchall()
    functions = {row["name"]: set(row["arguments"]) for row in rows}
    assert functions
    called = set()
    for route in ROUTES:
        for method, target in route.targets.items():
            if target == "service":
                continue
            called.add(target)
            if method == "GET":
                given = {*route.query, *filter(None, [route.parameter])}
                assert given == functions.get(target), f"{method} {route.path} → {target}"
    assert called == functions.keys(), "a function of v1 without a route, or the other way round"


def test_what_visitors_may_read_of_the_catalogue_is_cached_and_nothing_else(
    database: psycopg.Connection[Any],
) -> None:
    rows = database.execute(
        "select proname as name from pg_proc where pronamespace = 'v1'::regnamespace and provolatile = 's'"
        " and has_function_privilege('anon', oid, 'execute')"
    ).fetchall()
    readable = {row["name"] for row in rows}
    assert {route.targets["GET"] for route in ROUTES if route.is_cached} == readable
    rows = database.execute(
        "select 'rpc/' || proname as name from pg_proc where pronamespace = 'api'::regnamespace and provolatile = 's'"
        " and has_function_privilege('anon', oid, 'execute') union all select relname from pg_class"
        " where relnamespace = 'api'::regnamespace and has_any_column_privilege('anon', oid, 'select')"
    ).fetchall()
    assert set(read_cached_views()) <= {row["name"] for row in rows}


def test_the_configuration_has_the_tables_addresses_and_no_other(tmp_path: Path) -> None:
    text = configure(tmp_path / "nginx", 8080, "127.0.0.1:1", "127.0.0.1:2", tmp_path).read_text()
    locations = set(re.findall(r"^ *location (.+?) {", text, re.MULTILINE))
    own = {"/rest/v1", "= /", "/", "/media/", "/api/docs/", '~ "^/api/(?<page>docs|redoc)/?$"'}
    assert {address for address in locations if "/-/" not in address and "^/media/" not in address} == {
        *own,
        *(address for route in ROUTES for address in route.locations),
    }


def test_a_literal_segment_wins_over_a_parameter(visitor: httpx.Client) -> None:
    assert set(visitor.get("/api/v1/products/categories/").json()) >= {"count", "results"}
    assert_problem(visitor.get("/api/v1/products/category/"), 404, "product_not_found")


@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_that_is_none_is_not_found(shop: Shop, address: str) -> None:
    assert_problem(send(shop.url, head("GET", address)), 404)


def test_the_configuration_is_one_that_nginx_takes(tmp_path: Path) -> None:
    conf = configure(
        tmp_path / "nginx",
        8080,
        "127.0.0.1:1",
        "127.0.0.1:2",
        tmp_path,
        cors_origins=["https://shop.example", "http://localhost:3000"],
        trusted_proxies=["127.0.0.1", "10.0.0.0/8", "fd00::/8"],
        body_limit="1m",
    )
    done = subprocess.run([nginx(), "-t", "-c", conf, "-p", conf.parent], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"\[(warn|alert|crit|emerg)\]", done.stderr), done.stderr


@pytest.mark.parametrize(
    "row",
    [
        'path = "/no/slash"\nGET = "x"',
        'path = "/no/method/"',
        'path = "/odd/"\nGET = "x"\ncolour = "red"',
        'path = "/odd/"\nget = "x"',
        'path = "/odd/"\nPOST = "x"\ncache = true',
        'path = "/odd/"\nGET = "service"\ncache = true',
        'path = "/odd/"\nGET = "x"\ncache = 300',
    ],
)
def test_a_row_that_is_not_understood_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    (tmp_path / "routes.toml").write_text(f"[[route]]\n{row}\n")
    monkeypatch.setattr(rendering, "HERE", tmp_path)
    with pytest.raises(ValueError, match="not understood"):
        read_routes()
    assert set(METHODS) <= set(EVERY)

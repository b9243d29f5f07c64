"""docs/reference/errors.md has exactly the codes that sources raise, and the rules of data that clients can meet."""

import ast
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.conftest import ADDRESS, ROOT, Person

NOBODY = str(uuid.UUID(int=7))
DOCUMENT = ROOT / "docs/reference/errors.md"
Pairs = set[tuple[str, int]]
# Where a code is no literal: what comes from the database or from Starlette is passed on, 401 has a function.
PASSED_ON = {("problems.py", "from_database"), ("problems.py", "to_problem"), ("tokens.py", "unauthorised")}
# Tables refuse these through functions and triggers that act for the caller, on columns that nobody may write.
INDIRECT = {
    "cart_items_quantity_not_too_large",  # added up by add_to_cart
    "orders_notes_length",  # given to checkout
    "stock_is_sufficient",  # a correction of more than there is, or of what orders hold
    # Staff write them under another name: as product_internals.
    "products_cost_price_not_negative",
    "products_low_stock_threshold_not_negative",
}
# Other things stand in the way before these can: columns of theirs that no caller writes, or a policy.
UNREACHABLE = {
    "product_variants_default_costs_the_same", "product_variants_one_default", "reviews_product_id_fkey",
    "stock_movements_reason_is_known", "wishlist_items_product_id_fkey",
    "stock_movements_return_brings_back", "stock_movements_sale_takes_away",
}  # fmt: skip


def documented() -> Pairs:
    text = DOCUMENT.read_text().split("## Rules of the data")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \| ([0-9, ]+) \| \S.* \| \S.* \|$", text, re.MULTILINE)
    return {(code, int(status)) for code, statuses in rows for status in statuses.split(", ")}


def raised_in_sql() -> Pairs:
    found: Pairs = set()
    for path in (ROOT / "db/functions").glob("*.sql"):
        text = path.read_text()
        here = re.findall(r"perform logic\.problem\(\s*([0-9]{3}), '([a-z_]+)'", text)
        assert len(here) == text.count("logic.problem(") - text.count("create function logic.problem("), path.name
        found |= {(code, int(status)) for status, code in here}
    return found


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """File, function and call of everything that makes a Problem."""
    for path in [*(ROOT / "extensions").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]:
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {
                        "Problem",
                        "unauthorised",
                    }:
                        yield path.name, function.name, node


def raised_in_python() -> Pairs:
    found: Pairs = set()
    for file, function, call in calls():
        status_and_code = [401, call.args[0]] if ast.unparse(call.func).endswith("unauthorised") else call.args[:2]
        values = [node.value if isinstance(node, ast.Constant) else node for node in status_and_code]
        if isinstance(values[1], str) and isinstance(values[0], int):
            found.add((values[1], values[0]))
        else:
            assert (file, function) in PASSED_ON, f"{file}: {ast.unparse(call)}"
    return found


def raised_at_the_gateway() -> Pairs:
    text = (ROOT / "gateway/gateway.js").read_text()
    tables = dict(re.findall(r"^const (STATUS|REFUSED) = \{\n(.*?)^\};", text, re.MULTILINE | re.DOTALL))
    found = {
        (code, int(status)) for status, code in re.findall(r"^  ([0-9]{3}): \['([a-z_]+)'", tables["STATUS"], re.M)
    }
    found |= {(code, 400) for code in re.findall(r"^  ([a-z_]+): '", tables["REFUSED"], re.MULTILINE)}
    translate = re.search(r"^function translate\(.*?^\}", text, re.MULTILINE | re.DOTALL)
    assert translate
    # PostgREST answers 401 to a bad token and 400 to bad values; the translation keeps the status.
    return found | {
        (code, 401 if code.startswith("token_") else 400) for code in re.findall(r"\['([a-z_]+)', '", translate[0])
    }


def test_the_document_has_the_codes_of_the_sources() -> None:
    sources = raised_in_sql(), raised_in_python(), raised_at_the_gateway()
    assert [len(source) > 10 for source in sources] == [True] * 3
    assert documented() == set().union(*sources)


def test_the_comments_of_functions_promise_only_codes_that_exist(superuser: psycopg.Connection[Any]) -> None:
    known, promised = documented(), 0
    for name, comment in superuser.execute(
        """select oid::regproc::text, obj_description(oid, 'pg_proc') from pg_proc
        where pronamespace::regnamespace::text in ('api', 'v1', 'logic')"""
    ):
        status = 0
        for said in re.findall(r"(?:Errors: |Raises )([^.]*)", comment):
            for word in re.findall(r"\b(?:[0-9]{3}|[a-z]+(?:_[a-z]+)+)\b", said.split(" (")[0].split(" when ")[0]):
                if word.isdecimal():
                    status = int(word)
                else:
                    assert (word, status) in known, f"{name}: {status} {word}"
                    promised += 1
    assert promised > 50


def reachable(connection: psycopg.Connection[Any]) -> set[str]:
    """Rules on columns that some caller may write, and references that hinder a deletion that some caller may do."""
    rows = connection.execute(
        """with writable as (
          select c.oid, a.attnum, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
          where c.relnamespace = 'shop'::regnamespace and c.relkind = 'r' and a.attnum > 0 and exists (
            -- Through a view of the API only: nobody connects to the tables.
            select from pg_class v where v.relnamespace = 'api'::regnamespace and v.relname = c.relname
              and exists (select from pg_attribute va where va.attrelid = v.oid and va.attname = a.attname and (
                has_column_privilege('admin', v.oid, va.attnum, 'insert')
                or has_column_privilege('admin', v.oid, va.attnum, 'update'))))
        ), deletable as (
          select c.oid from pg_class c join pg_class v on v.relname = c.relname
          where c.relnamespace = 'shop'::regnamespace and v.relnamespace = 'api'::regnamespace
            and has_table_privilege('admin', v.oid, 'delete')
        )
        select k.conname::text from pg_constraint k
        where k.contype in ('c', 'u', 'f') and exists (
          select from writable w where w.oid = k.conrelid and w.attnum = any(k.conkey))
        union
        select i.relname::text from pg_index x join pg_class i on i.oid = x.indexrelid
        where x.indisunique and not x.indisprimary and exists (
          select from writable w where w.oid = x.indrelid and (w.attnum = any(x.indkey)
            or pg_get_indexdef(x.indexrelid) ~ ('\\m' || w.attname || '\\M')))
        union
        select k.conname::text from pg_constraint k
        where k.contype = 'f' and k.confdeltype = 'r' and k.confrelid in (table deletable)
        """
    )
    # Of what triggers refuse, callers reach the catalogue's; orders, stock and money have functions before them.
    files = [*(ROOT / "db/migrations").glob("000[39].catalogue*.sql")]
    raised = re.findall(r"constraint = '([a-z_]+)'", "".join(path.read_text() for path in files))
    return ({row[0] for row in rows} | INDIRECT | set(raised)) - UNREACHABLE


def test_the_document_has_the_rules_that_clients_can_meet(superuser: psycopg.Connection[Any]) -> None:
    section = DOCUMENT.read_text().split("## Rules of the data")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `([a-z0-9_]+)` \| 4(?:00|09) \| [A-Z].*\. \|$", section, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == reachable(superuser)
    existing = {
        row[0]
        for row in superuser.execute("select conname::text from pg_constraint union select relname::text from pg_class")
    }
    assert existing >= INDIRECT | UNREACHABLE


@pytest.mark.parametrize(
    ("path", "body", "rule", "status"),
    [
        ("/api/v1/products/", {"name": "A", "sku": "RULE-1", "price": "-1.00"}, "products_price_not_negative", 400),
        (
            "/api/v1/products/",
            {"name": "A", "sku": "RULE-2", "price": "1.00", "cost_price": "-1"},
            "products_cost_price_not_negative",
            400,
        ),
        ("/api/v1/products/", {"name": "A", "sku": "R" * 101, "price": "1.00"}, "products_sku_length", 400),
        ("/api/v1/products/categories/", {"name": "A", "slug": "No Slug"}, "categories_slug_is_a_slug", 400),
        ("/api/v1/products/categories/", {"name": "A", "parent": NOBODY}, "categories_parent_id_fkey", 409),
        ("/api/v1/users/me/addresses/", {**ADDRESS, "address_type": "holiday"}, "addresses_type_is_known", 400),
        ("/api/v1/users/me/addresses/", {**ADDRESS, "city": "Y" * 101}, "addresses_city_length", 400),
    ],
)
def test_a_rule_arrives_under_its_name(staff: Person, path: str, body: dict[str, str], rule: str, status: int) -> None:
    answer = staff.client.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["code"] == rule


def test_a_rule_arrives_under_its_name_on_the_other_surface(staff: Person, make_product: Callable[..., Any]) -> None:
    product = make_product(stock_quantity=0)
    variant = {"product_id": product["id"], "name": "Red", "sku": uuid.uuid4().hex}
    one = {"Accept": "application/vnd.pgrst.object+json", "Prefer": "return=representation"}
    red = staff.client.post("/rest/v1/product_variants", json=variant, headers=one).json()
    moved = {"variant_id": red["id"], "quantity": 3, "reason": "delivery"}
    assert staff.client.post("/rest/v1/stock_movements", json=moved).status_code == 201
    answer = staff.client.delete("/rest/v1/product_variants", params={"id": f"eq.{red['id']}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "23503")
    assert "stock_movements_variant_id_fkey" in answer.json()["message"]
    top, below = (
        staff.client.post("/api/v1/products/categories/", json={"name": uuid.uuid4().hex}).json()["id"] for _ in "ab"
    )
    for child, parent, status in ((below, top, 204), (top, below, 400)):
        answer = staff.client.patch("/rest/v1/categories", params={"id": f"eq.{child}"}, json={"parent_id": parent})
        assert answer.status_code == status
    assert answer.json()["code"] == "23514"
    assert 'violates check constraint "categories_tree_has_no_cycle"' in answer.json()["message"]

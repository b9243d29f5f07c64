"""With 20,000 products every list is found by an index, and takes as many statements for many rows as for one."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from db.migrate import migrate
from tests.conftest import ADDRESS

MANY = 20_000
BIG = {
    "products",
    "product_variants",
    "product_images",
    "stock",
    "orders",
    "order_items",
    "order_status_history",
    "payments",
    "reviews",
}
FILL = f"""
insert into shop.categories (name, slug) select 'c' || n, 'c' || n from generate_series(1, 50) n;
insert into shop.products (name, slug, price, sku, is_featured, is_active, category_id, description, created_at)
select md5(n::text) || ' thing', 'thing-' || n, n % 997, 'sku-' || n, n % 100 = 1, n % 10 > 0, c.id, md5(n::text),
  now() - make_interval(mins => n)
from generate_series(1, {MANY}) n join shop.categories c on c.slug = 'c' || (n % 50 + 1);
insert into shop.product_variants (product_id, name, sku)
select id, 'red', 'red-' || sku from shop.products where slug like '%5';
insert into shop.stock_movements (variant_id, quantity, reason)
select id, 5, 'initial' from shop.product_variants where abs(hashtext(sku)) % 2 = 0;
insert into shop.product_images (product_id, image) select id, '/media/x.svg' from shop.products;
insert into shop.customers (email) select 'c' || n || '@example.com' from generate_series(1, 500) n;
insert into shop.reviews (product_id, customer_id, rating, is_approved)
select p.id, c.id, 4, true from shop.products p, shop.customers c where p.slug like 'thing-1000_';
insert into shop.orders (
  customer_id, currency, subtotal, tax, shipping_cost, total_amount, shipping_address, billing_address
)
select c.id, 'GBP', 10, 0, 0, 10, '{json.dumps(ADDRESS)}', '{json.dumps(ADDRESS)}'
from shop.customers c, generate_series(1, 30);
insert into shop.order_items (order_id, product_name, sku, quantity, price)
select id, 'x', 'x', 1, 10 from shop.orders;
insert into shop.payments (order_id, amount, currency) select id, 10, 'GBP' from shop.orders;
"""


class Asked:
    """One connection that tells the plan of everything it runs, also inside of functions."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.plans: list[dict[str, Any]] = []
        connection.add_notice_handler(self.hear)

    def hear(self, notice: psycopg.errors.Diagnostic) -> None:
        said = notice.message_primary or ""
        if "plan:" in said:
            plan = json.loads(said.split("plan:", 1)[1])
            # What was only asked for its plan has touched nothing.
            if "Actual Loops" in plan["Plan"]:
                self.plans.append(plan)

    def ask(self, role: str, person: str | None, statement: str, *values: Any) -> Any:
        """What a statement answers to a caller; afterwards `plans` has all that was run for it."""
        claims = {"role": role, **({"sub": person} if person else {})}
        with self.connection.transaction():
            self.connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
            self.connection.execute(f"set local role {role}")
            self.plans.clear()
            row = self.connection.execute(statement, values).fetchone()
        assert row
        return row[0]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def scanned(plans: list[dict[str, Any]]) -> set[str]:
    """Big tables that were read from end to end."""
    found = {node["Relation Name"] for plan in plans for node in nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"}
    return found & BIG


def touched(plans: list[dict[str, Any]]) -> int:
    """The most rows that any one step has read: an index that is walked from end to end is no better than the table."""
    steps = (node for plan in plans for node in nodes(plan["Plan"]) if node.get("Relation Name") in BIG)
    return max((step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"] for step in steps)


def counting(plan: dict[str, Any]) -> bool:
    return bool(re.match(r"\s*\(?\s*select count\(\*\)", plan["Query Text"]))


@pytest.fixture(scope="module")
def asked(scratch: Callable[..., Any]) -> Iterator[Asked]:
    with scratch() as urls:
        migrate(urls["migrator"])
        with psycopg.connect(urls["superuser"], autocommit=True) as connection:
            with connection.transaction():
                connection.execute("set local role owner")
                connection.execute(FILL)
            connection.execute("vacuum analyze")
            for setting, value in (
                ("log_min_duration", "0"), ("log_nested_statements", "on"), ("log_format", "json"),
                ("log_level", "notice"), ("log_analyze", "on"),
            ):  # fmt: skip
                connection.execute("load 'auto_explain'")
                connection.execute(f"set auto_explain.{setting} = {value}")
            yield Asked(connection)


def test_what_these_tests_look_for_would_be_found(asked: Asked) -> None:
    asked.ask("anon", None, "select count(*) from shop.products where description = 'x'")
    assert scanned(asked.plans) == {"products"}
    assert touched(asked.plans) == MANY


ORDERINGS = ["", "price", "-price", "name", "-name", "created_at", "-created_at", "rating", "popularity"]
FILTERS = [
    {}, {"category": "c7"}, {"price_min": "100", "price_max": "101"}, {"in_stock": "true"}, {"is_featured": "true"},
    {"name": "abc1"}, {"search": "sku-1234"}, {"search": "sku-123 thing"}, {"page": "10"}, {"page_size": "100"},
    {"price_max": "5", "in_stock": "true", "category": "c6"},
]  # fmt: skip


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("filters", FILTERS, ids=json.dumps)
def test_products_are_found_by_index(asked: Asked, ordering: str, filters: dict[str, str]) -> None:
    arguments = {**filters, "ordering": ordering}
    named = ", ".join(f"{name} => %s" for name in arguments)
    page = asked.ask("anon", None, f"select v1.list_products({named})", *arguments.values())
    assert page["results"]
    # To count what half the shop has in stock is to look at half the shop; everything else has an index.
    plans = [plan for plan in asked.plans if not (filters == {"in_stock": "true"} and counting(plan))]
    assert scanned(plans) == set()
    assert touched([plan for plan in plans if not counting(plan)]) < MANY / 10


@pytest.mark.parametrize("order", ["created_at desc", "price", "price desc", "name", "average_rating desc nulls last"])
def test_the_view_of_products_is_read_by_index(asked: Asked, order: str) -> None:
    rows = f"select json_agg(p) from (select * from api.products order by {order} limit 20) p"
    assert len(asked.ask("anon", None, rows)) == 20
    assert scanned(asked.plans) == set()
    assert touched(asked.plans) < MANY / 10


@pytest.mark.parametrize("view", ["product_variants", "product_images", "reviews"])
def test_what_belongs_to_products_is_not_paid_for_with_all_products(asked: Asked, view: str) -> None:
    some = "select array_agg(id::text) from shop.products where slug like 'thing-1000_'"
    found = asked.connection.execute(some).fetchone()
    assert found
    rows = f"select json_agg(v) from (select * from api.{view} where product_id = any(%s::uuid[]) limit 50) v"
    assert asked.ask("anon", None, rows, found[0])
    assert scanned(asked.plans) == set()
    assert touched(asked.plans) < MANY / 10


@pytest.mark.parametrize("status", ["", "pending"])
@pytest.mark.parametrize("page", ["1", "2"])
def test_my_orders_are_found_by_index(asked: Asked, status: str, page: str) -> None:
    me = asked.connection.execute("select id::text from shop.customers where email = 'c7@example.com'").fetchone()
    assert me
    answer = asked.ask("customer", me[0], "select v1.list_orders(status => %s, page => %s)", status, page)
    assert answer["count"] == 30
    assert len(answer["results"]) == (20 if page == "1" else 10)
    assert scanned(asked.plans) == set()
    assert touched(asked.plans) <= 30


def test_staff_find_everybodys_orders_by_index(asked: Asked) -> None:
    newest = "select * from api.orders where status = 'pending' order by created_at desc limit 20"
    assert len(asked.ask("staff", None, f"select json_agg(o) from ({newest}) o")) == 20
    assert scanned(asked.plans) == set()


@pytest.mark.parametrize(
    ("role", "function"), [("anon", "v1.list_products"), ("customer", "v1.list_orders")], ids=["products", "orders"]
)
def test_many_rows_take_as_many_statements_as_one(asked: Asked, role: str, function: str) -> None:
    me = asked.connection.execute("select id::text from shop.customers where email = 'c8@example.com'").fetchone()
    assert me
    statements = []
    for size in ("1", "25"):
        page = asked.ask(role, me[0], f"select {function}(page_size => %s)", size)
        assert len(page["results"]) == int(size)
        statements.append([plan["Query Text"] for plan in asked.plans])
    assert statements[0] == statements[1]
    # One to count, one for the page, and the call itself.
    assert len([text for text in statements[0] if "shop." in text]) <= 3

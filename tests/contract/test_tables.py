"""What only the catalogue of the database can tell: indexes behind what is looked up, and the states of an order."""

import re
from typing import Any

import psycopg
import pytest

FOUND = [
    # Table, and the columns or expressions that an index must begin with; it can be read from either end.
    ("shop.customers", "email"),
    ("shop.customers", "created_at"),
    ("auth.sessions", "id"),
    ("auth.sessions", "expires_at"),
    ("shop.categories", "slug"),
    ("shop.categories", "parent_id"),
    ("shop.products", "slug"),
    ("shop.products", "lower(sku)"),
    ("shop.products", "category_id, created_at"),
    ("shop.products", "created_at"),
    ("shop.products", "price"),
    ("shop.product_variants", "lower(sku)"),
    ("shop.reviews", "product_id, customer_id"),
    ("shop.orders", "order_number"),
    ("shop.orders", "customer_id, created_at"),
    ("shop.orders", "status"),
]
STATES = {
    "pending": "Pending Payment",
    "confirmed": "Confirmed",
    "processing": "Processing",
    "shipped": "Shipped",
    "delivered": "Delivered",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
}
# Two indexes of one kind on one table, of which the first is no more than the beginning of the second, or the same.
DOUBLED = """
select a.indexrelid::regclass::text as index
from pg_index a
join pg_index b on b.indrelid = a.indrelid and b.indexrelid <> a.indexrelid
join pg_class x on x.oid = a.indexrelid join pg_class y on y.oid = b.indexrelid and y.relam = x.relam
where a.indrelid::regclass::text ~ '^(shop|auth)\\.' and not a.indisunique
  and pg_get_expr(a.indpred, a.indrelid) is not distinct from pg_get_expr(b.indpred, b.indrelid)
  and pg_get_expr(a.indexprs, a.indrelid) is not distinct from pg_get_expr(b.indexprs, b.indrelid)
  and b.indkey::text || ' ' like a.indkey::text || ' %'
  and b.indclass::text || ' ' like a.indclass::text || ' %'
  and b.indoption::text || ' ' like a.indoption::text || ' %'
"""


@pytest.mark.parametrize(("table", "columns"), FOUND)
def test_it_is_found_by_an_index(database: psycopg.Connection[Any], table: str, columns: str) -> None:
    indexes = database.execute(
        "select pg_get_indexdef(indexrelid) as made from pg_index where indrelid = %s::regclass and indisvalid",
        [table],
    ).fetchall()
    made = [re.sub(r" (DESC|NULLS LAST)", "", row["made"].split("USING btree ")[-1]) for row in indexes]
    assert any(index.startswith((f"({columns})", f"({columns},", f"({columns} ")) for index in made), made


def test_what_is_featured_is_found_by_an_index_of_its_own(database: psycopg.Connection[Any]) -> None:
    made = database.execute("select indexdef from pg_indexes where indexname = 'products_is_featured_idx'").fetchone()
    assert made
    assert "WHERE is_featured" in made["indexdef"]


def test_no_two_indexes_do_the_same(database: psycopg.Connection[Any]) -> None:
    assert database.execute(DOUBLED).fetchall() == []
    with database.transaction(force_rollback=True):
        database.execute("create index products_again_idx on shop.products (price)")
        assert database.execute(DOUBLED).fetchall() == [{"index": "shop.products_again_idx"}]


def test_the_states_of_an_order_are_the_seeds(database: psycopg.Connection[Any]) -> None:
    rows = database.execute("select status, label from shop.order_statuses").fetchall()
    assert {row["status"]: row["label"] for row in rows} == STATES

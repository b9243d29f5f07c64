"""What tests/matrix says cell by cell, said once more in sentences that must stay true whatever is declared there."""

from typing import Any

import psycopg
import pytest

from tests.conftest import Shop

ACT = ("insert", "update", "delete", "truncate", "references", "trigger")


def allowed(
    connection: psycopg.Connection[Any], role: str, schemas: tuple[str, ...], kinds: tuple[str, ...]
) -> set[str]:
    """What a role can do in the end, inherited or not, to whole tables or single columns."""
    return {
        row[0]
        for row in connection.execute(
            """select c.relname || ' ' || k.kind from pg_class c, unnest(%(kinds)s::text[]) k (kind)
            where c.relnamespace::regnamespace::text = any(%(schemas)s) and c.relkind in ('r', 'v') and (
              has_table_privilege(%(role)s, c.oid, k.kind)
              or k.kind in ('select', 'insert', 'update', 'references')
                and has_any_column_privilege(%(role)s, c.oid, k.kind))""",
            {"role": role, "schemas": list(schemas), "kinds": list(kinds)},
        )
    }


@pytest.mark.parametrize("role", ["anon", "customer", "staff", "admin", "service", "worker", "authenticator"])
def test_nobody_reaches_a_table_with_secrets(superuser: psycopg.Connection[Any], role: str) -> None:
    assert allowed(superuser, "owner", ("auth",), ("select",))
    assert not allowed(superuser, role, ("auth",), ("select", *ACT))


@pytest.mark.parametrize("role", ["anon", "service", "worker", "authenticator"])
def test_who_has_functions_writes_no_table(superuser: psycopg.Connection[Any], role: str) -> None:
    assert not allowed(superuser, role, ("shop", "api"), ACT)


def test_a_customer_writes_only_addresses_reviews_wishes_and_a_profile(superuser: psycopg.Connection[Any]) -> None:
    assert allowed(superuser, "customer", ("shop",), ACT) == {
        "addresses insert", "addresses update", "addresses delete", "customers update", "order_notes insert",
        "reviews insert", "reviews update", "reviews delete", "wishlist_items insert", "wishlist_items delete",
    }  # fmt: skip


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_not_even_an_admin_writes_orders_stock_or_money(superuser: psycopg.Connection[Any], role: str) -> None:
    tables = {written.split()[0] for written in allowed(superuser, role, ("shop",), ACT)}
    assert "products" in tables
    assert not tables & {
        "orders", "order_items", "order_status_history", "order_transitions", "payments", "refunds", "payment_events",
        "disputes", "ledger_entries", "shipments", "reservations", "carts", "cart_items", "idempotency_keys", "outbox",
        "audit_log",
    }  # fmt: skip
    # Whether a variant may be sold beyond what is there, and nothing else.
    columns = superuser.execute(
        """select attname from pg_attribute where attrelid = 'shop.stock'::regclass and attnum > 0
        and has_column_privilege(%s, attrelid, attnum, 'update')""", [role]
    ).fetchall()  # fmt: skip
    assert columns == [("is_backorderable",)]


def test_cost_prices_are_for_staff(superuser: psycopg.Connection[Any]) -> None:
    who = [
        role
        for role in ("anon", "customer", "staff", "admin", "service", "worker")
        if superuser.execute(
            "select has_column_privilege(%s, 'shop.products', 'cost_price', 'select')", [role]
        ).fetchone()
        == (True,)
    ]
    assert who == ["staff", "admin"]


@pytest.mark.parametrize("schema", ["api", "v1", "logic", "shop"])
def test_a_function_whose_grant_was_forgotten_is_no_hole(shop: Shop, schema: str) -> None:
    with shop.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute(f"create function {schema}.forgotten() returns integer language sql return 1")
        for role in ("anon", "customer", "staff", "admin", "service", "worker", "authenticator"):
            row = connection.execute(
                "select has_function_privilege(%s, %s, 'execute') as may", [role, f"{schema}.forgotten()"]
            ).fetchone()
            assert row == {"may": False}

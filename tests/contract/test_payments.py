"""Payments and mails begin when their order stands, and orders outlive the wish to leave."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import ADDRESS, Person, eventually


def payment(person: Person, order: dict[str, Any]) -> dict[str, Any]:
    rows = person.client.get(f"/rest/v1/payments?order_id=eq.{order['id']}").json()
    assert len(rows) == 1, rows
    return dict(rows[0])


def test_a_payment_begins_once_its_order_stands(
    customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any
) -> None:
    order = buy(customer, make_product())
    begun = eventually(lambda: payment(customer, order)["intent_id"], what="the worker begins the payment")
    asked = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]})
    assert (asked.status_code, asked.json()["payment_intent_id"]) == (200, begun)


def test_what_is_rolled_back_is_not_told(
    customer: Person,
    staff: Person,
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    database: psycopg.Connection[Any],
) -> None:
    def traces() -> list[int]:
        row = database.execute(
            "select count(distinct o.id) as orders, count(b.id) as told from shop.orders o"
            " left join shop.outbox b on b.payload ->> 'order_id' = o.id::text where o.customer_id = %(me)s",
            {"me": customer.id},
        ).fetchone()
        assert row
        return list(row.values())

    buy(customer, make_product())
    before = traces()
    plenty, scarce = make_product(), make_product(stock_quantity=1)
    for product in (plenty, scarce):
        assert customer.client.post("/api/v1/cart/items/", json={"product_id": product["id"]}).status_code == 201
    staff.client.patch(f"/rest/v1/products?id=eq.{scarce['id']}", json={"is_active": False})
    refused = customer.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
    assert (refused.status_code, refused.json()["code"]) == (409, "product_unavailable")
    assert traces() == before
    assert len(customer.client.get("/api/v1/cart/").json()["items"]) == 2
    shown = staff.client.get(f"/rest/v1/stock?product_id=eq.{plenty['id']}").json()
    assert [row["reserved"] for row in shown] == [0]


def test_orders_outlive_the_wish_to_leave(
    customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any, database: psycopg.Connection[Any]
) -> None:
    order = buy(customer, make_product())
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="orders_customer_id_fkey"):
        database.execute("delete from shop.customers where id = %s", [customer.id])
    assert customer.client.get(f"/api/v1/orders/{order['id']}/").status_code == 200

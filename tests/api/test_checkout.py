"""Checkout is one act: never oversold, never twice, never half; who loses learns what is left."""

import random
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, Person, Shop, eventually

BODY = {"shipping_address": ADDRESS}


def all_at_once(acts: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """Run every act in a thread of its own, all released by one barrier."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def add(person: Person, product: dict[str, Any], quantity: int = 1, variant: str | None = None) -> httpx.Response:
    return person.client.post(
        "/api/v1/cart/items/", json={"product_id": product["id"], "quantity": quantity, "variant_id": variant}
    )


def stock_is_sound(database: psycopg.Connection[Any]) -> None:
    """The ledger's sum is on hand, held reservations are reserved, and rows were seen."""
    seen = database.execute("""
        select count(*) as rows,
          count(*) filter (where s.on_hand <> (
            select coalesce(sum(m.quantity), 0) from shop.stock_movements m where m.variant_id = s.variant_id
          )) as wrong_ledger,
          count(*) filter (where s.reserved <> (
            select coalesce(sum(r.quantity), 0) from shop.reservations r
            where r.variant_id = s.variant_id and r.state = 'held'
          )) as wrong_reserved
        from shop.stock s
    """).fetchone()
    assert seen and seen["rows"] > 0
    assert (seen["wrong_ledger"], seen["wrong_reserved"]) == (0, 0)


def test_twenty_buyers_and_five_units(
    acting_as: Callable[..., Person], make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    product = make_product(stock_quantity=5)
    buyers = [acting_as() for _ in range(20)]
    assert {add(buyer, product).status_code for buyer in buyers} == {201}
    answers = all_at_once([lambda b=b: b.client.post("/api/v1/orders/", json=BODY) for b in buyers])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 15
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["code"] == "insufficient_stock"
            assert problem["details"] == [
                {
                    "item_id": problem["details"][0]["item_id"],
                    "product_id": product["id"],
                    "variant_id": None,
                    "sku": product["sku"],
                    "name": product["name"],
                    "requested": 1,
                    "available": 0,
                }
            ]
    stock_is_sound(database)
    # Who lost keeps the cart.
    loser = next(b for b, answer in zip(buyers, answers, strict=True) if answer.status_code == 409)
    assert len(loser.client.get("/api/v1/cart/").json()["items"]) == 1


def test_shared_products_in_shuffled_order_never_deadlock(
    acting_as: Callable[..., Person], make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    products = [make_product(stock_quantity=40) for _ in range(4)]
    buyers = [acting_as() for _ in range(16)]
    before = database.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
    for _ in range(2):
        for buyer in buyers:
            for product in random.sample(products, 4):
                assert add(buyer, product).status_code == 201
        answers = all_at_once([lambda b=b: b.client.post("/api/v1/orders/", json=BODY) for b in buyers])  # type: ignore[misc]
        assert {answer.status_code for answer in answers} == {201}
    assert (
        database.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
        == before
    )
    stock_is_sound(database)


def test_two_variants_of_one_product_are_counted_apart(
    customer: Person, staff: Person, make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    product = make_product(stock_quantity=0)
    variants = {}
    for name, modifier in (("Red", 0), ("Blue", 2.5)):
        row = database.execute(
            "insert into shop.product_variants (product_id, name, sku, price_modifier)"
            " values (%s, %s, %s, %s) returning id::text",
            [product["id"], name, f"{product['sku']}-{name}", modifier],
        ).fetchone()
        assert row
        variants[name] = row["id"]
        stocked = staff.client.post(
            "/rest/v1/stock_movements", json={"variant_id": row["id"], "quantity": 10, "reason": "delivery"}
        )
        assert stocked.status_code == 201, stocked.text
    assert add(customer, product).json()["code"] == "variant_required"
    assert add(customer, product, 2, variants["Red"]).status_code == 201
    assert add(customer, product, 3, variants["Blue"]).status_code == 201
    order = customer.client.post("/api/v1/orders/", json=BODY).json()
    assert order["subtotal"] == "57.50"
    assert {(item["variant_name"], item["quantity"]) for item in order["items"]} == {("Red", 2), ("Blue", 3)}
    shown = customer.client.get(f"/api/v1/products/{product['slug']}/").json()
    assert {v["name"]: v["stock_quantity"] for v in shown["variants"]} == {"Red": 8, "Blue": 7}
    assert shown["stock_quantity"] == 15
    refused = add(customer, product, 8, variants["Blue"])
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_stock")


def test_ten_parallel_adds_are_one_line(customer: Person, make_product: Callable[..., dict[str, Any]]) -> None:
    product = make_product(stock_quantity=50)
    answers = all_at_once([lambda: add(customer, product, 2)] * 10)
    assert {answer.status_code for answer in answers} == {201}
    items = customer.client.get("/api/v1/cart/").json()["items"]
    assert [item["quantity"] for item in items] == [20]


def test_equal_keys_are_one_order(customer: Person, make_product: Callable[..., dict[str, Any]]) -> None:
    product = make_product()
    add(customer, product)
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answers = all_at_once([lambda: customer.client.post("/api/v1/orders/", json=BODY, headers=key)] * 12)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert customer.client.get("/api/v1/orders/").json()["count"] == 1
    again = customer.client.post("/api/v1/orders/", json=BODY, headers=key)
    assert again.json()["id"] == answers[0].json()["id"]
    other = customer.client.post("/api/v1/orders/", json={**BODY, "notes": "another"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_double_click_without_a_key_is_one_order(
    customer: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    add(customer, make_product())
    answers = all_at_once([lambda: customer.client.post("/api/v1/orders/", json=BODY)] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert customer.client.get("/api/v1/orders/").json()["count"] == 1


def test_a_price_that_moved_is_told_and_can_be_accepted(
    customer: Person, make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    product = make_product(price="10.00")
    add(customer, product, 2)
    database.execute("update shop.products set price = 11 where id = %s", [product["id"]])
    refused = customer.client.post("/api/v1/orders/", json=BODY)
    assert (refused.status_code, refused.json()["code"]) == (409, "price_changed")
    assert [(line["price_snapshot"], line["price"]) for line in refused.json()["details"]] == [("10.00", "11.00")]
    order = customer.client.post("/api/v1/orders/", json={**BODY, "accept_price_changes": True}).json()
    assert order["subtotal"] == "22.00"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "validation_failed"),
        ({"shipping_address": 5}, 422, "validation_failed"),
        ({"shipping_address": {"city": "York"}}, 422, "validation_failed"),
        ({"shipping_address": {**ADDRESS, "planet": "Earth"}}, 422, "validation_failed"),
        ({"shipping_address": str(uuid.uuid4())}, 404, "address_not_found"),
        ({"shipping_address": "here"}, 404, "address_not_found"),
        # Totals are the shop's to make.
        ({**BODY, "total_amount": "0.01"}, 422, "validation_failed"),
        ({**BODY, "subtotal": 1}, 422, "validation_failed"),
        ({**BODY, "notes": "x" * 3000}, 400, "orders_notes_length"),
    ],
)
def test_bad_checkouts(
    customer: Person, make_product: Callable[..., dict[str, Any]], body: dict[str, Any], status: int, code: str
) -> None:
    add(customer, make_product())
    answer = customer.client.post("/api/v1/orders/", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json().keys() == {"code", "message", "details", "hint"}
    assert customer.client.get("/api/v1/orders/").json()["count"] == 0
    assert len(customer.client.get("/api/v1/cart/").json()["items"]) == 1


def test_an_empty_cart_is_no_order(customer: Person) -> None:
    answer = customer.client.post("/api/v1/orders/", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "cart_empty")


def test_a_product_switched_off_is_not_sold(
    customer: Person, make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    product = make_product()
    add(customer, product)
    database.execute("update shop.products set is_active = false where id = %s", [product["id"]])
    answer = customer.client.post("/api/v1/orders/", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "product_unavailable")
    assert [line["sku"] for line in answer.json()["details"]] == [product["sku"]]
    refused = add(customer, product)
    assert (refused.status_code, refused.json()["code"]) == (404, "product_not_found")


def test_not_even_the_owner_oversells(
    make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    product = make_product(stock_quantity=3)
    row = database.execute("select id from shop.product_variants where product_id = %s", [product["id"]]).fetchone()
    assert row
    for statement in (
        "update shop.stock set on_hand = 99 where variant_id = %s",
        "update shop.stock set reserved = 0 where variant_id = %s",
        "delete from shop.stock where variant_id = %s",
        "insert into shop.stock_movements (variant_id, quantity, reason) values (%s, -4, 'sale')",
        "delete from shop.stock_movements where variant_id = %s",
        "update shop.stock_movements set quantity = 7 where variant_id = %s",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            database.execute(statement, [row["id"]])


def test_unpaid_orders_give_their_stock_back(
    shop: Shop,
    customer: Person,
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    pay: Any,
    database: psycopg.Connection[Any],
) -> None:
    product = make_product(stock_quantity=2)
    order = buy(customer, product, 2)
    database.execute("update shop.reservations set expires_at = now() where order_id = %s", [order["id"]])

    # An order that a webhook holds at that moment is passed over until the next round.
    def is_cancelled() -> bool:
        database.execute("select logic.expire_reservations()")
        return customer.client.get(f"/api/v1/orders/{order['id']}/").json()["status"] == "cancelled"

    eventually(is_cancelled)
    assert shop.client().get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"] == 2
    refused = pay(customer, order)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_not_payable")
    stock_is_sound(database)

"""Staff count what is there; the ledger gets the difference, and whoever buys meanwhile loses nothing by it."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, Person

Product = dict[str, Any]
URL = "/rest/v1/rpc/take_stock"


def take(person: Person, *counts: tuple[Product, int], key: str = "", **more: Any) -> httpx.Response:
    body = {"counts": [{"sku": product["sku"], "counted": counted} for product, counted in counts], **more}
    return person.client.post(URL, json=body, headers={"Idempotency-Key": key} if key else {})


def shelf(staff: Person, product: Product) -> tuple[int, int]:
    (row,) = staff.client.get("/rest/v1/stock", params={"product_id": f"eq.{product['id']}"}).json()
    return row["on_hand"], row["reserved"]


def taken(staff: Person, product: Product) -> list[tuple[int, str]]:
    (row,) = staff.client.get("/rest/v1/stock", params={"product_id": f"eq.{product['id']}"}).json()
    wanted = {"variant_id": f"eq.{row['variant_id']}", "reason": "eq.stock_take", "order": "id"}
    return [(m["quantity"], m["note"]) for m in staff.client.get("/rest/v1/stock_movements", params=wanted).json()]


def moment(database: psycopg.Connection[Any]) -> str:
    row = database.execute("select clock_timestamp()::text as now").fetchone()
    assert row
    return str(row["now"])


def test_the_ledger_gets_the_differences_once(
    staff: Person, customer: Person, make_product: Callable[..., Product], database: psycopg.Connection[Any]
) -> None:
    fewer, more, same = (make_product(stock_quantity=10) for _ in range(3))
    counts, key = ((fewer, 7), (more, 12), (same, 10)), uuid.uuid4().hex
    assert take(customer, *counts).status_code == 403
    first, again = (take(staff, *counts, key=key, note="November") for _ in range(2))
    assert (first.status_code, again.text) == (200, first.text), first.text
    assert {row["sku"]: (row["difference"], row["on_hand"]) for row in first.json()} == {
        fewer["sku"]: (-3, 7), more["sku"]: (2, 12), same["sku"]: (0, 10),
    }  # fmt: skip
    assert [taken(staff, product) for product in (fewer, more, same)] == [[(-3, "November")], [(2, "November")], []]
    assert [shelf(staff, product) for product in (fewer, more, same)] == [(7, 0), (12, 0), (10, 0)]
    other = take(staff, (fewer, 1), key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    # Counted again, nothing is different; and it is known who has counted.
    assert [row["difference"] for row in take(staff, *counts).json()] == [0, 0, 0]
    who = database.execute(
        "select distinct actor_id::text as who from shop.stock_movements m join shop.product_variants v"
        " on v.id = m.variant_id where v.product_id = any(%s::uuid[]) and reason = 'stock_take'",
        [[fewer["id"], more["id"]]],
    ).fetchall()
    assert who == [{"who": staff.id}]


def test_what_orders_hold_is_counted_too_and_never_taken_from_them(
    staff: Person, customer: Person, make_product: Callable[..., Product], buy: Any
) -> None:
    held, other = make_product(stock_quantity=5), make_product(stock_quantity=5)
    buy(customer, held, 3)
    refused = take(staff, (held, 2), (other, 1))
    assert (refused.status_code, refused.json()["code"]) == (409, "count_below_reserved")
    assert refused.json()["details"] == held["sku"]
    assert (shelf(staff, other), taken(staff, other)) == ((5, 0), []), "all or none"
    assert take(staff, (held, 3)).status_code == 200
    assert shelf(staff, held) == (3, 3)


def test_what_moves_after_the_count_is_no_difference(
    staff: Person,
    customer: Person,
    make_product: Callable[..., Product],
    buy: Any,
    pay: Any,
    database: psycopg.Connection[Any],
) -> None:
    product = make_product(stock_quantity=10)
    counted_at = moment(database)
    assert pay(customer, buy(customer, product, 4)).status_code == 200
    assert shelf(staff, product) == (6, 0)
    # Nine lay there before four were sold.
    answer = take(staff, (product, 9), counted_at=counted_at)
    assert [(row["difference"], row["on_hand"]) for row in answer.json()] == [(-1, 5)], answer.text
    assert (shelf(staff, product), taken(staff, product)) == ((5, 0), [(-1, "")])


def test_sales_at_the_same_time_are_not_lost(
    staff: Person,
    acting_as: Callable[..., Person],
    make_product: Callable[..., Product],
    pay: Any,
    database: psycopg.Connection[Any],
) -> None:
    products = [make_product(stock_quantity=50) for _ in range(2)]
    buyers, counters, rounds = [acting_as("guest") for _ in range(4)], 2, 3
    counted_at = moment(database)
    barrier = threading.Barrier(len(buyers) + counters)

    def buy_some(buyer: Person) -> None:
        barrier.wait()
        for number in range(rounds):
            for product in products[:: 1 if number % 2 else -1]:
                body = {"product_id": product["id"], "quantity": 1}
                assert buyer.client.post("/api/v1/cart/items/", json=body).status_code == 201
            body = {"shipping_address": ADDRESS, "email": buyer.email}
            order = buyer.client.post("/api/v1/orders/", json=body)
            assert order.status_code == 201, order.text
            assert pay(buyer, order.json()).status_code == 200

    def count(number: int) -> None:
        barrier.wait()
        for _ in range(rounds):
            counts = [(product, 40) for product in products[:: 1 if number else -1]]
            answer = take(staff, *counts, counted_at=counted_at)
            assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(len(buyers) + counters) as threads:
        acts = [threads.submit(buy_some, buyer) for buyer in buyers]
        acts += [threads.submit(count, number) for number in range(counters)]
        for act in acts:
            act.result()
    for product in products:
        assert shelf(staff, product) == (40 - len(buyers) * rounds, 0)
        assert taken(staff, product) == [(-10, "")], "what was counted twice differs once"


@pytest.mark.parametrize(
    ("counts", "status", "code"),
    [
        (None, 422, "validation_failed"),
        ({"apple": 1}, 422, "validation_failed"),
        ([], 422, "validation_failed"),
        ([5], 422, "validation_failed"),
        ([{"sku": "apple"}], 422, "validation_failed"),
        ([{"sku": 5, "counted": 5}], 422, "validation_failed"),
        ([{"sku": "apple", "counted": -1}], 422, "validation_failed"),
        ([{"sku": "apple", "counted": 1.5}], 422, "validation_failed"),
        ([{"sku": "apple", "counted": 10**10}], 422, "validation_failed"),
        ([{"sku": "apple", "counted": 1}, {"sku": "APPLE", "counted": 1}], 422, "validation_failed"),
        ([{"sku": "no such apple", "counted": 1}], 404, "sku_not_found"),
    ],
)
def test_what_is_no_count(staff: Person, counts: Any, status: int, code: str) -> None:
    answer = staff.client.post(URL, json={"counts": counts})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_nobody_counts_tomorrow(staff: Person, make_product: Callable[..., Product]) -> None:
    answer = take(staff, (make_product(), 1), counted_at="2999-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed"), answer.text

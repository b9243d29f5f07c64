"""One product that everybody wants at the same moment: who is too late is told at once, the others wait for little."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, Person, Shop, eventually

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def last_one(customer: Person, make_product: Make) -> dict[str, Any]:
    """In the customer's cart."""
    product = make_product(stock_quantity=1)
    line = {"product_id": product["id"], "quantity": 1}
    assert customer.client.post("/api/v1/cart/items/", json=line).status_code == 201
    return product


def check_out(person: Person) -> httpx.Response:
    return person.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})


@contextmanager
def counted(shop: Shop, product: dict[str, Any], difference: int) -> Iterator[psycopg.Connection[Any]]:
    """Somebody has corrected the stock, and has not committed yet."""
    with shop.connect() as connection, connection.transaction():
        connection.execute(
            "insert into shop.stock_movements (variant_id, quantity, reason)"
            " select id, %s, 'correction' from shop.product_variants where product_id = %s",
            [difference, product["id"]],
        )
        yield connection


def test_who_comes_too_late_is_told_so_without_waiting(
    shop: Shop, customer: Person, last_one: dict[str, Any], acting_as: Callable[..., Person], buy: Any
) -> None:
    buy(acting_as(), last_one)
    with counted(shop, last_one, 5):
        # What is not committed is not there; and the row is locked all the while.
        refused = check_out(customer)
        assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_stock")
    assert check_out(customer).status_code == 201


@pytest.mark.parametrize(("difference", "status"), [(-1, 409), (1, 201)])
def test_what_is_true_when_the_stock_is_free_counts(
    shop: Shop,
    customer: Person,
    last_one: dict[str, Any],
    database: psycopg.Connection[Any],
    difference: int,
    status: int,
) -> None:
    """It is there when the cart is looked at; then somebody else is faster."""
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(check_out(customer)))
    with counted(shop, last_one, difference) as other:
        thread.start()
        blocked = "select 1 from pg_stat_activity where %s = any (pg_blocking_pids(pid))"
        eventually(lambda: database.execute(blocked, [other.info.backend_pid]).fetchone(), what="checkout waits")
    thread.join()
    (answer,) = answers
    assert answer.status_code == status, answer.text
    if status == 409:
        (line,) = answer.json()["details"]
        assert answer.json()["code"] == "insufficient_stock"
        assert (line["sku"], line["requested"], line["available"]) == (last_one["sku"], 1, 0)
        # Nothing has happened: the cart is as it was.
        assert [item["quantity"] for item in customer.client.get("/api/v1/cart/").json()["items"]] == [1]


def test_an_order_is_written_before_its_stock_is_locked(
    shop: Shop, customer: Person, last_one: dict[str, Any], database: psycopg.Connection[Any]
) -> None:
    """So that others wait for a few statements, and not for the totals, the lines and the payment."""
    thread = threading.Thread(target=check_out, args=[customer])
    with counted(shop, last_one, 1) as other:
        thread.start()
        waiting = eventually(
            lambda: database.execute(
                "select pid from pg_stat_activity where %s = any (pg_blocking_pids(pid))", [other.info.backend_pid]
            ).fetchone(),
            what="checkout waits",
        )
        written = database.execute(
            "select distinct relation::regclass::text as name from pg_locks"
            " where pid = %s and mode = 'RowExclusiveLock'",
            [waiting["pid"]],
        ).fetchall()
    thread.join()
    assert {"shop.orders", "shop.order_items", "shop.payments"} <= {row["name"] for row in written}


@pytest.mark.parametrize("change", [{"price": "12.00"}, {"slug": "", "sku": "", "is_active": False}])
def test_an_order_in_the_making_keeps_its_prices_and_no_editor_waiting(
    shop: Shop,
    customer: Person,
    staff: Person,
    last_one: dict[str, Any],
    database: psycopg.Connection[Any],
    change: Any,
) -> None:
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(check_out(customer)))
    with counted(shop, last_one, 1) as other:
        thread.start()
        blocked = "select 1 from pg_stat_activity where %s = any (pg_blocking_pids(pid))"
        eventually(lambda: database.execute(blocked, [other.info.backend_pid]).fetchone(), what="checkout waits")
        body = {name: value if value != "" else uuid.uuid4().hex for name, value in change.items()}
        edited = staff.client.put(f"/api/v1/products/{last_one['slug']}/", json=body)
        assert edited.status_code == 200, edited.text
    thread.join()
    (answer,) = answers
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert ([line["price"] for line in order["items"]], order["subtotal"]) == (["10.00"], "10.00")

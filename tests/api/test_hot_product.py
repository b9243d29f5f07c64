"""One product that everybody wants at the same moment: who is too late is told so at once, and who waits, the truth."""

import threading
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
    thread.join(15)
    (answer,) = answers
    assert answer.status_code == status, answer.text
    if status == 409:
        (line,) = answer.json()["details"]
        assert answer.json()["code"] == "insufficient_stock"
        assert (line["sku"], line["requested"], line["available"]) == (last_one["sku"], 1, 0)
        # Nothing has happened: the cart is as it was.
        assert [item["quantity"] for item in customer.client.get("/api/v1/cart/").json()["items"]] == [1]

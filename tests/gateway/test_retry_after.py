"""Who is asked to come back is told when, once."""

from collections.abc import Callable
from typing import Any

import psycopg

from tests.conftest import ADDRESS, Person


def test_a_shop_that_is_busy_says_once_when_to_come_back(
    customer: Person, make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    product = make_product()
    customer.client.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 1}).raise_for_status()
    with database.transaction():
        database.execute(
            "select from shop.stock where variant_id in (select id from shop.product_variants where product_id = %s)"
            " for update",
            [product["id"]],
        )
        answer = customer.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
    assert (answer.status_code, answer.json()["code"]) == (503, "try_again")
    assert answer.headers.get_list("retry-after") == ["1"]
    assert customer.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS}).status_code == 201

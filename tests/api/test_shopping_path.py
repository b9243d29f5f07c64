"""The whole path on the seed's URLs: register, browse, cart, checkout, pay, mail."""

from collections.abc import Callable
from typing import Any

from tests.conftest import ADDRESS, Person, Shop, eventually


def test_from_registration_to_the_mail(
    shop: Shop, customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any
) -> None:
    product = make_product(price="12.50", stock_quantity=5)
    listed = shop.client().get("/api/v1/products/", params={"search": product["sku"]}).json()
    assert [item["id"] for item in listed["results"]] == [product["id"]]
    assert listed["results"][0]["price"] == "12.50"

    order = buy(customer, product, 2)
    assert (order["subtotal"], order["tax"], order["shipping_cost"], order["total_amount"]) == (
        "25.00",
        "5.00",
        "4.95",
        "34.95",
    )
    assert shop.client().get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"] == 3
    assert customer.client.get("/api/v1/cart/").json()["items"] == []

    answer = pay(customer, order)
    assert answer.status_code == 200
    assert answer.json()["order_status"] == "confirmed"
    eventually(
        lambda: any(order["order_number"] in mail["subject"] for mail in shop.mails(customer.email)), what="mail"
    )
    tracked = customer.client.get(f"/api/v1/orders/{order['id']}/tracking/").json()
    assert [step["status"] for step in tracked["history"]] == ["pending", "confirmed"]
    assert ADDRESS.items() <= customer.client.get(f"/api/v1/orders/{order['id']}/").json()["shipping_address"].items()

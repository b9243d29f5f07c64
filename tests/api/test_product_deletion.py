"""Deletion of products: out of sight, whole in orders, and not for ever."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx

from tests.conftest import ADDRESS, Person

Make = Callable[..., dict[str, Any]]


def url(product: dict[str, Any]) -> str:
    return f"/api/v1/products/{product['slug']}/"


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_deleted_product_is_gone_for_customers_and_whole_in_orders(
    staff: Person, customer: Person, make_product: Make, buy: Any
) -> None:
    product = make_product()
    order = buy(customer, product, 2)
    customer.client.post("/api/v1/cart/items/", json={"product_id": product["id"]})
    assert staff.client.delete(url(product)).status_code == 204

    for person in (customer, staff):
        assert refused(person.client.get(url(product))) == (404, "product_not_found")
        listed = person.client.get("/api/v1/products/", params={"name": product["name"]})
        assert listed.json()["count"] == 0
    assert refused(staff.client.delete(url(product))) == (404, "product_not_found")
    assert customer.client.get(f"/rest/v1/products?id=eq.{product['id']}").json() == []
    again = customer.client.post("/api/v1/cart/items/", json={"product_id": product["id"]})
    assert refused(again) == (404, "product_not_found")

    line = customer.client.get("/api/v1/cart/").json()["items"][0]
    assert line["is_available"] is False
    checkout = customer.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
    assert refused(checkout) == (409, "product_unavailable")
    assert checkout.json()["details"][0]["product_id"] == product["id"]

    kept = customer.client.get(f"/api/v1/orders/{order['id']}/").json()["items"][0]
    assert (kept["product_name"], kept["sku"], kept["quantity"]) == (product["name"], product["sku"], 2)
    assert customer.client.delete(f"/api/v1/orders/{order['id']}/").json()["status"] == "cancelled"


def test_slug_and_sku_of_a_deleted_product_stay_taken_and_it_can_come_back(
    staff: Person, customer: Person, make_product: Make
) -> None:
    product = make_product()
    row = f"/rest/v1/products?id=eq.{product['id']}"
    one = {"Prefer": "return=representation", "Accept": "application/vnd.pgrst.object+json"}
    deleted = staff.client.delete(row, headers=one)
    assert (deleted.status_code, deleted.json()["id"]) == (200, product["id"])
    for field, rule in (("slug", "products_slug_key"), ("sku", "products_sku_key")):
        body = {"name": "Again", "price": "1.00", "sku": uuid.uuid4().hex, field: product[field]}
        assert refused(staff.client.post("/api/v1/products/", json=body)) == (409, rule)
    (kept,) = staff.client.get(row).json()
    assert kept["deleted_at"] and not kept["is_active"]
    sold = staff.client.patch(row, json={"is_active": True})
    assert "products_deleted_is_not_active" in sold.json()["message"]
    assert staff.client.patch(row, json={"deleted_at": None, "is_active": True}).status_code == 204
    assert customer.client.get(url(product)).json()["stock_quantity"] == 10

"""What has two ways, a method or a grammar, comes to the same by the one that is less usual."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ADDRESS, Person, Shop, eventually

Make = Callable[..., dict[str, Any]]
Buy = Callable[..., dict[str, Any]]
SETTINGS = "/rest/v1/settings?is_only_row=eq.true"


def test_patch_changes_what_put_does(customer: Person, make_product: Make) -> None:
    me, product = customer.client, make_product(stock_quantity=9)
    item = me.post("/api/v1/cart/items/", json={"product_id": product["id"]}).json()["items"][0]
    reviews = f"/api/v1/products/{product['slug']}/reviews/"
    review = me.post(reviews, json={"rating": 2, "title": "Dull", "comment": "It does nothing."}).json()
    address = me.post("/api/v1/users/me/addresses/", json=ADDRESS).json()
    for url, change in (
        (f"/api/v1/cart/items/{item['id']}/", {"quantity": 3}),
        (f"{reviews}{review['id']}/", {"rating": 5}),
        (f"/api/v1/users/me/addresses/{address['id']}/", {"city": "Hull"}),
    ):
        patched, put = me.patch(url, json=change), me.put(url, json=change)
        assert (patched.status_code, put.status_code) == (200, 200), patched.text
        assert {**patched.json(), "updated_at": ""} == {**put.json(), "updated_at": ""}
    assert me.get("/api/v1/cart/").json()["total_items"] == 3
    assert me.get(reviews, params={"is_approved": "false"}).json()["results"][0]["rating"] == 5
    assert me.get("/api/v1/users/me/addresses/").json()["results"][0] == {**address, "city": "Hull"}


def test_what_only_reads_is_asked_by_get_as_well(customer: Person, make_product: Make) -> None:
    me, product = customer.client, make_product(price="12.50")
    me.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 2})
    for name, asked in (("cart_totals", {}), ("product_facets", {"search": product["name"], "price_min": 12})):
        got = me.get(f"/rest/v1/rpc/{name}", params=asked)
        assert got.status_code == 200
        assert got.json() == me.post(f"/rest/v1/rpc/{name}", json=asked).json()
        assert (got.json().get("subtotal") or got.json()["count"]) in (25, 1)


def test_staff_records_a_payment_in_postgrests_grammar(
    acting_as: Callable[..., Person], customer: Person, staff: Person, make_product: Make
) -> None:
    admin = acting_as("admin")
    methods = "/rest/v1/payment_methods?code=eq.bank_transfer"
    assert admin.client.patch(methods, json={"is_active": True}).status_code == 204
    try:
        customer.client.post("/api/v1/cart/items/", json={"product_id": make_product()["id"]})
        body = {"shipping_address": ADDRESS, "payment_method": "bank_transfer"}
        order = customer.client.post("/api/v1/orders/", json=body).json()
    finally:
        admin.client.patch(methods, json={"is_active": False})
    url, asked = "/rest/v1/rpc/record_payment", {"order_id": order["id"]}
    assert customer.client.post(url, json=asked).status_code == 403
    recorded = staff.client.post(url, json=asked)
    assert (recorded.status_code, recorded.json()["status"]) == (200, "succeeded")
    assert customer.client.get(f"/api/v1/orders/{order['id']}/").json()["status"] == "confirmed"


def test_staff_captures_a_payment_in_postgrests_grammar(
    acting_as: Callable[..., Person], customer: Person, staff: Person, make_product: Make, buy: Buy, pay: Any
) -> None:
    admin = acting_as("admin")
    assert admin.client.patch(SETTINGS, json={"capture_method": "manual"}).status_code == 204
    try:
        order = buy(customer, make_product())
        assert pay(customer, order).json()["status"] == "requires_capture"
    finally:
        admin.client.patch(SETTINGS, json={"capture_method": "automatic"})
    url, asked = "/rest/v1/rpc/capture_payment", {"order_id": order["id"]}
    assert customer.client.post(url, json=asked).status_code == 403
    answer = staff.client.post(url, json=asked)
    assert (answer.status_code, answer.json()["status"]) == (200, "requires_capture")
    shown = f"/api/v1/orders/{order['id']}/"
    eventually(lambda: customer.client.get(shown).json()["status"] == "confirmed", what="the money has come")


@pytest.mark.parametrize("wanted", ["minimal", "representation"])
def test_an_admin_adds_and_removes_a_tax_rate(
    shop: Shop, acting_as: Callable[..., Person], staff: Person, wanted: str
) -> None:
    admin, name = acting_as("admin"), f"Reduced, {wanted}"
    row, prefer = {"name": name, "rate": 0.05}, {"Prefer": f"return={wanted}"}
    assert staff.client.post("/rest/v1/tax_rates", json=row).status_code == 403
    made = admin.client.post("/rest/v1/tax_rates", json=row, headers=prefer)
    assert made.status_code == 201, made.text
    mine = {"name": f"eq.{name}"}
    (found,) = shop.client().get("/rest/v1/tax_rates", params=mine).json()
    assert found == {**row, "id": found["id"], "is_default": False}
    assert (made.json() if made.content else [found]) == [found]
    assert admin.client.delete("/rest/v1/tax_rates", params=mine).status_code == 204
    assert shop.client().get("/rest/v1/tax_rates", params=mine).json() == []

"""A variant may be sold beyond what is there, if staff has said so of it."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import ADDRESS, Person


@pytest.fixture
def mug(staff: Person, make_product: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A product with one variant, of which one is there."""
    product = make_product(stock_quantity=0)
    url = f"/api/v1/products/{product['slug']}/variants/"
    made = staff.client.post(url, json={"name": "Blue", "sku": uuid.uuid4().hex[:10], "stock_quantity": 1})
    assert (made.status_code, made.json()["is_backorderable"]) == (201, False), made.text
    return {"product_id": product["id"], "variant_id": made.json()["id"], "url": f"{url}{made.json()['id']}/"}


def order(person: Person, mug: dict[str, Any], quantity: int) -> httpx.Response:
    """Into the cart and to the checkout; the first refusal, or the order."""
    body = {"product_id": mug["product_id"], "variant_id": mug["variant_id"], "quantity": quantity}
    answer = person.client.post("/api/v1/cart/items/", json=body)
    if answer.is_success:
        answer = person.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
    return answer


def stock(staff: Person, mug: dict[str, Any]) -> tuple[int, int, int]:
    (row,) = staff.client.get("/rest/v1/stock", params={"variant_id": f"eq.{mug['variant_id']}"}).json()
    return row["on_hand"], row["reserved"], row["available"]


def test_it_is_sold_before_it_is_there(
    customer: Person, staff: Person, acting_as: Callable[..., Person], mug: dict[str, Any], pay: Any
) -> None:
    refused = order(customer, mug, 3)
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_stock")
    allowed = staff.client.put(mug["url"], json={"is_backorderable": True})
    assert (allowed.status_code, allowed.json()["is_backorderable"]) == (200, True), allowed.text
    waiting, paid = order(acting_as(), mug, 2), order(customer, mug, 3)
    assert (waiting.status_code, paid.status_code) == (201, 201), paid.text
    assert pay(customer, paid.json()).json()["order_status"] == "confirmed"
    assert stock(staff, mug) == (-2, 2, -4)
    # Others of the product don't pay for it, and nobody may go back on it before the goods are there.
    shown = customer.client.get("/rest/v1/products", params={"id": f"eq.{mug['product_id']}"}).json()[0]
    assert shown["stock_quantity"] == 0
    one = {"variant_id": f"eq.{mug['variant_id']}"}
    early = staff.client.patch("/rest/v1/stock", params=one, json={"is_backorderable": False})
    assert (early.status_code, early.json()["code"]) == (400, "23514"), early.text
    delivery = {"variant_id": mug["variant_id"], "quantity": 5, "reason": "delivery", "note": "From the potter"}
    assert staff.client.post("/rest/v1/stock_movements", json=delivery).status_code == 201
    assert stock(staff, mug) == (3, 2, 1)
    assert staff.client.patch("/rest/v1/stock", params=one, json={"is_backorderable": False}).status_code == 204
    (movement,) = staff.client.get("/rest/v1/stock_movements", params={**one, "reason": "eq.delivery",
                                                                       "quantity": "eq.5"}).json()  # fmt: skip
    assert movement["note"] == "From the potter"
    assert order(acting_as(), mug, 2).status_code == 409


def test_only_staff_says_so_and_of_nothing_else(customer: Person, staff: Person, mug: dict[str, Any]) -> None:
    one = {"variant_id": f"eq.{mug['variant_id']}"}
    assert customer.client.patch("/rest/v1/stock", params=one, json={"is_backorderable": True}).status_code == 403
    assert staff.client.patch("/rest/v1/stock", params=one, json={"on_hand": 99}).status_code == 403
    assert stock(staff, mug) == (1, 0, 1)


def test_lists_say_in_stock_of_what_can_be_ordered(
    customer: Person, staff: Person, mug: dict[str, Any], make_product: Callable[..., dict[str, Any]]
) -> None:
    """Filters, facets, views and details agree with what checkout allows, whatever the ledger does meanwhile."""
    one, brand = {"variant_id": f"eq.{mug['variant_id']}"}, uuid.uuid4().hex
    named = staff.client.patch("/rest/v1/products", params={"id": f"eq.{mug['product_id']}"}, json={"brand": brand})
    assert named.status_code == 204, named.text

    def said() -> set[bool]:
        found = {"brand": brand, "in_stock": "true"}
        (row,) = customer.client.get("/rest/v1/products", params={"brand": f"eq.{brand}"}).json()
        (variant,) = customer.client.get("/rest/v1/product_variants", params={"id": one["variant_id"]}).json()
        detail = customer.client.get(f"/api/v1/products/{row['slug']}/").json()
        search = {"search": "", "brand": brand, "in_stock": True}
        return {
            row["is_in_stock"],
            variant["is_in_stock"],
            detail["is_in_stock"],
            detail["variants"][0]["is_in_stock"],
            customer.client.get("/api/v1/products/", params=found).json()["count"] == 1,
            customer.client.get("/api/v1/products/", params={"brand": brand}).json()["results"][0]["is_in_stock"],
            customer.client.get("/api/v1/products/facets/", params={"brand": brand}).json()["in_stock"] == 1,
            bool(customer.client.post("/rest/v1/rpc/search_products", json=search).json()),
        }

    def allow(backorder: bool) -> None:
        changed = staff.client.patch("/rest/v1/stock", params=one, json={"is_backorderable": backorder})
        assert changed.status_code == 204, changed.text

    def move(quantity: int) -> None:
        body = {"variant_id": mug["variant_id"], "quantity": quantity, "reason": "correction"}
        assert staff.client.post("/rest/v1/stock_movements", json=body).status_code == 201

    assert said() == {True}
    move(-1)
    assert said() == {False}
    assert order(customer, mug, 1).status_code == 409
    allow(True)
    assert said() == {True}
    move(1)
    move(-1)
    assert said() == {True}
    allow(False)
    assert said() == {False}
    allow(True)
    assert order(customer, mug, 2).status_code == 201
    assert said() == {True}
    # Neither is what nobody may buy.
    assert staff.client.put(mug["url"], json={"is_active": False}).status_code == 200
    (row,) = customer.client.get("/rest/v1/products", params={"brand": f"eq.{brand}"}).json()
    assert row["is_in_stock"] is False
    assert staff.client.put(mug["url"], json={"is_active": True}).status_code == 200
    assert said() == {True}

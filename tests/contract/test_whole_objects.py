"""Clients of REST frameworks send back the whole of what they read, changed in one place."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import ADDRESS, Person, eventually
from tests.contract.conftest import letters, made

Thing = tuple[httpx.Client, str, dict[str, Any]]


@pytest.fixture
def things(customer: Person, staff: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Thing]:
    """Who changes it, where, and how it is shown."""
    product = make_product(cost_price="3.00", barcode="4006381333931")
    parent = made(staff.client.post("/api/v1/products/categories/", json={"name": letters()}))
    category = made(staff.client.post("/api/v1/products/categories/", json={"name": letters(), "parent": parent["id"]}))
    review = made(customer.client.post(f"/api/v1/products/{product['slug']}/reviews/", json={"rating": 4}))
    address = made(customer.client.post("/api/v1/users/me/addresses/", json=ADDRESS))
    order = f"/api/v1/orders/{buy(customer, product)['id']}/"
    # A worker begins the payment, and that shows.
    eventually(lambda: made(staff.client.get(order))["payment_status"] != "new", what="the payment begins")
    page = f"/api/v1/products/{product['slug']}/"
    return {
        "me": (customer.client, "/api/v1/users/me/", made(customer.client.get("/api/v1/users/me/"))),
        "address": (customer.client, f"/api/v1/users/me/addresses/{address['id']}/", address),
        "product as read": (staff.client, page, made(staff.client.get(page))),
        "product as made": (staff.client, page, made(staff.client.put(page, json={"name": "Renamed"}))),
        "category": (staff.client, f"/api/v1/products/categories/{category['slug']}/", category),
        "review": (customer.client, f"{page}reviews/{review['id']}/", review),
        "order": (staff.client, order, made(staff.client.get(order))),
    }


@pytest.mark.parametrize(
    ("what", "field", "value"),
    [
        ("me", "last_name", "Hopper"),
        ("address", "city", "Whitby"),
        ("product as read", "price", "9.90"),
        ("product as made", "stock_quantity", 7),
        ("category", "description", "For small things."),
        ("review", "comment", "Holds."),
        ("order", "tracking_number", "T1"),
    ],
)
def test_what_was_read_is_sent_back_with_one_change(
    things: dict[str, Thing], what: str, field: str, value: object
) -> None:
    client, way, shown = things[what]
    changed = client.put(way, json={**shown, field: value})
    assert changed.status_code == 200, changed.text
    assert changed.json()[field] == value
    volatile = {field, "updated_at", "status_history", "is_in_stock", "is_low_stock"}
    kept = {key: shown[key] for key in shown.keys() & changed.json().keys() - volatile}
    assert {key: changed.json()[key] for key in kept} == kept
    assert len(kept) > 5
    for name, why in (("id", "This cannot be changed."), ("colour", "This field is not known here.")):
        refused = client.put(way, json={**changed.json(), name: "red"})
        assert (refused.status_code, refused.json()["details"]) == (422, {name: [why]})

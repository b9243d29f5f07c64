"""What is not yours is not there: rows of others on every path, and tokens that are none."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ADDRESS, Person, Shop


@pytest.fixture(scope="module")
def ann(acting_as: Callable[..., Person]) -> Person:
    return acting_as()


@pytest.fixture(scope="module")
def bob(acting_as: Callable[..., Person]) -> Person:
    return acting_as()


@pytest.fixture(scope="module")
def things(ann: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, str]:
    """Ann's address, cart line and order."""
    product = make_product()
    order = buy(ann, product)
    address = ann.client.post("/api/v1/users/me/addresses/", json=ADDRESS).json()
    cart = ann.client.post("/api/v1/cart/items/", json={"product_id": product["id"]}).json()
    return {"order": order["id"], "address": address["id"], "item": cart["items"][0]["id"]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/orders/{order}/", None),
        ("GET", "/api/v1/orders/{order}/tracking/", None),
        ("DELETE", "/api/v1/orders/{order}/", None),
        ("PUT", "/api/v1/users/me/addresses/{address}/", {"city": "Rome"}),
        ("DELETE", "/api/v1/users/me/addresses/{address}/", None),
        ("PUT", "/api/v1/cart/items/{item}/", {"quantity": 1}),
        ("DELETE", "/api/v1/cart/items/{item}/", None),
        ("POST", "/api/v1/payments/create-intent/", {"order_id": "{order}"}),
        ("POST", "/api/v1/payments/confirm/", {"order_id": "{order}", "payment_method": "pm_card_visa"}),
        ("POST", "/rest/v1/rpc/cancel_order", {"order_id": "{order}"}),
        ("POST", "/rest/v1/rpc/remove_from_cart", {"item_id": "{item}"}),
    ],
)
def test_other_peoples_ids_are_unknown(
    bob: Person, things: dict[str, str], method: str, path: str, body: dict[str, Any] | None
) -> None:
    for known in (things, dict.fromkeys(things, str(uuid.uuid4()))):
        sent = {key: value.format(**known) if isinstance(value, str) else value for key, value in (body or {}).items()}
        answer = bob.client.request(method, path.format(**known), json=sent if body else None)
        # The same answer for what is another's and for what does not exist.
        assert answer.status_code == 404, answer.text
        assert answer.json().keys() == {"code", "message", "details", "hint"}


@pytest.mark.parametrize(
    "relation", ["orders", "order_items", "order_status_history", "addresses", "cart_items", "payments"]
)
def test_rows_of_others_are_not_listed(ann: Person, bob: Person, things: dict[str, str], relation: str) -> None:
    assert things
    assert len(ann.client.get(f"/rest/v1/{relation}").json()) > 0
    assert bob.client.get(f"/rest/v1/{relation}").json() == []


def test_customers_see_only_themselves(ann: Person, bob: Person, staff: Person) -> None:
    assert [row["id"] for row in bob.client.get("/rest/v1/customers").json()] == [bob.id]
    assert bob.client.patch(f"/rest/v1/customers?id=eq.{ann.id}", json={"first_name": "x"}).status_code in {200, 204}
    assert ann.client.get("/api/v1/users/me/").json()["first_name"] != "x"
    both = staff.client.get(f"/rest/v1/customers?id=in.({ann.id},{bob.id})").json()
    assert {row["id"] for row in both} == {ann.id, bob.id}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/products/", {"name": "x", "price": "1", "sku": "x"}),
        ("POST", "/api/v1/products/categories/", {"name": "x"}),
        ("PUT", "/api/v1/orders/{order}/", {"status": "shipped"}),
        ("POST", "/rest/v1/rpc/set_customer_prices", {"customer_id": str(uuid.uuid4()), "prices": {}}),
        ("POST", "/rest/v1/rpc/refund_order", {"order_id": "{order}"}),
        ("POST", "/rest/v1/rpc/set_order_status", {"order_id": "{order}", "status": "shipped"}),
        ("POST", "/rest/v1/stock_movements", {"quantity": 5, "reason": "delivery"}),
        ("POST", "/rest/v1/categories", {"name": "x", "slug": "x"}),
        ("GET", "/rest/v1/stock", None),
    ],
)
def test_staffs_acts_are_staffs(
    shop: Shop, bob: Person, things: dict[str, str], method: str, path: str, body: dict[str, Any] | None
) -> None:
    for client, expected in ((bob.client, 403), (shop.client(), 401)):
        answer = client.request(method, path.format(**things), json=body)
        assert answer.status_code == expected, answer.text
        assert "rpc" not in answer.text and "function" not in answer.text


def test_what_nobody_may_write(bob: Person, things: dict[str, str]) -> None:
    for path, body in (
        (f"/rest/v1/orders?id=eq.{things['order']}", {"total_amount": 0}),
        ("/rest/v1/cart_items?quantity=gt.0", {"price_snapshot": 0}),
        ("/rest/v1/products?price=gt.0", {"price": 0}),
        (f"/rest/v1/customers?id=eq.{bob.id}", {"is_email_verified": True}),
    ):
        assert bob.client.patch(path, json=body).status_code == 403, path


def test_cost_prices_are_not_to_be_had(
    shop: Shop, bob: Person, staff: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    product = make_product(cost_price="3.00")
    assert product["cost_price"] == "3.00"
    assert "cost_price" not in shop.client().get(f"/api/v1/products/{product['slug']}/").text
    for query in ("select=cost_price", "cost_price=gt.1", "order=cost_price"):
        assert bob.client.get(f"/rest/v1/products?{query}").status_code == 400

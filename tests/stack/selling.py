"""One sale from beginning to end in any stack: the proof that a shop is whole."""

import uuid
from typing import Any, NamedTuple

import httpx

from tests.conftest import ADDRESS, PASSWORD, Shop, eventually, pgshop


def new_address(of: str) -> str:
    return f"{of}-{uuid.uuid4().hex[:8]}@example.com"


def sign_in(shop: Shop, email: str) -> httpx.Client:
    """A client of somebody who has an account."""
    client = shop.client()
    answer = client.post("/api/v1/auth/login/", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access']}"
    return client


def make_product(shop: Shop, stock: int = 1000) -> dict[str, Any]:
    """A product, made by somebody who sells."""
    email = new_address("staff")
    pgshop("user", "create", "--email", email, "--password", PASSWORD, "--role", "staff", "--state", str(shop.state))
    sku = uuid.uuid4().hex[:10]
    body = {"name": f"Thing {sku}", "sku": sku, "price": "10.00", "stock_quantity": stock}
    answer = sign_in(shop, email).post("/api/v1/products/", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def register(shop: Shop) -> tuple[str, httpx.Client]:
    """Somebody new: address and client."""
    email = new_address("buyer")
    body = {"email": email, "password": PASSWORD, "password2": PASSWORD, "first_name": "Test"}
    answer = shop.client().post("/api/v1/auth/register/", json=body)
    assert answer.status_code == 201, answer.text
    return email, sign_in(shop, email)


def place_order(client: httpx.Client, product: dict[str, Any]) -> dict[str, Any]:
    """Into the cart and to the checkout."""
    answer = client.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 1})
    assert answer.status_code == 201, answer.text
    answer = client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def receipts(shop: Shop, email: str, order: dict[str, Any]) -> list[dict[str, Any]]:
    """The confirmation mails of an order that have arrived."""
    return [mail for mail in shop.mails(email) if mail["subject"] == f"Your order {order['order_number']} is confirmed"]


class Sale(NamedTuple):
    """An order, and the mail that confirms it."""

    order: dict[str, Any]
    mail: dict[str, Any]


def sell(shop: Shop, product: dict[str, Any]) -> Sale:
    """Register, fill the cart, check out, pay, get the mail."""
    email, client = register(shop)
    order = place_order(client, product)
    answer = client.post("/api/v1/payments/confirm/", json={"order_id": order["id"], "payment_method": "pm_card_visa"})
    assert (answer.status_code, answer.json().get("order_status")) == (200, "confirmed"), answer.text
    # What was handed to a worker that was killed comes again after its lease.
    return Sale(order, eventually(lambda: receipts(shop, email, order), what=f"mail to {email}")[0])

"""Everything about me, as one document, and nothing about anybody else."""

from collections.abc import Callable
from typing import Any

from tests.conftest import ADDRESS, Person, Shop

EXPORT = "/api/v1/users/me/export/"


def test_the_export_has_everything_of_mine(
    customer: Person, staff: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any
) -> None:
    product, me = make_product(), customer.client
    me.put("/api/v1/users/me/", json={"last_name": "Exported", "phone_number": "+44 1"})
    me.post("/api/v1/users/me/addresses/", json=ADDRESS)
    me.post("/api/v1/wishlist/toggle/", json={"product_id": product["id"]})
    me.post(f"/api/v1/products/{product['slug']}/reviews/", json={"rating": 4, "title": "Good", "comment": "So so"})
    agreed = {"customer_id": customer.id, "prices": {product["sku"]: 9.5}}
    staff.client.post("/rest/v1/rpc/set_customer_prices", json=agreed)
    order = buy(customer, product, 2)
    assert pay(customer, order).status_code == 200
    refund = {"order_id": order["id"], "amount": 1, "reason": "A scratch"}
    assert staff.client.post("/rest/v1/rpc/refund_order", json=refund).status_code == 200
    me.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 3})

    answer = me.get(EXPORT)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["content-type"].startswith("application/json")
    assert "no-store" in answer.headers["cache-control"]
    mine = answer.json()
    assert mine["profile"] == me.get("/api/v1/users/me/").json()
    assert mine["account"]["role"] == "customer"
    [session] = mine["account"]["sessions"]
    assert session["device"].startswith("python-httpx") and session["ip_address"] == "127.0.0.1"
    [address] = mine["addresses"]
    assert address.items() >= ADDRESS.items()
    [line] = mine["cart"]["items"]
    assert (line["product"]["id"], line["quantity"]) == (product["id"], 3)
    assert mine["agreed_prices"] == [{"sku": product["sku"], "price": "9.50"}]
    [bought] = mine["orders"]
    assert bought.items() >= me.get(f"/api/v1/orders/{order['id']}/").json().items()
    [payment] = bought["payments"]
    assert [(given["amount"], given["reason"]) for given in payment["refunds"]] == [("1.00", "A scratch")]
    [review] = mine["reviews"]
    assert (review["product"], review["rating"], review["title"]) == (product["id"], 4, "Good")
    assert [wish["product"] for wish in mine["wishlist"]] == [product["id"]]
    for secret in ("password", "argon2", "client_secret", "token", customer.refresh, customer.access):
        assert secret not in answer.text


def test_nobody_elses_things_are_in_it(
    shop: Shop,
    customer: Person,
    staff: Person,
    acting_as: Callable[..., Person],
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
) -> None:
    order = buy(customer, make_product())
    other = acting_as()
    # Staff sees everybody's orders, but theirs are only their own.
    for person in (other, staff):
        mine = person.client.get(EXPORT)
        assert mine.json()["profile"]["id"] == person.id
        assert mine.json()["orders"] == []
        assert customer.id not in mine.text and order["id"] not in mine.text
    assert shop.client().get(EXPORT).status_code == 401

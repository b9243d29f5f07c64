"""Who has no account has a session, a cart and orders; and less than who has one."""

import hashlib
from collections.abc import Callable
from typing import Any

import jwt
import psycopg
import pytest

from tests.conftest import ADDRESS, Person, Shop, eventually

URL = "/api/v1/auth/guest/"


def put(person: Person, product: dict[str, Any], quantity: int = 1) -> int:
    body = {"product_id": product["id"], "quantity": quantity}
    return person.client.post("/api/v1/cart/items/", json=body).status_code


def check_out(person: Person, **more: Any) -> Any:
    return person.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS, **more})


def test_a_guest_is_somebody_with_tokens_and_a_cart(shop: Shop, make_product: Any) -> None:
    begun = shop.client().post(URL, json={})
    assert begun.status_code == 201, begun.text
    given = begun.json()
    assert given.keys() == {"access", "refresh", "user"}
    assert given["user"] == {
        "id": given["user"]["id"],
        "email": None,
        "first_name": "",
        "last_name": "",
        "role": "customer",
        "is_guest": True,
    }
    assert jwt.decode(given["access"], options={"verify_signature": False})["is_guest"] is True
    person = Person(shop.client(given["access"]), "", given["user"]["id"], given["access"], given["refresh"])
    assert put(person, make_product(), 2) == 201
    cart = person.client.get("/api/v1/cart/").json()
    assert (cart["total_items"], cart["subtotal"]) == (2, "20.00")
    (item,) = cart["items"]
    assert person.client.put(f"/api/v1/cart/items/{item['id']}/", json={"quantity": 3}).json()["total_items"] == 3
    assert len(person.client.get("/rest/v1/cart_items").json()) == 1
    assert person.client.get("/rest/v1/customers").json()[0]["is_guest"] is True
    # The session renews itself as others do.
    renewed = shop.client().post("/api/v1/auth/refresh/", json={"refresh": given["refresh"]}).json()
    assert shop.client(renewed["access"]).get("/api/v1/cart/").json()["total_items"] == 3
    assert jwt.decode(renewed["access"], options={"verify_signature": False})["is_guest"] is True


def test_guests_write_neither_reviews_nor_wishes(guest: Person, customer: Person, make_product: Any) -> None:
    product = make_product()
    acts = [
        (f"/api/v1/products/{product['slug']}/reviews/", {"rating": 5}),
        ("/api/v1/wishlist/toggle/", {"product_id": product["id"]}),
        ("/rest/v1/reviews", {"product_id": product["id"], "rating": 5}),
        ("/rest/v1/wishlist_items", {"product_id": product["id"]}),
    ]
    for url, body in acts:
        assert guest.client.post(url, json=body).status_code == 403, url
    assert [customer.client.post(url, json=body).is_success for url, body in acts[:2]] == [True, True]


def test_guests_see_nobody_elses_things(guest: Person, acting_as: Any, make_product: Any) -> None:
    other = acting_as("guest")
    assert put(other, make_product()) == 201
    order = check_out(other, email=other.email).json()
    assert guest.client.get(f"/api/v1/orders/{order['id']}/").status_code == 404
    assert guest.client.get("/rest/v1/orders").json() == []
    paying = {"order_id": order["id"], "payment_method": "pm_card_visa"}
    assert guest.client.post("/api/v1/payments/confirm/", json=paying).status_code == 404


@pytest.mark.parametrize(
    "email",
    [
        None,
        "",
        "ada",
        "ada@example",
        "ada@@example.com",
        "ada @example.com",
        "a,b@example.com",
        "<ada@example.com>",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\x07@example.com",
        "a" * 250 + "@example.com",
        7,
        ["ada@example.com"],
    ],
)
def test_a_guest_says_where_the_mails_go(guest: Person, make_product: Any, email: Any) -> None:
    assert put(guest, make_product()) == 201
    refused = check_out(guest, **({"email": email} if email is not None else {}))
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    assert refused.json()["details"].keys() == {"email"}
    assert guest.client.get("/api/v1/cart/").json()["total_items"] == 1


def test_who_has_an_account_gets_mails_there(customer: Person, make_product: Any) -> None:
    assert put(customer, make_product()) == 201
    refused = check_out(customer, email="another@example.com")
    assert (refused.status_code, refused.json()["details"].keys()) == (422, {"email"})
    placed = check_out(customer, email=customer.email.upper())
    assert (placed.status_code, placed.json()["guest_email"]) == (201, None)


def test_a_guest_orders_pays_and_gets_the_mail(shop: Shop, guest: Person, make_product: Any, pay: Any) -> None:
    assert put(guest, make_product(stock_quantity=3), 2) == 201
    placed = check_out(guest, email=f" {guest.email.upper()} ")
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert order["guest_email"] == guest.email
    # Sent twice, it is one order.
    assert check_out(guest, email=f" {guest.email.upper()} ").json() == order
    assert pay(guest, order).json()["order_status"] == "confirmed"
    assert guest.client.get(f"/api/v1/orders/{order['id']}/").json()["status"] == "confirmed"
    (mail,) = eventually(lambda: shop.mails(guest.email), what="the receipt")
    assert order["order_number"] in mail["subject"]


def test_guests_from_one_place_are_throttled(shop: Shop, database: psycopg.Connection[Any]) -> None:
    digest = hashlib.sha256(b"guest 127.0.0.1").hexdigest()
    assert shop.client().post(URL).status_code == 201
    # The window may have been open for long, and is not to end before the next attempt.
    database.execute(
        "update auth.throttles set attempts = 100000, window_ends_at = now() + interval '3 minutes' where bucket = %s",
        [digest],
    )
    try:
        refused = shop.client().post(URL)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) > 0
    finally:
        database.execute("delete from auth.throttles where bucket = %s", [digest])


def test_who_left_without_an_order_is_forgotten(
    shop: Shop, acting_as: Callable[..., Person], make_product: Any, database: psycopg.Connection[Any]
) -> None:
    gone, here, young, bought = (acting_as("guest") for _ in range(4))
    for person in (gone, here, young, bought):
        assert put(person, make_product()) == 201
    assert check_out(bought, email=bought.email).status_code == 201
    registered = acting_as("customer")
    people = [person.id for person in (gone, here, young, bought, registered)]
    database.execute("update shop.customers set created_at = now() - interval '31 days' where id = any(%s)", [people])
    database.execute("update shop.customers set created_at = now() where id = %s", [young.id])
    database.execute(
        "update auth.sessions set expires_at = now() where account_id = any(%s)",
        [[person.id for person in (gone, young, bought, registered)]],
    )
    database.execute("select logic.prune()")
    left = database.execute("select id from shop.customers where id = any(%s)", [people])
    assert {str(row["id"]) for row in left} == {*people} - {gone.id}
    for table in ("shop.carts where customer_id", "auth.accounts where id"):
        assert not database.execute(f"select 1 from {table} = %s", [gone.id]).fetchone()

"""Signing in as a guest: the cart comes along, once, whole, and tells what it could not bring."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, PASSWORD, Person, Shop, eventually
from tests.extensions.test_guests import check_out, put

LOGIN, MERGE = "/api/v1/auth/login/", "/api/v1/cart/merge/"
AtOnce = Callable[[list[Callable[[], httpx.Response]]], list[httpx.Response]]


def sign_in(guest: Person, person: Person, way: str = "header") -> httpx.Response:
    body = {"email": person.email, "password": PASSWORD}
    if way == "header":
        return guest.client.post(LOGIN, json=body)
    if way == "body":
        return httpx.post(f"{guest.client.base_url}{LOGIN}", json={**body, "guest_token": guest.refresh}, timeout=30)
    return person.client.post(MERGE, json={"guest_token": guest.refresh})


def told(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json().get("cart_merge", answer.json())


def lines(person: Person) -> dict[str, int]:
    return {item["product"]["id"]: item["quantity"] for item in person.client.get("/api/v1/cart/").json()["items"]}


@pytest.mark.parametrize("way", ["header", "body", "afterwards"])
def test_quantities_are_added_up_to_the_stock(
    shop: Shop, guest: Person, customer: Person, make_product: Any, way: str
) -> None:
    both, scarce, only, gone = (make_product(stock_quantity=count) for count in (10, 5, 10, 1))
    for person, product, count in [
        (guest, both, 2),
        (customer, both, 3),
        (guest, scarce, 3),
        (customer, scarce, 4),
        (guest, only, 1),
        (guest, gone, 1),
    ]:
        assert put(person, product, count) == 201
    answer = told(sign_in(guest, customer, way))
    assert (answer["outcome"], answer["lines"]) == ("merged", 4)
    (capped,) = answer["capped"]
    assert (capped["product_id"], capped["requested"], capped["quantity"]) == (scarce["id"], 7, 5)
    assert lines(customer) == {both["id"]: 5, scarce["id"]: 5, only["id"]: 1, gone["id"]: 1}
    # The guest is gone, here and there, and once more changes nothing.
    assert [guest.client.get(url).status_code for url in ("/api/v1/cart/", "/rest/v1/carts")] == [401, 401]
    assert shop.client().post("/api/v1/auth/refresh/", json={"refresh": guest.refresh}).status_code == 401
    assert told(sign_in(guest, customer, "body")) == told(sign_in(guest, customer, "")) == {"outcome": "ended"}
    assert lines(customer)[both["id"]] == 5


def test_what_is_sold_out_is_told_and_what_the_account_had_stays(
    guest: Person, customer: Person, acting_as: Any, make_product: Any
) -> None:
    product = make_product(stock_quantity=4)
    assert [put(customer, product, 3), put(guest, product, 2)] == [201, 201]
    other = make_product(stock_quantity=1)
    assert put(guest, other) == 201
    quick = acting_as("guest")
    assert [put(quick, product, 4), put(quick, other)] == [201, 201]
    assert check_out(quick, email=quick.email).status_code == 201
    capped = {line["product_id"]: line["quantity"] for line in told(sign_in(guest, customer))["capped"]}
    assert capped == {product["id"]: 3, other["id"]: 0}
    assert lines(customer) == {product["id"]: 3}


def test_prices_are_the_accounts_and_what_moved_is_asked_about(
    guest: Person, customer: Person, staff: Person, make_product: Any
) -> None:
    agreed, moved, plain = (make_product() for _ in range(3))
    price = {"customer_id": customer.id, "prices": {agreed["sku"]: "8.00"}}
    assert staff.client.post("/rest/v1/rpc/set_customer_prices", json=price).is_success
    for product in (agreed, moved, plain):
        assert put(guest, product) == 201
    assert staff.client.put(f"/api/v1/products/{moved['slug']}/", json={"price": "11.00"}).is_success
    sign_in(guest, customer)
    cart = customer.client.get("/api/v1/cart/").json()["items"]
    seen = {item["product"]["id"]: (item["price_snapshot"], item["price"]) for item in cart}
    assert seen == {agreed["id"]: ("8.00", "8.00"), moved["id"]: ("10.00", "11.00"), plain["id"]: ("10.00", "10.00")}
    refused = check_out(customer)
    assert (refused.status_code, refused.json()["code"]) == (409, "price_changed")
    assert [line["product_id"] for line in refused.json()["details"]] == [moved["id"]]


def test_signing_in_many_times_at_once_merges_once(
    guest: Person, customer: Person, acting_as: Any, make_product: Any, at_once: AtOnce
) -> None:
    product, other = make_product(stock_quantity=100), acting_as("customer")
    assert [put(guest, product, 2), put(customer, product, 1)] == [201, 201]
    answers = at_once(
        [lambda: sign_in(guest, customer, "body")] * 4
        + [lambda: sign_in(guest, customer, "")] * 2
        + [lambda: sign_in(guest, other, "body")] * 2
    )
    outcomes = sorted(told(answer)["outcome"] for answer in answers)
    assert outcomes == ["ended"] * 7 + ["merged"]
    assert lines(customer).get(product["id"], 0) + lines(other).get(product["id"], 0) == 3


def test_what_is_added_while_signing_in_is_in_one_cart_or_refused(
    guest: Person, customer: Person, make_product: Any, at_once: AtOnce
) -> None:
    product = make_product(stock_quantity=100)
    assert put(guest, product) == 201
    body = {"product_id": product["id"]}
    answers = at_once(
        [lambda: guest.client.post("/api/v1/cart/items/", json=body)] * 6 + [lambda: sign_in(guest, customer, "")]
    )
    taken = [answer.status_code for answer in answers[:6]]
    assert {*taken} <= {201, 401}
    assert lines(customer) == {product["id"]: 1 + taken.count(201)}


def test_a_bad_guest_token_keeps_nobody_out(shop: Shop, guest: Person, customer: Person, make_product: Any) -> None:
    assert put(guest, make_product()) == 201
    stale = guest.refresh
    for _ in range(2):
        guest.refresh = shop.client().post("/api/v1/auth/refresh/", json={"refresh": guest.refresh}).json()["refresh"]
    body = {"email": customer.email, "password": PASSWORD}
    for token in ("x", stale, customer.refresh, guest.access):
        assert told(shop.client().post(LOGIN, json={**body, "guest_token": token})) == {"outcome": "ended"}, token
    for token in ("x", customer.access, guest.access[:-9] + "AAAAAAAAA"):
        assert "cart_merge" not in shop.client(token).post(LOGIN, json=body).json()
    assert lines(customer) == {}
    assert guest.client.post(LOGIN, json={**body, "password": "a wrong enough password"}).status_code == 401
    assert guest.client.get("/api/v1/cart/").json()["total_items"] == 1
    # A guest is no account that a cart could go to.
    refused = guest.client.post(MERGE, json={"guest_token": guest.refresh})
    assert (refused.status_code, refused.json()["code"]) == (403, "account_required")
    assert shop.client().post(MERGE, json={"guest_token": guest.refresh}).status_code == 401
    assert customer.client.post(MERGE, json={"guest_token": ""}).status_code == 422


def test_who_registers_finds_the_cart_at_the_first_sign_in(
    shop: Shop, guest: Person, customer: Person, make_product: Any
) -> None:
    product = make_product()
    assert put(guest, product, 2) == 201
    body = {"password": PASSWORD, "password2": PASSWORD}
    # Whether the address was taken, neither the answer nor the guest's session tells.
    taken = guest.client.post("/api/v1/auth/register/", json={**body, "email": customer.email})
    free = guest.client.post("/api/v1/auth/register/", json={**body, "email": guest.email})
    assert taken.json().keys() == free.json().keys()
    assert put(guest, product) == 201
    assert lines(customer) == {}
    begun = shop.client().post(LOGIN, json={"email": guest.email, "password": PASSWORD}).json()
    assert begun["cart_merge"] == {"outcome": "merged", "lines": 1, "capped": []}
    assert shop.client(begun["access"]).get("/api/v1/cart/").json()["total_items"] == 3
    assert guest.client.get("/api/v1/cart/").status_code == 401
    assert "cart_merge" not in shop.client().post(LOGIN, json={"email": guest.email, "password": PASSWORD}).json()


def test_addresses_come_along(guest: Person, customer: Person) -> None:
    for person in (guest, customer):
        made = person.client.post("/api/v1/users/me/addresses/", json={**ADDRESS, "is_default": True})
        assert made.status_code == 201
    sign_in(guest, customer)
    found = customer.client.get("/api/v1/users/me/addresses/").json()["results"]
    assert sorted(address["is_default"] for address in found) == [False, True]


def test_orders_come_along_only_to_the_account_of_their_address(
    guest: Person, customer: Person, make_product: Any, pay: Any
) -> None:
    orders = []
    for email in (customer.email, guest.email):
        assert put(guest, make_product()) == 201
        orders.append(check_out(guest, email=email).json())
    sign_in(guest, customer)
    mine = customer.client.get("/api/v1/orders/").json()["results"]
    assert [order["id"] for order in mine] == [orders[0]["id"]]
    # It was waiting for its money, and still can be paid.
    assert pay(customer, orders[0]).json()["order_status"] == "confirmed"
    assert pay(customer, orders[1]).status_code == 404


def verify(database: psycopg.Connection[Any], person: Person) -> None:
    database.execute("update shop.customers set is_email_verified = true where id = %s", [person.id])


def test_a_guests_order_is_claimed_by_the_proven_address_alone(
    guest: Person, acting_as: Any, make_product: Any, pay: Any, at_once: AtOnce, database: psycopg.Connection[Any]
) -> None:
    orders = []
    for _ in range(2):
        assert put(guest, make_product()) == 201
        orders.append(check_out(guest, email=guest.email).json())
    assert pay(guest, orders[0]).status_code == 200
    owner, other = acting_as("customer", guest.email), acting_as("customer")
    claim = "/api/v1/orders/claim/"
    refused = owner.client.post(claim)
    assert (refused.status_code, refused.json()["code"]) == (403, "email_not_verified")
    for person in (owner, other):
        verify(database, person)
    answers = at_once([lambda: owner.client.post(claim)] * 3 + [lambda: other.client.post(claim)])
    assert sorted(answer.json()["count"] for answer in answers) == [0, 0, 0, 1]
    assert answers[3].json() == {"count": 0, "results": []}
    assert owner.client.get(f"/api/v1/orders/{orders[0]['id']}/").json()["status"] == "confirmed"
    assert guest.client.get(f"/api/v1/orders/{orders[0]['id']}/").status_code == 404
    # What is being paid stays with who pays.
    assert owner.client.get(f"/api/v1/orders/{orders[1]['id']}/").status_code == 404
    assert pay(guest, orders[1]).status_code == 200
    (claimed,) = owner.client.post("/rest/v1/rpc/claim_orders", json={}).json()
    assert claimed["id"] == orders[1]["id"]
    assert eventually(lambda: owner.client.get("/api/v1/orders/").json()["count"]) == 2
    assert guest.client.post(claim).status_code == 403

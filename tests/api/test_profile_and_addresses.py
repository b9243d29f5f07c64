"""The profile and the addresses of who is signed in, on both surfaces."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ADDRESS, Person


def test_me_is_read_and_changed(customer: Person) -> None:
    changed = customer.client.put("/api/v1/users/me/", json={"first_name": "Jonathan", "phone_number": "+1234567890"})
    assert changed.status_code == 200
    me = customer.client.get("/api/v1/users/me/").json()
    assert me == changed.json()
    assert (me["first_name"], me["phone_number"], me["email"], me["last_name"]) == (
        "Jonathan",
        "+1234567890",
        customer.email,
        "",
    )
    assert me["updated_at"] > me["created_at"]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "other@example.com"},
        {"role": "admin"},
        {"date_of_birth": "2023-02-30"},
        {"first_name": 5},
        {"first_name": ["a"]},
        [],
        "text",
        5,
    ],
)
def test_bad_profiles(customer: Person, body: Any) -> None:
    answer = customer.client.put("/api/v1/users/me/", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_an_address_from_begin_to_end(customer: Person) -> None:
    me = customer.client
    first = me.post("/api/v1/users/me/addresses/", json={**ADDRESS, "is_default": True})
    assert first.status_code == 201
    assert first.json() == {
        "id": first.json()["id"],
        **ADDRESS,
        "address_line2": "",
        "state": "",
        "address_type": "shipping",
        "is_default": True,
    }
    second = me.post(
        "/rest/v1/addresses", json={**ADDRESS, "is_default": True}, headers={"Prefer": "return=representation"}
    )
    assert second.status_code == 201, second.text
    listed = me.get("/api/v1/users/me/addresses/").json()
    assert listed["count"] == 2
    # A new default takes the place of the old one.
    assert [row["is_default"] for row in listed["results"]] == [False, True]
    url = f"/api/v1/users/me/addresses/{first.json()['id']}/"
    assert me.put(url, json={"city": "Leeds"}).json()["city"] == "Leeds"
    assert me.delete(url).status_code == 204
    assert me.delete(url).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({k: v for k, v in ADDRESS.items() if k != "city"}, "city"),
        ({**ADDRESS, "planet": "Mars"}, "planet"),
        ({**ADDRESS, "is_default": "yes"}, "is_default"),
        ({**ADDRESS, "customer_id": "x"}, "customer_id"),
    ],
)
def test_bad_addresses_name_the_field(customer: Person, body: dict[str, Any], field: str) -> None:
    answer = customer.client.post("/api/v1/users/me/addresses/", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert list(answer.json()["details"]) == [field]


def test_rules_of_the_table_reach_the_client_by_name(customer: Person) -> None:
    answer = customer.client.post("/api/v1/users/me/addresses/", json={**ADDRESS, "address_type": "moon"})
    assert (answer.status_code, answer.json()["code"]) == (400, "addresses_type_is_known")


@pytest.mark.parametrize("name", ["two\nlines", "a\ttab", "a bell \a"])
def test_a_name_is_one_line(customer: Person, name: str) -> None:
    for answer in (
        customer.client.put("/api/v1/users/me/", json={"last_name": name}),
        customer.client.patch(f"/rest/v1/customers?id=eq.{customer.id}", json={"last_name": name}),
    ):
        assert answer.status_code in (400, 422), answer.text
        assert "customers_names_are_one_line" in answer.text
    assert customer.client.get("/api/v1/users/me/").json()["last_name"] == ""


def test_what_the_list_of_addresses_shows_is_an_address(
    customer: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    made = customer.client.post("/api/v1/users/me/addresses/", json={**ADDRESS, "address_type": "shipping"})
    assert made.status_code == 201, made.text
    customer.client.post("/api/v1/cart/items/", json={"product_id": make_product()["id"]})
    refused = customer.client.post("/api/v1/orders/", json={"shipping_address": {**ADDRESS, "planet": "Earth"}})
    assert "planet" in refused.json()["details"]["shipping_address"][0]
    (shown,) = customer.client.get("/api/v1/users/me/addresses/").json()["results"]
    given = {**shown, "full_name": "Ann Lane", "phone": "+44 20 7946 0000"}
    order = customer.client.post("/api/v1/orders/", json={"shipping_address": given}).json()
    kept = order["shipping_address"]
    assert not kept.keys() & {"id", "address_type", "is_default"}
    assert (kept["city"], kept["full_name"], kept["phone"]) == (ADDRESS["city"], "Ann Lane", "+44 20 7946 0000")

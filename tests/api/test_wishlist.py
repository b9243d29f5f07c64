"""Wishlists: one's own, each product once, what is sold."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Person, Shop

Make = Callable[..., dict[str, Any]]
WISHLIST = "/api/v1/wishlist/"


def toggle(person: Person, product: dict[str, Any]) -> httpx.Response:
    return person.client.post(f"{WISHLIST}toggle/", json={"product_id": product["id"]})


def wishes(person: Person) -> list[str]:
    answer = person.client.get(WISHLIST)
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == len(answer.json()["results"])
    return [item["product"]["id"] for item in answer.json()["results"]]


def test_a_toggle_puts_in_and_takes_out(customer: Person, acting_as: Callable[..., Person], make_product: Make) -> None:
    one, other = make_product(price="9.90"), make_product()
    for product in (one, other):
        assert toggle(customer, product).json() == {"product_id": product["id"], "is_in_wishlist": True}
    assert wishes(customer) == [other["id"], one["id"]]
    shown = customer.client.get(WISHLIST).json()["results"][1]["product"]
    assert (shown["name"], shown["slug"], shown["price"], shown["is_in_stock"]) == (
        one["name"], one["slug"], "9.90", True,
    )  # fmt: skip
    assert wishes(acting_as()) == []
    assert toggle(customer, other).json() == {"product_id": other["id"], "is_in_wishlist": False}
    assert wishes(customer) == [one["id"]]


def test_pages(customer: Person, make_product: Make) -> None:
    products = [make_product() for _ in range(3)]
    for product in products:
        toggle(customer, product)
    page = customer.client.get(WISHLIST, params={"page_size": 2}).json()
    assert (page["count"], len(page["results"])) == (3, 2)
    assert [item["product"]["id"] for item in customer.client.get(page["next"]).json()["results"]] == [
        products[0]["id"]
    ]
    assert customer.client.get(WISHLIST, params={"page": 3}).json()["message"] == "Invalid page."


def test_what_is_not_sold_is_neither_wished_for_nor_shown(staff: Person, customer: Person, make_product: Make) -> None:
    gone, hidden = make_product(), make_product(is_active=False)
    toggle(customer, gone)
    assert staff.client.delete(f"/api/v1/products/{gone['slug']}/").status_code == 204
    assert wishes(customer) == []
    assert toggle(customer, gone).json()["is_in_wishlist"] is False
    for product in (gone, hidden, {"id": str(uuid.uuid4())}):
        answer = toggle(customer, product)
        assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
    assert customer.client.post("/rest/v1/wishlist_items", json={"product_id": hidden["id"]}).status_code == 403


@pytest.mark.parametrize(
    "body", [{}, {"product_id": None}, {"product_id": "basket"}, {"product_id": 7}, {"colour": "red"}, []]
)
def test_bad_bodies(customer: Person, body: Any) -> None:
    answer = customer.client.post(f"{WISHLIST}toggle/", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_strangers_have_none(shop: Shop, make_product: Make) -> None:
    visitor = shop.client()
    assert visitor.get(WISHLIST).status_code == 401
    assert visitor.post(f"{WISHLIST}toggle/", json={"product_id": make_product()["id"]}).status_code == 401
    assert visitor.get("/rest/v1/wishlist_items").status_code == 401


def test_many_toggles_at_once_never_fail_nor_double(customer: Person, make_product: Make, at_once: Any) -> None:
    product = make_product()
    answers = at_once([lambda: toggle(customer, product)] * 8)
    assert {answer.status_code for answer in answers} == {200}
    assert wishes(customer) in ([], [product["id"]])
    rows = customer.client.get("/rest/v1/wishlist_items").json()
    assert len(rows) == len(wishes(customer))


def test_wishlists_in_postgrests_grammar(
    customer: Person, staff: Person, acting_as: Callable[..., Person], make_product: Make
) -> None:
    product, stranger = make_product(), acting_as()
    row = f"/rest/v1/wishlist_items?product_id=eq.{product['id']}"
    assert customer.client.post("/rest/v1/wishlist_items", json={"product_id": product["id"]}).status_code == 201
    again = customer.client.post("/rest/v1/wishlist_items", json={"product_id": product["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "23505")
    embedded = customer.client.get(f"{row}&select=products(name)").json()
    assert embedded == [{"products": {"name": product["name"]}}]
    for person in (stranger, staff):
        assert person.client.get(row).json() == []
        assert person.client.delete(row).status_code in (200, 204)
        body = {"product_id": product["id"], "customer_id": customer.id}
        assert person.client.post("/rest/v1/wishlist_items", json=body).status_code in (400, 403)
    assert wishes(customer) == [product["id"]]
    assert customer.client.delete(row).status_code == 204
    assert wishes(customer) == []

"""The tree of categories: moved without rings, deleted without harm."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Person, Shop

Make = Callable[..., dict[str, Any]]
CATEGORIES = "/api/v1/products/categories/"


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def add(staff: Person, parent: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    body = {"name": f"Shelf {uuid.uuid4().hex}", "parent": parent and parent["id"], **fields}
    answer = staff.client.post(CATEGORIES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def url(category: dict[str, Any]) -> str:
    return f"{CATEGORIES}{category['slug']}/"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_partial_body_changes_what_it_names(staff: Person, method: str) -> None:
    top, category = add(staff), add(staff, description="Old")
    for body in ({"description": "New"}, {"parent": top["id"]}, {"is_active": False}, {"parent": None}, {}):
        changed = staff.client.request(method, url(category), json=body)
        assert (changed.status_code, changed.json()) == (200, {**category, **body}), changed.text
        category = changed.json()
    word = uuid.uuid4().hex
    renamed = staff.client.put(url(category), json={"name": f"Drawer {word}", "slug": word}).json()
    assert (renamed["id"], renamed["slug"]) == (category["id"], word)
    assert refused(staff.client.put(url(category), json={})) == (404, "category_not_found")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"name": " "}, 400, "categories_name_length"),
        ({"slug": "No Slug"}, 400, "categories_slug_is_a_slug"),
        ({"parent": str(uuid.uuid4())}, 409, "categories_parent_id_fkey"),
        ({"parent": "top"}, 422, "validation_failed"),
        ({"is_active": "yes"}, 422, "validation_failed"),
        ({"colour": "red"}, 422, "validation_failed"),
    ],
)
def test_bad_changes(staff: Person, fields: dict[str, Any], status: int, code: str) -> None:
    category = add(staff)
    assert refused(staff.client.put(url(category), json=fields)) == (status, code)


def test_names_and_slugs_are_unique(staff: Person) -> None:
    one, other = add(staff), add(staff)
    for field, rule in (("name", "categories_name_key"), ("slug", "categories_slug_key")):
        assert refused(staff.client.put(url(one), json={field: other[field]})) == (409, rule)


def test_no_category_comes_to_lie_in_itself(staff: Person, at_once: Any) -> None:
    top = add(staff)
    below = add(staff, top)
    deepest = add(staff, below)
    for inside in (top, below, deepest):
        answer = staff.client.put(url(top), json={"parent": inside["id"]})
        assert refused(answer) == (400, "categories_tree_has_no_cycle")
    # Two moves at once, each fine by itself, would close a ring.
    left, right = add(staff), add(staff)
    answers = at_once([
        lambda: staff.client.put(url(left), json={"parent": right["id"]}),
        lambda: staff.client.put(url(right), json={"parent": left["id"]}),
    ])  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200, 400]


def test_whoever_edits_a_category_keeps_no_move_waiting(shop: Shop, staff: Person) -> None:
    """Otherwise two moves, each with its own row locked, could wait for each other's."""
    category, above = add(staff), add(staff)
    word = uuid.uuid4().hex
    with shop.connect() as editor, editor.transaction():
        rename = "update shop.categories set name = %s, slug = %s where id = %s"
        editor.execute(rename, [f"Drawer {word}", word, above["id"]])
        assert staff.client.put(url(category), json={"parent": above["id"]}).status_code == 200


def test_a_category_goes_when_it_is_empty(staff: Person, customer: Person, make_product: Make) -> None:
    top = add(staff)
    below = add(staff, top)
    product = make_product(category_id=below["id"])
    assert refused(staff.client.delete(url(top))) == (409, "categories_parent_id_fkey")
    assert refused(staff.client.delete(url(below))) == (409, "products_category_id_fkey")
    assert customer.client.get(f"/api/v1/products/{product['slug']}/").json()["category"]["id"] == below["id"]
    # A product that was deleted is none that hinders.
    assert staff.client.delete(f"/api/v1/products/{product['slug']}/").status_code == 204
    assert staff.client.delete(url(below)).status_code == 204
    assert staff.client.delete(url(top)).status_code == 204
    assert refused(staff.client.delete(url(top))) == (404, "category_not_found")
    assert staff.client.get(f"/rest/v1/products?id=eq.{product['id']}&select=category_id").json() == [
        {"category_id": None}
    ]


def test_only_staff_edits(shop: Shop, staff: Person, customer: Person) -> None:
    category = add(staff)
    row = f"/rest/v1/categories?id=eq.{category['id']}"
    for client, status in ((shop.client(), 401), (customer.client, 403)):
        assert client.put(url(category), json={"name": "Mine"}).status_code == status
        assert client.delete(url(category)).status_code == status
        assert client.patch(row, json={"name": "Mine"}).status_code == status
        assert client.delete(row).status_code == status
    assert staff.client.get(row).json()[0]["name"] == category["name"]


def test_categories_in_postgrests_grammar(staff: Person, make_product: Make) -> None:
    top = add(staff)
    below = add(staff, top)
    make_product(category_id=below["id"])
    row = f"/rest/v1/categories?id=eq.{below['id']}"
    assert staff.client.patch(row, json={"description": "New"}).status_code == 204
    assert staff.client.get(row + "&select=description,parent_id").json() == [
        {"description": "New", "parent_id": top["id"]}
    ]
    answer = staff.client.delete(row)
    assert (answer.status_code, answer.json()["code"]) == (409, "23503")


def test_a_filter_by_category_finds_all_depths(staff: Person, customer: Person, make_product: Make) -> None:
    top = add(staff)
    deepest = top
    for _ in range(6):
        deepest = add(staff, deepest)
    product = make_product(category_id=deepest["id"])
    for name in (top["id"], top["slug"], deepest["slug"]):
        listed = customer.client.get("/api/v1/products/", params={"category": name}).json()
        assert [found["id"] for found in listed["results"]] == [product["id"]]
    # What is switched off hides what hangs below it from customers.
    assert staff.client.put(url(deepest), json={"is_active": False}).status_code == 200
    assert customer.client.get("/api/v1/products/", params={"category": top["slug"]}).json()["count"] == 0

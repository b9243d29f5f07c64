"""What is said of pictures: which comes first, what is to be seen, and who may say it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Person, Shop
from tests.extensions.uploads import path_of, picture, send, stored, upload

Product = dict[str, Any]


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


def test_a_row_is_shown_everywhere_alike(shop: Shop, staff: Person, product: Product) -> None:
    made = upload(staff, product, alt_text="Red, upper left")
    assert (made["alt_text"], made["is_primary"], made["sort_order"]) == ("Red, upper left", True, 0)
    visitor = shop.client()
    listed = visitor.get(path_of(product)).json()
    assert (listed["count"], [row["id"] for row in listed["results"]]) == (1, [made["id"]])
    shown = visitor.get(f"/api/v1/products/{product['slug']}/").json()["images"]
    assert [row["image"] for row in shown] == [made["image"]]
    (row,) = visitor.get("/rest/v1/product_images", params={"id": f"eq.{made['id']}"}).json()
    assert {name: row[name] for name in ("image", "alt_text", "is_primary", "width", "height", "product_id")} == {
        "image": made["image"],
        "alt_text": "Red, upper left",
        "is_primary": True,
        "width": 640,
        "height": 480,
        "product_id": product["id"],
    }


def test_what_a_form_leaves_empty_is_not_given(staff: Person, product: Product) -> None:
    assert upload(staff, product, is_primary="")["is_primary"]
    assert not upload(staff, product, is_primary="")["is_primary"]


def test_the_first_is_primary_until_another_is(staff: Person, product: Product) -> None:
    first, second = upload(staff, product), upload(staff, product)
    assert (first["is_primary"], second["is_primary"], second["sort_order"]) == (True, False, 1)
    third = upload(staff, product, is_primary="true")
    assert third["is_primary"]
    changed = staff.client.put(f"{path_of(product)}{second['id']}/", json={"is_primary": True, "alt_text": "Second"})
    assert (changed.status_code, changed.json()["alt_text"], changed.json()["is_primary"]) == (200, "Second", True)
    rows = staff.client.get(path_of(product)).json()["results"]
    assert [(row["id"], row["is_primary"]) for row in rows] == [
        (second["id"], True), (first["id"], False), (third["id"], False),
    ]  # fmt: skip


def test_many_at_once_leave_one_primary(staff: Person, product: Product, at_once: Callable[..., list[Any]]) -> None:
    made = [upload(staff, product, picture("PNG", (20, 20))) for _ in range(4)]
    answers = at_once(
        [
            lambda id_=row["id"]: staff.client.put(f"{path_of(product)}{id_}/", json={"is_primary": True})
            for row in made
            for _ in range(3)
        ]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [row["is_primary"] for row in staff.client.get(path_of(product)).json()["results"]] == [True, *[False] * 3]


def test_a_category_has_one_picture(shop: Shop, staff: Person) -> None:
    made = staff.client.post("/api/v1/products/categories/", json={"name": f"Shelf {id(shop)}"}).json()
    path = f"/api/v1/products/categories/{made['slug']}/image/"
    answer = send(staff, path, picture("PNG"))
    assert answer.status_code == 200, answer.text
    first = answer.json()["image"]
    assert re.fullmatch(r"/media/categories/[0-9a-f]{32}\.png", first)
    assert stored(shop, first).size == (640, 480)
    second = send(staff, path, picture("PNG")).json()["image"]
    assert second != first
    listed = staff.client.get("/rest/v1/categories", params={"id": f"eq.{made['id']}"}).json()
    assert listed[0]["image"] == second
    assert staff.client.delete(path).status_code == 204
    listed = staff.client.get("/rest/v1/categories", params={"id": f"eq.{made['id']}"}).json()
    assert listed[0]["image"] is None
    assert send(staff, path.replace(made["slug"], "nowhere"), picture()).json()["code"] == "category_not_found"
    gone = staff.client.delete(path.replace(made["slug"], "nowhere"))
    assert (gone.status_code, gone.json()["code"]) == (404, "category_not_found")


def test_what_is_said_of_a_picture_is_checked(staff: Person, product: Product, make_product: Any) -> None:
    path = f"{path_of(product)}{upload(staff, product)['id']}/"
    for body, status, code in (
        ({"alt_text": "x" * 256}, 400, "product_images_alt_text_length"),
        ({"image": "/media/products/other.png"}, 422, "validation_failed"),
        ({"is_primary": "yes"}, 422, "validation_failed"),
        ({"sort_order": "first"}, 422, "validation_failed"),
    ):
        answer = staff.client.put(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    # Not under another product's address.
    other = path.replace(product["slug"], make_product()["slug"])
    for answer in (staff.client.put(other, json={"sort_order": 3}), staff.client.delete(other)):
        assert (answer.status_code, answer.json()["code"]) == (404, "image_not_found")
    assert staff.client.put(path, json={"sort_order": 3}).json()["sort_order"] == 3
    # What was deleted has no pictures to change either.
    assert staff.client.delete(f"/api/v1/products/{product['slug']}/").status_code == 204
    for answer in (
        staff.client.put(path, json={"sort_order": 4}),
        staff.client.delete(path),
        staff.client.get(path_of(product)),
        send(staff, path_of(product), picture()),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")


def test_the_other_surface_changes_words_but_no_files(staff: Person, customer: Person, product: Product) -> None:
    row = {"id": f"eq.{upload(staff, product)['id']}"}
    answer = staff.client.patch("/rest/v1/product_images", params=row, json={"alt_text": "Seen"})
    assert answer.status_code == 204
    assert staff.client.get("/rest/v1/product_images", params=row).json()[0]["alt_text"] == "Seen"
    for client, method, body in (
        (staff.client, "PATCH", {"image": "/media/products/x.png"}),
        (staff.client, "PATCH", {"thumbnails": {}}),
        (customer.client, "PATCH", {"alt_text": "Mine"}),
        (customer.client, "DELETE", None),
    ):
        answer = client.request(method, "/rest/v1/product_images", params=row, json=body)
        assert answer.status_code == 403, (method, body)
    assert staff.client.delete("/rest/v1/product_images", params=row).status_code == 204


def test_first_pictures_at_once_leave_one_primary(
    staff: Person, product: Product, at_once: Callable[..., list[Any]]
) -> None:
    raw = picture("PNG", (20, 20))
    answers = at_once([lambda: send(staff, path_of(product), raw) for _ in range(4)])
    assert [answer.status_code for answer in answers] == [201] * 4
    rows = staff.client.get(path_of(product)).json()["results"]
    assert [row["is_primary"] for row in rows] == [True, False, False, False]

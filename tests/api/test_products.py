"""The catalogue: filters, order, pages, detail, and what staff add to it."""

import random
import string
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Person, Shop


@pytest.fixture(scope="module")
def shelf(staff: Person, make_product: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A category with one below it and 25 products, of which the last is below and sold out."""
    # Letters only: a digit in a name or SKU would be found, too.
    mark = "".join(random.choices(string.ascii_lowercase, k=10))
    top = staff.client.post("/api/v1/products/categories/", json={"name": f"Top {mark}"}).json()
    below = staff.client.post(
        "/api/v1/products/categories/", json={"name": f"Below {mark}", "parent": top["id"]}
    ).json()
    products = [
        make_product(
            name=f"{mark} item {number:02}",
            sku=f"{mark}-{chr(97 + number)}",
            price=f"{number}.50",
            category_id=top["id"],
            is_featured=number < 3,
        )
        for number in range(24)
    ]
    products.append(
        make_product(name=f"{mark} item 24", sku=f"{mark}-z", price="24.50", category_id=below["id"], stock_quantity=0)
    )
    return {"mark": mark, "top": top, "below": below, "products": products}


def names(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [int(item["name"][-2:]) for item in answer.json()["results"]]


def test_pages_have_absolute_links_that_keep_the_rest(shop: Shop, shelf: dict[str, Any]) -> None:
    client = shop.client()
    page = client.get(
        "/api/v1/products/", params={"category": shelf["top"]["id"], "ordering": "price", "unknown": "x y"}
    )
    assert page.json()["count"] == 25
    assert names(page) == list(range(20))
    assert page.json()["previous"] is None
    following = page.json()["next"]
    assert following.startswith(f"{shop.url}/api/v1/products/?")
    assert names(client.get(following)) == list(range(20, 25))
    assert client.get(following).json()["next"] is None
    assert names(client.get(client.get(following).json()["previous"])) == list(range(20))
    assert len(client.get("/api/v1/products/", params={"page_size": 1000}).json()["results"]) <= 100
    for bad in ("3", "0", "-1", "x", "99999999999999999999"):
        beyond = client.get("/api/v1/products/", params={"category": shelf["top"]["slug"], "page": bad})
        assert (beyond.status_code, beyond.json()["message"]) == (404, "Invalid page.")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"price_min": "3.5", "price_max": "5.5"}, [3, 4, 5]),
        ({"price_max": "2", "ordering": "-price"}, [1, 0]),
        ({"is_featured": "true"}, [0, 1, 2]),
        ({"in_stock": "true", "price_min": "22"}, [22, 23]),
        ({"name": "ITEM 07"}, [7]),
        ({"search": "item 07"}, [7]),
        ({"price_min": "20", "ordering": "-name"}, [24, 23, 22, 21, 20]),
        ({"price_min": "20", "ordering": "-created_at"}, [24, 23, 22, 21, 20]),
        ({"price_min": "20", "ordering": "created_at"}, [20, 21, 22, 23, 24]),
        ({"is_active": "false"}, []),
        ({"name": "100%"}, []),
    ],
)
def test_filters_and_orderings_combine(
    shop: Shop, shelf: dict[str, Any], query: dict[str, str], expected: list[int]
) -> None:
    asked = {"category": shelf["top"]["slug"], "ordering": "name", **query}
    assert names(shop.client().get("/api/v1/products/", params=asked)) == expected


@pytest.mark.parametrize(
    "query", [{"category": "no-such"}, {"category": str(uuid.uuid4())}, {"price_min": "cheap"}, {"price_max": "1e400"}]
)
def test_impossible_filters_are_told(shop: Shop, query: dict[str, str]) -> None:
    answer = shop.client().get("/api/v1/products/", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter")
    assert list(answer.json()["details"]) == list(query)


def test_detail(shop: Shop, shelf: dict[str, Any]) -> None:
    product = shelf["products"][4]
    shown = shop.client().get(f"/api/v1/products/{product['slug']}/").json()
    assert shown["category"] == {key: shelf["top"][key] for key in ("id", "name", "slug")}
    assert (shown["price"], shown["stock_quantity"], shown["is_in_stock"], shown["average_rating"]) == (
        "4.50",
        10,
        True,
        None,
    )
    assert {"images", "variants", "reviews", "review_count", "description", "created_at"} <= shown.keys()
    missing = shop.client().get("/api/v1/products/no-such-thing/")
    assert (missing.status_code, missing.json()["code"]) == (404, "product_not_found")


def test_both_surfaces_tell_the_same(shop: Shop, shelf: dict[str, Any]) -> None:
    product = shelf["products"][7]
    row = (
        shop.client()
        .get(
            f"/rest/v1/products?id=eq.{product['id']}&select=name,price,stock_quantity,categories(slug)",
            headers={"Accept": "application/vnd.pgrst.object+json"},
        )
        .json()
    )
    assert row == {
        "name": product["name"],
        "price": 7.5,
        "stock_quantity": 10,
        "categories": {"slug": shelf["top"]["slug"]},
    }


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"price": "-1"}, 400, "products_price_not_negative"),
        ({"price": "free"}, 422, "validation_failed"),
        ({"price": None}, 422, "validation_failed"),
        ({"stock_quantity": -1}, 422, "validation_failed"),
        ({"slug": "No Slug"}, 400, "products_slug_is_a_slug"),
        ({"category_id": str(uuid.uuid4())}, 409, "products_category_id_fkey"),
        ({"colour": "red"}, 422, "validation_failed"),
    ],
)
def test_bad_products(staff: Person, fields: dict[str, Any], status: int, code: str) -> None:
    body = {"name": "Thing", "sku": uuid.uuid4().hex[:8], "price": "1.00", "slug": uuid.uuid4().hex, **fields}
    answer = staff.client.post("/api/v1/products/", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_skus_are_unique_without_regard_to_case(staff: Person, make_product: Callable[..., dict[str, Any]]) -> None:
    product = make_product(sku=f"Ab{uuid.uuid4().hex[:6]}")
    body = {"name": "Again", "price": "1.00", "sku": product["sku"].upper(), "slug": uuid.uuid4().hex}
    answer = staff.client.post("/api/v1/products/", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "products_sku_key")

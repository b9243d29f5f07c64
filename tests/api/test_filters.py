"""Filters and orderings of the list of products: whatever is combined gives what counting by hand gives."""

import itertools
import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Person, Shop

Product = dict[str, Any]


@pytest.fixture(scope="module")
def shelf(shop: Shop, staff: Person, make_product: Callable[..., Product]) -> dict[str, Any]:
    """Twenty products that differ in everything, in a category and the two below it."""
    mark = "".join(random.choices(string.ascii_lowercase, k=10))
    categories = []
    for name in ("top", "middle", "bottom"):
        body = {"name": f"{name} {mark}", "parent": categories[-1]["id"] if categories else None}
        answer = staff.client.post("/api/v1/products/categories/", json=body)
        assert answer.status_code == 201, answer.text
        categories.append(answer.json())
    products = []
    for number in range(20):
        products.append(
            make_product(
                name=f"{mark} {'Chair' if number % 2 else 'Table'} {string.ascii_uppercase[number * 7 % 20]}",
                price=f"{number * 13 % 7 * 10}.50",
                category_id=categories[number % 3]["id"],
                brand=f"Maker {number % 4} {mark}",
                is_featured=number % 5 == 0,
                stock_quantity=number % 3,
            )
        )
    with shop.connect() as owner:
        for number, product in enumerate(products):
            owner.execute(
                """with people as (
                  insert into shop.customers (email)
                  select 'rater-' || gen_random_uuid() || '@example.com' from generate_series(1, %(n)s) returning id
                )
                insert into shop.reviews (product_id, customer_id, rating, is_approved)
                select %(id)s, id, 1 + %(n)s %% 5, true from people""",
                {"n": number % 6, "id": product["id"]},
            )
    listed: list[Product] = []
    url = f"/api/v1/products/?category={categories[0]['slug']}&ordering=created_at"
    listed = shop.client().get(url).json()["results"]
    assert [product["id"] for product in listed] == [product["id"] for product in products]
    return {"mark": mark, "categories": categories, "products": listed}


def price(product: Product) -> float:
    return float(product["price"])


FILTERS: dict[str, tuple[Callable[[str], dict[str, str]], Callable[[Product, str], bool]]] = {
    "price_min": (lambda _: {"price_min": "20.50"}, lambda p, _: price(p) >= 20.5),
    "price_max": (lambda _: {"price_max": "40.499"}, lambda p, _: price(p) <= 40.499),
    "in_stock": (lambda _: {"in_stock": "true"}, lambda p, _: p["stock_quantity"] > 0),
    "featured": (lambda _: {"is_featured": "True"}, lambda p, _: p["is_featured"]),
    "not featured": (lambda _: {"is_featured": "false"}, lambda p, _: not p["is_featured"]),
    "name": (lambda _: {"name": "CHAI"}, lambda p, _: "Chair" in p["name"]),
    "search": (lambda mark: {"search": f"table {mark}"}, lambda p, _: "Table" in p["name"]),
    "brand": (lambda mark: {"brand": f"maker 2 {mark}".upper()}, lambda p, m: p["brand"] == f"Maker 2 {m}"),
    "min_rating": (lambda _: {"min_rating": "2.5"}, lambda p, _: (p["average_rating"] or 0) >= 2.5),
}
ORDERINGS: dict[str, tuple[Callable[[Product], Any], bool]] = {
    "price": (price, False),
    "-price": (price, True),
    "name": (lambda p: p["name"], False),
    "-name": (lambda p: p["name"], True),
    "created_at": (lambda p: p["created_at"], False),
    "-created_at": (lambda p: p["created_at"], True),
    "rating": (lambda p: p["average_rating"] or 0, True),
    "popularity": (lambda p: p["review_count"], True),
    "colour, price": (price, False),
}


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_every_pair_of_filters_in_every_order(shop: Shop, shelf: dict[str, Any], ordering: str) -> None:
    client = shop.client()
    key, descending = ORDERINGS[ordering]
    sizes = set()
    for first, second in itertools.combinations_with_replacement(FILTERS, 2):
        if {first, second} == {"featured", "not featured"}:
            continue
        asked = {"category": shelf["categories"][0]["id"], "ordering": ordering}
        expected = shelf["products"]
        for name in (first, second):
            parameters, fits = FILTERS[name]
            asked |= parameters(shelf["mark"])
            expected = [product for product in expected if fits(product, shelf["mark"])]
        expected = sorted(expected, key=lambda p: (key(p), p["id"]), reverse=descending)
        answer = client.get("/api/v1/products/", params=asked)
        assert answer.status_code == 200, answer.text
        found = [product["id"] for product in answer.json()["results"]]
        assert found == [product["id"] for product in expected], (first, second)
        assert answer.json()["count"] == len(expected)
        sizes.add(len(expected))
    assert len(sizes) > 5


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_category_includes_all_below_it_by_id_and_slug(shop: Shop, shelf: dict[str, Any], level: int) -> None:
    inside = {category["id"] for category in shelf["categories"][level:]}
    expected = {product["id"] for product in shelf["products"] if product["category"]["id"] in inside}
    assert expected
    for key in ("id", "slug"):
        page = shop.client().get("/api/v1/products/", params={"category": shelf["categories"][level][key]}).json()
        assert {product["id"] for product in page["results"]} == expected


@pytest.mark.parametrize("ordering", [*ORDERINGS, ""])
@pytest.mark.parametrize("how", ["page", "after"])
def test_following_next_meets_everything_once(shop: Shop, shelf: dict[str, Any], ordering: str, how: str) -> None:
    client = shop.client()
    asked = {"category": shelf["categories"][0]["slug"], "ordering": ordering, "page_size": "3", "x": "a b"}
    page = client.get("/api/v1/products/", params=asked | ({"after": ""} if how == "after" else {})).json()
    met = [product["id"] for product in page["results"]]
    while page["next"]:
        assert page["next"].startswith(f"{shop.url}/api/v1/products/?")
        assert (f"{how}=" in page["next"], "x=a+b" in page["next"] or "x=a%20b" in page["next"]) == (True, True)
        page = client.get(page["next"]).json()
        assert page["count"] == 20
        met += [product["id"] for product in page["results"]]
    assert len(met) == 20
    whole = client.get("/api/v1/products/", params=asked | {"page_size": "100"}).json()
    assert met == [product["id"] for product in whole["results"]]


def test_a_cursor_stands_still_while_others_come(shop: Shop, shelf: dict[str, Any], make_product: Any) -> None:
    asked = {"category": shelf["categories"][2]["slug"], "ordering": "-created_at", "page_size": "3", "after": ""}
    client = shop.client()
    first = client.get("/api/v1/products/", params=asked).json()
    made = make_product(category_id=shelf["categories"][2]["id"])
    second = client.get(first["next"]).json()
    seen = [product["id"] for product in (*first["results"], *second["results"])]
    assert len(set(seen)) == 6
    assert made["id"] not in seen
    with shop.connect() as owner:
        owner.execute("update shop.products set is_active = false where id = %s", [made["id"]])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"price_min": "cheap"}, "price_min"),
        ({"price_max": "-1"}, "price_max"),
        ({"price_max": "NaN"}, "price_max"),
        ({"min_rating": "good"}, "min_rating"),
        ({"options": "color"}, "options"),
        ({"options": "color:Moss,,size:L"}, "options"),
        ({"category": "no-such"}, "category"),
        ({"after": "x"}, "after"),
        ({"after": "bnVsbA"}, "after"),
        ({"after": "WyJhIiwgImIiLCAiYyJd"}, "after"),
    ],
)
def test_a_filter_that_cannot_be_is_named(shop: Shop, query: dict[str, str], field: str) -> None:
    answer = shop.client().get("/api/v1/products/", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter")
    assert list(answer.json()["details"]) == [field]


def test_a_cursor_of_another_order_is_refused(shop: Shop, shelf: dict[str, Any]) -> None:
    client = shop.client()
    asked = {"category": shelf["categories"][0]["slug"], "page_size": "2", "ordering": "price", "after": ""}
    following = client.get("/api/v1/products/", params=asked).json()["next"]
    assert client.get(following).status_code == 200
    answer = client.get(following.replace("ordering=price", "ordering=name"))
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["after"])


def test_what_is_not_sold_is_found_by_staff_alone(
    shop: Shop, staff: Person, customer: Person, make_product: Callable[..., Product], shelf: dict[str, Any]
) -> None:
    hidden = make_product(name=f"{shelf['mark']} hidden", brand=shelf["mark"], is_active=False)
    asked = {"is_active": "false", "brand": shelf["mark"]}
    for client, expected in ((shop.client(), []), (customer.client, []), (staff.client, [hidden["id"]])):
        page = client.get("/api/v1/products/", params=asked).json()
        assert [product["id"] for product in page["results"]] == expected
        page = client.get("/api/v1/products/", params={"brand": shelf["mark"]}).json()
        assert page["results"] == []

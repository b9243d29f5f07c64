"""Long lists: 250 products are 13 pages, and no answer is longer than promised."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import ADDRESS, Person, Shop
from tests.contract.conftest import letters

MANY = 250
LIST = "/api/v1/products/"


@pytest.fixture(scope="module")
def crowd(staff: Person) -> Iterator[dict[str, Any]]:
    """A category with 250 products, made in one request and switched off at the end."""
    mark = letters()
    category = staff.client.post("/api/v1/products/categories/", json={"name": f"Crowd {mark}"}).json()
    names = [f"{mark}-{number:03}" for number in range(MANY)]
    rows = [{"name": name, "slug": name, "sku": name, "price": 1, "category_id": category["id"]} for name in names]
    answer = staff.client.post("/rest/v1/products", json=rows)
    assert answer.status_code == 201, answer.text
    yield category
    staff.client.patch(f"/rest/v1/products?category_id=eq.{category['id']}", json={"is_active": False})


def test_two_hundred_and_fifty_things_are_thirteen_pages(shop: Shop, crowd: dict[str, Any]) -> None:
    client = shop.client()
    following: str | None = f"{LIST}?category={crowd['slug']}&ordering=name"
    seen: list[str] = []
    pages = 0
    while following:
        page = client.get(following).json()
        assert page["count"] == MANY
        assert (page["previous"] is None) == (pages == 0)
        seen += [item["name"] for item in page["results"]]
        following = page["next"]
        assert following is None or following.startswith(f"{shop.url}{LIST}?category=")
        pages += 1
    assert (pages, len(seen), seen) == (13, MANY, sorted(set(seen)))
    last = client.get(LIST, params={"category": crowd["slug"], "page": 13}).json()
    assert (len(last["results"]), last["next"]) == (10, None)
    beyond = client.get(LIST, params={"category": crowd["slug"], "page": 14})
    assert (beyond.status_code, beyond.json()["message"]) == (404, "Invalid page.")


@pytest.mark.parametrize("asked", ["100", "101", "200", "100000", "99999999999999999999"])
def test_no_page_is_longer_than_promised(
    shop: Shop, crowd: dict[str, Any], customer: Person, make_addresses: Callable[[Person], int], asked: str
) -> None:
    page = shop.client().get(LIST, params={"category": crowd["slug"], "page_size": asked})
    # What is no number that a computer counts to is as if nothing had been said.
    assert len(page.json()["results"]) == (20 if len(asked) > 9 else 100)
    if asked == "100000":
        assert make_addresses(customer) > 1000
        assert (
            len(customer.client.get("/api/v1/users/me/addresses/", params={"page_size": asked}).json()["results"])
            == 100
        )
        for way in ("/rest/v1/addresses", f"/rest/v1/addresses?limit={asked}"):
            assert len(customer.client.get(way).json()) == 1000


def test_categories_come_in_large_pages(staff: Person, shop: Shop) -> None:
    mark = letters()
    rows = [{"name": f"Leaf {mark} {number}", "slug": f"leaf-{mark}-{number}"} for number in range(210)]
    assert staff.client.post("/rest/v1/categories", json=rows).status_code == 201
    list_of = "/api/v1/products/categories/"
    seen = {
        asked: shop.client().get(list_of, params={"page_size": asked}).json() for asked in ("", "100", "150", "1000")
    }
    assert {asked: len(page["results"]) for asked, page in seen.items()} == {
        "": 50,
        "100": 100,
        "150": 150,
        "1000": 200,
    }
    # The second page goes on where the first has ended.
    first, second = seen["1000"], shop.client().get(seen["1000"]["next"]).json()
    assert not {row["id"] for row in first["results"]} & {row["id"] for row in second["results"]}
    # How many there are besides is other tests' business.
    assert len(second["results"]) == min(first["count"] - 200, 200) > 0
    staff.client.delete(f"/rest/v1/categories?slug=like.leaf-{mark}-*")


@pytest.fixture
def make_addresses() -> Callable[[Person], int]:
    """More addresses than one answer has."""

    def make(person: Person) -> int:
        number = 1001
        answer = person.client.post("/rest/v1/addresses", json=[ADDRESS] * number)
        assert answer.status_code == 201, answer.text
        return number

    return make

"""Whatever is typed or chosen finds what it names, and nothing else."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Person, Shop

Product = dict[str, Any]


def letters(count: int) -> str:
    return "".join(random.choices("bcdfghklmnprstvz", k=count))


@pytest.fixture(scope="module")
def bystander(make_product: Callable[..., Product]) -> Product:
    """A product that shares no word with anything that anybody types."""
    return make_product(name=letters(14), brand=letters(14), sku=letters(14))


@pytest.mark.parametrize(
    "search",
    [
        "' OR 1=1 --", "' or '1'='1", "1 OR 1", "x' | 'a':* | '", "'':*", ":*", "*", "%", "_", "%%", ".*", "?", "\\",
        "' || '%", "') or true --", "1) or (1=1", "'; drop table shop.products; --", "!x", "-x", "!(x)", "-x or -y",
        "lamp or -x", "or -nothing", '-"a phrase"', "NOT x", "x | !x", "a:*B", "$$", "$1", "{}", "(select true)",
        "true", "null", "is.null", "not.is.null", "neq.x", "like.*", "ilike.%", "fts(english).x", "&search=",
        "search_document", "%00", "\u2019 OR \u20181", "-\u00a0", "--", "\uff05", "e", "a or e or i",
    ],
)  # fmt: skip
def test_what_is_typed_finds_nothing_that_it_does_not_name(shop: Shop, bystander: Product, search: str) -> None:
    client, brand = shop.client(), bystander["brand"]
    for url in ("/api/v1/products/", "/api/v1/products/facets/"):
        assert client.get(url, params={"brand": brand}).json()["count"] == 1
        assert client.get(url, params={"brand": brand, "search": search}).json()["count"] == 0
    found = client.post(f"/rest/v1/rpc/search_products?id=eq.{bystander['id']}", json={"search": search})
    assert (found.status_code, found.json()) == (200, [])
    facets = client.post("/rest/v1/rpc/product_facets", json={"search": search, "brand": brand})
    assert facets.json()["count"] == 0


def test_three_options_are_those_of_one_variant(
    shop: Shop, staff: Person, make_product: Callable[..., Product]
) -> None:
    product = make_product(brand=letters(14))
    variants = [{"a": "1", "b": "1", "c": "2"}, {"a": "2", "b": "1", "c": "1"}, {"a": "1", "b": "2", "c": "1"}]
    for number, attributes in enumerate(variants):
        body = {"name": str(number), "sku": f"{product['sku']}-{number}", "attributes": attributes}
        assert staff.client.post(f"/api/v1/products/{product['slug']}/variants/", json=body).status_code == 201

    def count(options: str) -> int:
        asked = {"brand": product["brand"], "options": options}
        return int(shop.client().get("/api/v1/products/", params=asked).json()["count"])

    # Of 1, 1, 1 any two are to be had, and never the three.
    for values in itertools.product("12", repeat=3):
        chosen = dict(zip("abc", values, strict=True))
        assert count(",".join(f"{name}:{value}" for name, value in chosen.items())) == int(chosen in variants)
        assert count(f"c:{values[2]},a:{values[0]}") == int(
            any(one["a"] == values[0] and one["c"] == values[2] for one in variants)
        )
    assert count("a:1,b:1,c:1,c:2") == 1
    assert count("a:2,a:3,b:2") == 0

"""What people ask in PostgREST's grammar fits the document's patterns, and is answered."""

import re
from typing import Any

import pytest

from tests.conftest import Shop


@pytest.fixture(scope="module")
def parameters(shop: Shop) -> dict[str, Any]:
    return dict(shop.client().get("/api/schema/", params={"role": "anon"}).json()["components"]["parameters"])


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("select", "id,name,price,categories(name,slug)", True),
        ("select", "title:name,price,categories!inner(*),shots:product_images(image,alt_text)", True),
        ("select", "categories(*)", True),
        ("select", "*,product_variants(id,sku)", True),
        ("select", "id,cost_price", False),
        ("created_at", "gte.2026-11-26", True),
        ("created_at", "lt.2026-01-31T23:59:59.123456+00:00", True),
        ("created_at", "gte.2026-02-30", False),
        ("brand", 'in.("Loom & Fell",Hale)', True),
        ("name", "ilike.*blanket*", True),
        ("price", "lt.30", True),
        ("price", "lt.cheap", False),
        ("or", '(name.eq."Mug, large",price.lt.10)', True),
    ],
)
def test_a_pattern_is_what_is_understood(
    shop: Shop, parameters: dict[str, Any], name: str, value: str, *, fits: bool
) -> None:
    pattern = parameters[f"products.{name}"]["schema"]["pattern"]
    answer = shop.client().get("/rest/v1/products", params={name: value, "limit": 1})
    assert (bool(re.search(pattern, value)), answer.status_code == 200) == (fits, fits), answer.text


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("products?select=nam", 400, "42703"),
        ("products?select=id,shelves(*)", 400, "PGRST200"),
        ("rpc/search_products?colour=red", 404, "PGRST202"),
    ],
)
def test_the_commonest_mistakes_are_told_and_documented(shop: Shop, asked: str, status: int, code: str) -> None:
    document = shop.client().get("/api/schema/", params={"role": "anon"}).json()
    answer = shop.client().get(f"/rest/v1/{asked}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    path = f"/rest/v1/{asked.partition('?')[0]}"
    response = document["paths"][path]["get"]["responses"][str(status)]["$ref"].rpartition("/")[2]
    examples = document["components"]["responses"][response]["content"]["application/json"]["examples"]
    assert code in examples
    said = document["components"]["examples"][code]["value"]["message"], answer.json()["message"]
    assert len({message.split()[0] for message in said}) == 1

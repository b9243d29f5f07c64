"""Variants: sizes and colours with prices and stock of their own, on both surfaces."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop

Make = Callable[..., dict[str, Any]]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def address(product: dict[str, Any], variant: dict[str, Any] | None = None) -> str:
    return f"/api/v1/products/{product['slug']}/variants/{variant['id'] + '/' if variant else ''}"


def add(staff: Person, product: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"name": "Red / S", "sku": uuid.uuid4().hex, **fields}
    answer = staff.client.post(address(product), json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_variants_have_options_prices_and_stock_of_their_own(
    shop: Shop, staff: Person, customer: Person, make_product: Make
) -> None:
    product = make_product(price="10.00", stock_quantity=0)
    small = add(staff, product, attributes={"size": "S", "colour": "red"}, stock_quantity=3)
    large = add(staff, product, name="Red / L", attributes={"size": "L"}, price_modifier="2.50", stock_quantity=1)
    cheap = add(staff, product, name="Second choice", price_modifier=-9.99)
    assert small["attributes"] == {"size": "S", "colour": "red"}
    assert [(v["price"], v["price_modifier"], v["stock_quantity"]) for v in (small, large, cheap)] == [
        ("10.00", "0.00", 3),
        ("12.50", "2.50", 1),
        ("0.01", "-9.99", 0),
    ]
    page = shop.client().get(address(product), params={"page_size": 2}).json()
    assert (page["count"], page["previous"], page["results"]) == (3, None, [small, large])
    assert shop.client().get(page["next"]).json()["results"] == [cheap]
    detail = customer.client.get(f"/api/v1/products/{product['slug']}/").json()
    assert (detail["variants"], detail["stock_quantity"], detail["is_in_stock"]) == ([small, large, cheap], 4, True)
    body = {"product_id": product["id"], "variant_id": large["id"], "quantity": 1}
    cart = customer.client.post("/api/v1/cart/items/", json=body).json()
    assert cart["subtotal"] == "12.50"
    # Without the choice it cannot be bought, which the list tells beforehand.
    chosen = shop.client().get("/api/v1/products/", params={"search": product["sku"]}).json()["results"]
    plain = shop.client().get("/api/v1/products/", params={"search": make_product()["sku"]}).json()["results"]
    assert [one["has_variants"] for one in (*chosen, *plain)] == [True, False]
    # A line may come back as the cart shows it, with another quantity; what cannot be changed is not.
    (line,) = cart["items"]
    path = f"/api/v1/cart/items/{line['id']}/"
    assert customer.client.put(path, json={**line, "quantity": 1}).status_code == 200
    mistakes = customer.client.put(path, json={**line, "price": "0.01"}).json()
    assert (mistakes["code"], [*mistakes["details"]]) == ("validation_failed", ["price"])


def test_a_partial_body_changes_what_it_names(
    staff: Person, make_product: Make, database: psycopg.Connection[Any]
) -> None:
    product = make_product()
    variant = add(staff, product, attributes={"size": "S"}, stock_quantity=3)
    for method, body in (
        ("PUT", {"price_modifier": "1.00"}),
        ("PATCH", {"attributes": {"size": "M"}}),
        ("PUT", {"name": "Blue", "sku": uuid.uuid4().hex}),
        ("PUT", {"stock_quantity": 8}),
        ("PUT", {"is_active": False}),
        ("PUT", {}),
    ):
        changed = staff.client.request(method, address(product, variant), json=body)
        assert changed.status_code == 200, changed.text
        expected = {**variant, **body}
        expected["price"] = "11.00"
        expected["is_in_stock"] = True
        assert changed.json() == expected
        variant = changed.json()
    rows = database.execute(
        "select quantity, reason from shop.stock_movements where variant_id = %s order by id", [variant["id"]]
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [(3, "delivery"), (5, "correction")]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"name": None}, 422, "validation_failed"),
        ({"name": " "}, 400, "product_variants_name_length"),
        ({"sku": ""}, 400, "product_variants_sku_length"),
        ({"attributes": ["red"]}, 422, "validation_failed"),
        ({"attributes": "red"}, 422, "validation_failed"),
        ({"attributes": {"size": ["S", "M"]}}, 400, "product_variants_attributes_are_plain"),
        ({"attributes": {"size": {"eu": 38}}}, 400, "product_variants_attributes_are_plain"),
        ({"attributes": {"size": "x" * 2000}}, 400, "product_variants_attributes_are_plain"),
        ({"price_modifier": "-10.01"}, 400, "product_variants_price_not_negative"),
        ({"price_modifier": "much"}, 422, "validation_failed"),
        ({"stock_quantity": -1}, 422, "validation_failed"),
        ({"stock_quantity": 1.5}, 422, "validation_failed"),
        ({"is_default": True}, 422, "validation_failed"),
        ({"colour": "red"}, 422, "validation_failed"),
    ],
)
def test_bad_variants(staff: Person, make_product: Make, fields: dict[str, Any], status: int, code: str) -> None:
    product = make_product(price="10.00")
    body = {"name": "Red", "sku": uuid.uuid4().hex, **fields}
    assert refused(staff.client.post(address(product), json=body)) == (status, code)
    assert staff.client.get(address(product)).json()["count"] == 0


def test_a_sku_belongs_to_one_variant_or_product(staff: Person, make_product: Make) -> None:
    product, other = make_product(), make_product()
    variant = add(staff, product)
    for taken in (variant["sku"].upper(), other["sku"], product["sku"]):
        answer = staff.client.post(address(other), json={"name": "Red", "sku": taken})
        assert refused(answer) == (409, "product_variants_sku_key")


def test_a_product_with_variants_takes_no_stock_itself(staff: Person, make_product: Make) -> None:
    product = make_product(stock_quantity=0)
    add(staff, product, stock_quantity=3)
    answer = staff.client.put(f"/api/v1/products/{product['slug']}/", json={"stock_quantity": 9})
    assert refused(answer) == (422, "validation_failed")
    assert list(answer.json()["details"]) == ["stock_quantity"]
    assert staff.client.get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"] == 3


def test_a_variant_is_found_under_its_product_only(staff: Person, make_product: Make) -> None:
    product, other = make_product(), make_product()
    variant = add(staff, product)
    (default,) = staff.client.get(f"/rest/v1/stock?product_id=eq.{other['id']}&select=variant_id").json()
    for path in (
        address(other, variant),
        address(other, {"id": default["variant_id"]}),
        address(product, {"id": str(uuid.uuid4())}),
        address(product, {"id": "first"}),
    ):
        for answer in (staff.client.put(path, json={"name": "Mine"}), staff.client.delete(path)):
            assert refused(answer) == (404, "variant_not_found")
    nowhere = address({"slug": "no-such"}, variant)
    assert refused(staff.client.delete(nowhere)) == (404, "product_not_found")
    assert refused(staff.client.get(address({"slug": "no-such"}))) == (404, "product_not_found")


def test_only_staff_edits(shop: Shop, staff: Person, customer: Person, make_product: Make) -> None:
    product = make_product()
    variant = add(staff, product)
    for client, status in ((shop.client(), 401), (customer.client, 403)):
        assert client.post(address(product), json={"name": "Mine", "sku": "mine"}).status_code == status
        assert client.put(address(product, variant), json={"price_modifier": "-9.00"}).status_code == status
        assert client.delete(address(product, variant)).status_code == status
    assert staff.client.get(address(product)).json()["results"] == [variant]


def test_deletion_keeps_what_has_a_history(
    staff: Person, customer: Person, make_product: Make, database: psycopg.Connection[Any]
) -> None:
    product = make_product(stock_quantity=0)
    fresh, sold = add(staff, product), add(staff, product, name="Red", stock_quantity=5)
    body = {"product_id": product["id"], "variant_id": sold["id"]}
    assert customer.client.post("/api/v1/cart/items/", json=body).status_code == 201
    for variant in (fresh, sold):
        assert staff.client.delete(address(product, variant)).status_code == 204
    assert customer.client.get(address(product)).json()["count"] == 0
    (left,) = staff.client.get(address(product)).json()["results"]
    assert left == {**sold, "is_active": False}
    assert customer.client.get("/api/v1/cart/").json()["items"][0]["is_available"] is False
    assert refused(customer.client.post("/api/v1/cart/items/", json=body)) == (404, "product_not_found")
    booked = database.execute("select on_hand from shop.stock where variant_id = %s", [sold["id"]]).fetchone()
    assert booked == {"on_hand": 5}
    assert staff.client.put(address(product, left), json={"is_active": True}).status_code == 200
    assert customer.client.get(address(product)).json()["results"] == [sold]


def test_variants_in_postgrests_grammar(staff: Person, customer: Person, make_product: Make) -> None:
    product = make_product(price="10.00", stock_quantity=0)
    one = {"Prefer": "return=representation", "Accept": "application/vnd.pgrst.object+json"}
    body = {"product_id": product["id"], "name": "Red", "sku": uuid.uuid4().hex, "attributes": {"size": "S"}}
    variant = staff.client.post("/rest/v1/product_variants", json=body, headers=one).json()
    row = f"/rest/v1/product_variants?id=eq.{variant['id']}"
    assert staff.client.patch(row, json={"price_modifier": 2}).status_code == 204
    moved = {"variant_id": variant["id"], "quantity": 4, "reason": "delivery"}
    assert staff.client.post("/rest/v1/stock_movements", json=moved).status_code == 201
    found = customer.client.get(
        f"/rest/v1/products?id=eq.{product['id']}&select=stock_quantity,product_variants(name,price,stock_quantity)"
        "&product_variants.attributes->>size=eq.S"
    ).json()
    assert found == [{"stock_quantity": 4, "product_variants": [{"name": "Red", "price": 12, "stock_quantity": 4}]}]
    assert customer.client.patch(row, json={"price_modifier": -9}).status_code == 403
    assert customer.client.delete(row).status_code == 403
    assert "stock_movements_variant_id_fkey" in staff.client.delete(row).json()["message"]

"""The pictures of a product, on both surfaces."""

from collections.abc import Callable
from typing import Any

import psycopg

from tests.conftest import Person, Shop
from tests.contract.conftest import letters
from tests.extensions.uploads import picture


def test_a_product_shows_its_pictures_the_first_one_first(
    shop: Shop, make_product: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    product = make_product()
    for order, (name, is_primary) in enumerate((("back", False), ("front", True), ("side", False))):
        database.execute(
            "insert into shop.product_images (product_id, image, alt_text, is_primary, sort_order)"
            " values (%s, %s, %s, %s, %s)",
            [product["id"], f"/media/contract/{product['slug']}-{name}.webp", f"From the {name}", is_primary, order],
        )
    wanted = [("From the front", True), ("From the back", False), ("From the side", False)]
    page = shop.client().get(f"/api/v1/products/{product['slug']}/").json()
    assert [(image["alt_text"], image["is_primary"]) for image in page["images"]] == wanted
    assert all({"id", "image", "alt_text", "is_primary"} <= image.keys() for image in page["images"])
    listed = shop.client().get("/api/v1/products/", params={"search": product["sku"]}).json()["results"]
    assert [image["alt_text"] for image in listed[0]["images"]] == [text for text, _ in wanted]
    order_by = "order=is_primary.desc,sort_order"
    rows = shop.client().get(f"/rest/v1/product_images?product_id=eq.{product['id']}&{order_by}").json()
    assert [(row["alt_text"], row["is_primary"]) for row in rows] == wanted


def test_staff_uploads_pictures_of_products_and_categories(
    shop: Shop, staff: Person, customer: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    product = make_product()
    category = staff.client.post("/api/v1/products/categories/", json={"name": letters()}).json()
    for way in (
        f"/api/v1/products/{product['slug']}/images/",
        f"/api/v1/products/categories/{category['slug']}/image/",
    ):
        sent = {"image": ("lamp.png", picture("PNG"), "image/png")}
        assert shop.client().post(way, files=sent).status_code == 401
        assert customer.client.post(way, files=sent).status_code == 403
        made = staff.client.post(way, files=sent)
        assert made.status_code in (200, 201), made.text
        seen = shop.client().get(made.json()["image"])
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
    page = shop.client().get(f"/api/v1/products/{product['slug']}/").json()
    assert [image["is_primary"] for image in page["images"]] == [True]
    row = shop.client().get(f"/rest/v1/categories?id=eq.{category['id']}&select=image").json()[0]
    assert row["image"] == made.json()["image"]

"""The pictures of a product, on both surfaces."""

from collections.abc import Callable
from typing import Any

import psycopg

from tests.conftest import Shop


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

"""Whether a product is in stock is true at every moment, also when its variants sell out together."""

import threading
from collections.abc import Callable
from typing import Any

from tests.conftest import Person, Shop

Product = dict[str, Any]


def test_in_stock_follows_the_last_piece_even_when_two_variants_sell_out_at_once(
    shop: Shop, staff: Person, make_product: Callable[..., Product]
) -> None:
    products = [make_product(stock_quantity=0) for _ in range(6)]
    variants = []
    for product in products:
        pair = []
        for name in ("S", "L"):
            body = {"product_id": product["id"], "name": name, "sku": f"{product['sku']}-{name}"}
            answer = staff.client.post(
                "/rest/v1/product_variants", json=body, headers={"Prefer": "return=representation"}
            )
            pair.append(answer.json()[0]["id"])
        variants.append(pair)

    def state() -> list[bool]:
        ids = ",".join(product["id"] for product in products)
        rows = shop.client().get(f"/rest/v1/products?id=in.({ids})&select=id,is_in_stock,stock_quantity").json()
        found = {row["id"]: row for row in rows}
        assert all(row["is_in_stock"] == (row["stock_quantity"] > 0) for row in rows)
        return [found[product["id"]]["is_in_stock"] for product in products]

    def move(variant: str, quantity: int) -> None:
        with shop.connect() as owner:
            owner.execute(
                "insert into shop.stock_movements (variant_id, quantity, reason) values (%s, %s, 'correction')",
                [variant, quantity],
            )

    assert state() == [False] * 6
    for quantity, expected in ((1, True), (-1, False)):
        barrier = threading.Barrier(12)

        def at_once(variant: str, quantity: int = quantity, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            move(variant, quantity)

        threads = [threading.Thread(target=at_once, args=[variant]) for pair in variants for variant in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert state() == [expected] * 6

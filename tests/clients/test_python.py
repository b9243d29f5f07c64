"""A client in Python that openapi-python-client makes of the document: the same journey, with models."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ADDRESS, PASSWORD, Person, Shop, pgshop


@pytest.fixture
def made(shop: Shop, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """`made("models")` is a module of the client, which `pgshop gen` has just made."""
    pgshop("gen", "client", str(tmp_path / "shop_client"), "--state", str(shop.state), timeout=300)
    sys.path.insert(0, str(tmp_path))
    yield lambda name: importlib.import_module(f"shop_client.{name}" if name else "shop_client")
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop_client"]:
        del sys.modules[name]


def test_generated_client_shops(
    shop: Shop, made: Callable[[str], Any], customer: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    product, models = make_product(stock_quantity=10), made("models")
    with made("").Client(base_url=shop.url) as anybody:
        signed_in = made("api.account.login").sync(
            client=anybody, body=models.Login(email=customer.email, password=PASSWORD)
        )
        page = made("api.catalogue.list_products").sync(client=anybody, search=product["name"])
        found = made("api.catalogue.get_product").sync(product["slug"], client=anybody)
        missing = made("api.catalogue.get_product").sync("no-such-thing", client=anybody)
    assert [str(one.id) for one in page.results][:1] == [product["id"]]
    assert found.price == "10.00"
    assert isinstance(missing, models.Error) and missing.code == "product_not_found"
    with made("").AuthenticatedClient(base_url=shop.url, token=signed_in.access) as mine:
        line = models.AddCartItemByProductId.from_dict({"product_id": product["id"], "quantity": 2})
        cart = made("api.cart.add_cart_item").sync(client=mine, body=line)
        assert [item.quantity for item in cart.items] == [2]
        body = models.CheckoutBody.from_dict({"shipping_address": ADDRESS})
        order = made("api.orders.checkout").sync(client=mine, body=body)
        card = models.Confirmation(order_id=order.id, payment_method="pm_card_visa")
        assert made("api.payments.confirm").sync(client=mine, body=card).order_status == "confirmed"
        again = made("api.orders.get_order").sync(order.id, client=mine)
        assert (again.total_amount, again.created_at.tzinfo is not None) == (order.total_amount, True)
        assert [one.id for one in made("api.orders.list_orders").sync(client=mine).results] == [order.id]

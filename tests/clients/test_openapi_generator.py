"""A client in Python that openapi-generator makes of a customer's document: the same journey, with checked models."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ADDRESS, PASSWORD, Person, Shop

# A few files less, and a Java that starts sooner than it runs.
LESS = "modelDocs=false,apiDocs=false,modelTests=false,apiTests=false"


@pytest.fixture
def made(shop: Shop, tmp_path: Path) -> Iterator[Any]:
    """The package, made by the generator's jar, which comes from PyPI with the Java that it runs on."""
    (tmp_path / "openapi.json").write_text(shop.client().get("/api/schema/", params={"role": "customer"}).text)
    command = [Path(sys.executable).with_name("openapi-generator-cli"), "generate", "-g", "python",
               "-i", "openapi.json", "-o", ".", "--global-property", LESS,
               "--additional-properties", "packageName=made_client"]  # fmt: skip
    environment = {**os.environ, "JAVA_OPTS": "-XX:TieredStopAtLevel=1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(tmp_path))
    yield importlib.import_module("made_client")
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "made_client"]:
        del sys.modules[name]


def test_generated_client_shops(
    shop: Shop, made: Any, customer: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    product = make_product(stock_quantity=10)
    configuration = made.Configuration(host=shop.url)
    with made.ApiClient(configuration) as client:
        signed_in = made.AccountApi(client).login(made.Login(email=customer.email, password=PASSWORD)).actual_instance
        catalogue = made.CatalogueApi(client)
        page = catalogue.list_products(search=product["name"])
        assert [str(one.id) for one in page.results][:1] == [product["id"]]
        assert catalogue.get_product(product["slug"]).price == "10.00"
        with pytest.raises(made.exceptions.NotFoundException) as caught:
            catalogue.get_product("no-such-thing")
        assert caught.value.data.code == "product_not_found"

        configuration.access_token = signed_in.access
        line = made.AddCartItemBody.from_dict({"product_id": product["id"], "quantity": 2})
        cart = made.CartApi(client).add_cart_item(line)
        assert [item.quantity for item in cart.items] == [2]
        body = made.CheckoutBody.from_dict({"shipping_address": ADDRESS})
        order = made.OrdersApi(client).checkout(body)
        card = made.Confirmation(order_id=order.id, payment_method="pm_card_visa")
        assert made.PaymentsApi(client).confirm(card).order_status == "confirmed"
        again = made.OrdersApi(client).get_order(order.id)
        assert (again.total_amount, again.created_at.tzinfo is not None) == (order.total_amount, True)
        assert [one.id for one in made.OrdersApi(client).list_orders().results] == [order.id]
        rows = made.RestOrdersApi(client).rest_orders_get(id=f"eq.{order.id}")
        assert [(row.id, row.status) for row in rows] == [(order.id, "confirmed")]

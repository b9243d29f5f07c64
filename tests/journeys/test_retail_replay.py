"""A real shop's invoices, replayed through the public port to the cent: a slice of them here, all in `make replay`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from tests.conftest import ADDRESS, Person, Shop
from tests.journeys.invoices import FILE, HOUSE, choose_slice, make_plan, read_lines
from tests.journeys.replay import table_of
from tests.journeys.retail import Replay, import_products

has_the_file = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is not there, so there is nothing to replay")


@has_the_file
def test_the_file_has_the_dirt_that_it_is_known_for() -> None:
    lines = read_lines()
    assert len(lines) == 8373
    assert sum(line.quantity < 0 for line in lines) == 125
    assert sum(line.customer == HOUSE for line in lines) == 2290
    plan = make_plan(lines, {line.sku for line in lines})
    table_of(plan)
    assert len(plan.returns) == 7
    assert max(len(sale.lines) for sale in plan.sales if sale.customer != HOUSE) == 121


@has_the_file
@pytest.mark.timeout(900)
# The Stripe SDK's own way of handing bytes to httpx.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_a_slice_of_the_invoices_is_replayed_to_the_cent(shop: Shop, tmp_path: Path) -> None:
    said = import_products(shop, tmp_path / "rejected.csv")
    assert "119 were repaired" in said
    lines = choose_slice(read_lines(), 60)
    assert len({line.invoice for line in lines}) == 60
    plan = Replay(shop).go(lines)
    Console().print(table_of(plan))
    sizes = {sale.invoice: len(sale.lines) for sale in plan.sales}
    # What a slice must not leave out; the largest has 593 lines, seven of them at a second price and one no product.
    assert (sizes["536876"], max(sizes[s.invoice] for s in plan.sales if s.customer != HOUSE)) == (585, 121)
    assert any(len(sale.lines) > len(sale.quantities) for sale in plan.sales)
    assert len(plan.returns) == 7
    assert plan.rejected["product at a second price in one invoice"] == 7


def test_a_customer_does_not_choose_a_price(customer: Person, make_product: Callable[..., dict[str, str]]) -> None:
    product = make_product(price="10.00")
    prices = {"customer_id": customer.id, "prices": {product["sku"]: "0.01"}}
    refused = customer.client.post("/rest/v1/rpc/set_customer_prices", json=prices)
    assert (refused.status_code, refused.json()["code"]) == (403, "42501")
    in_the_cart = {"product_id": product["id"], "quantity": 1, "price": "0.01"}
    refused = customer.client.post("/api/v1/cart/items/", json=in_the_cart)
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    answer = customer.client.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 1})
    assert answer.json()["subtotal"] == "10.00"
    at_checkout = {"shipping_address": ADDRESS, "subtotal": "0.01", "total_amount": "0.01"}
    refused = customer.client.post("/api/v1/orders/", json=at_checkout)
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")

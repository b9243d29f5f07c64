"""Clients that others wrote, through the public port: postgrest-py on /rest/v1, Stripe's SDK for a payment."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import postgrest
import pytest
import stripe

from tests.conftest import ADDRESS, Person, Shop, eventually


@pytest.fixture
def rest(shop: Shop, customer: Person) -> Iterator[postgrest.SyncPostgrestClient]:
    """Its default schema is `public`, which it names in every request."""
    headers = {"apikey": "sb_publishable_key", "Authorization": f"Bearer {customer.access}"}
    with httpx.Client(timeout=30) as http:
        yield postgrest.SyncPostgrestClient(f"{shop.url}/rest/v1", headers=headers, http_client=http)


def test_products_are_filtered_ordered_paged_and_embedded(
    rest: postgrest.SyncPostgrestClient, make_product: Callable[..., dict[str, Any]]
) -> None:
    made = [make_product(name=f"Client {price}", price=price) for price in ("7.31", "7.32", "7.33", "7.34")]
    found = (
        rest.from_("products")
        .select("name, price, product_variants(sku, price_modifier)", count=postgrest.CountMethod.exact)
        .in_("id", [product["id"] for product in made])
        .gte("price", 7.32)
        .order("price", desc=True)
        .range(0, 1)
        .execute()
    )
    assert found.count == 3
    assert [row["price"] for row in found.data] == [7.34, 7.33]
    assert all(isinstance(row["product_variants"], list) for row in found.data)
    one = rest.from_("products").select("name").eq("id", made[0]["id"]).single().execute()
    assert one.data == {"name": "Client 7.31"}


def test_an_address_is_added_changed_and_removed(rest: postgrest.SyncPostgrestClient, customer: Person) -> None:
    made = rest.from_("addresses").insert({**ADDRESS, "city": "Hull"}).execute().data
    assert [row["city"] for row in made] == ["Hull"]
    changed = rest.from_("addresses").update({"city": "Leeds"}).eq("id", made[0]["id"]).execute().data
    assert [row["city"] for row in changed] == ["Leeds"]
    with pytest.raises(postgrest.APIError) as caught:
        rest.from_("addresses").delete().execute()
    assert caught.value.code == "filter_required"
    rest.from_("addresses").delete().eq("id", made[0]["id"]).execute()
    assert rest.from_("addresses").select("id").execute().data == []


def test_a_function_is_called_and_its_errors_are_understood(
    rest: postgrest.SyncPostgrestClient, customer: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    product = make_product(stock_quantity=3)
    rest.rpc("add_to_cart", {"product_id": product["id"], "quantity": 2}).execute()
    lines = rest.from_("cart_items").select("quantity, products(id)").execute().data
    assert lines == [{"quantity": 2, "products": {"id": product["id"]}}]
    with pytest.raises(postgrest.APIError) as caught:
        rest.rpc("add_to_cart", {"product_id": product["id"], "quantity": 9}).execute()
    assert caught.value.code == "insufficient_stock"
    rest.rpc("clear_cart", {}).execute()
    assert rest.from_("cart_items").select("id").execute().data == []


def test_postgrest_py_goes_from_the_shelf_to_a_paid_order(
    rest: postgrest.SyncPostgrestClient, customer: Person, make_product: Callable[..., dict[str, Any]], pay: Any
) -> None:
    product = make_product(stock_quantity=9)
    browsed = rest.from_("products").select("id", count=postgrest.CountMethod.exact).order("price").limit(5).execute()
    assert browsed.count and 0 < len(browsed.data) <= 5
    found = rest.rpc("search_products", {"search": product["name"]}).select("id, price").execute().data
    assert [row["id"] for row in found][:1] == [product["id"]]
    rest.rpc("add_to_cart", {"product_id": product["id"], "quantity": 2}).execute()
    totals = rest.rpc("cart_totals", {}).execute().data
    [address] = rest.from_("addresses").insert(ADDRESS).execute().data
    order = rest.rpc("checkout", {"shipping_address": address["id"]}).execute().data
    assert pay(customer, order).json()["order_status"] == "confirmed"
    mine = rest.from_("orders").select("id, status, total_amount, order_items(quantity)").execute().data
    total = totals["total_amount"]
    assert mine == [{"id": order["id"], "status": "confirmed", "total_amount": total, "order_items": [{"quantity": 2}]}]


def test_an_anonymous_key_reads_the_shelves_and_nothing_else(shop: Shop) -> None:
    headers = {"apikey": "sb_publishable_key", "Authorization": "Bearer sb_publishable_key"}
    with httpx.Client(timeout=30) as http:
        rest = postgrest.SyncPostgrestClient(f"{shop.url}/rest/v1", headers=headers, http_client=http)
        assert isinstance(rest.from_("products").select("id").limit(1).execute().data, list)
        with pytest.raises(postgrest.APIError) as caught:
            rest.from_("addresses").insert(ADDRESS).execute()
        assert caught.value.code == "42501"


def test_a_page_with_the_sdk_pays_and_the_webhook_tells_the_shop(
    shop: Shop, customer: Person, make_product: Callable[..., dict[str, Any]], buy: Callable[..., dict[str, Any]]
) -> None:
    order = buy(customer, make_product())
    intent = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}).json()
    client = stripe.StripeClient(
        shop.status["stripe_secret_key"],
        http_client=stripe.UrllibClient(),
        base_addresses={"api": shop.status["stripe_api_base"]},
    )
    found = client.v1.payment_intents.retrieve(intent["payment_intent_id"])
    assert (found.client_secret, found.status) == (intent["client_secret"], "requires_payment_method")
    client.v1.payment_intents.confirm(found.id, {"payment_method": "pm_card_visa"})
    # Nobody told the shop but the twin's webhook, through the gateway.
    eventually(lambda: customer.client.get(f"/api/v1/orders/{order['id']}/").json()["payment_status"] == "succeeded")


@pytest.mark.parametrize("shift", ["", "a"])
def test_letters_of_several_bytes_arrive_whole(
    shop: Shop, make_product: Callable[..., dict[str, Any]], shift: str
) -> None:
    # However an answer is cut into pieces on its way, one of the two has a cut within a letter.
    text = shift + "ß" * 20_000
    made = make_product(description=text)
    assert made["description"] == text
    assert shop.client().get(f"/api/v1/products/{made['slug']}/").json()["description"] == text
    found = shop.client().get("/rest/v1/products", params={"id": f"eq.{made['id']}", "select": "description"})
    assert found.json() == [{"description": text}]

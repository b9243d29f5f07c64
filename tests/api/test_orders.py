"""Orders after checkout: lists, cancellation, staff's moves, refunds, agreed prices."""

from collections.abc import Callable
from typing import Any

import psycopg

from tests.conftest import Person, Shop, eventually


def test_the_list_is_ones_own_newest_first(
    customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any
) -> None:
    product = make_product()
    made = [buy(customer, product)["id"] for _ in range(3)]
    listed = customer.client.get("/api/v1/orders/").json()
    assert listed["count"] == 3
    assert [order["id"] for order in listed["results"]] == made[::-1]
    assert customer.client.get("/api/v1/orders/", params={"status": "shipped"}).json()["results"] == []


def test_cancelling_gives_the_stock_back_and_tells(
    shop: Shop, customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any
) -> None:
    product = make_product(stock_quantity=4)
    order = buy(customer, product, 3)
    cancelled = customer.client.delete(f"/api/v1/orders/{order['id']}/")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert customer.client.delete(f"/api/v1/orders/{order['id']}/").json()["status"] == "cancelled"
    assert shop.client().get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"] == 4
    eventually(lambda: any("cancelled" in mail["subject"] for mail in shop.mails(customer.email)), what="mail")


def test_cancelling_a_paid_order_gives_the_money_back(
    shop: Shop,
    customer: Person,
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    pay: Any,
    database: psycopg.Connection[Any],
) -> None:
    product = make_product(stock_quantity=4)
    order = buy(customer, product, 3)
    assert pay(customer, order).status_code == 200
    assert customer.client.delete(f"/api/v1/orders/{order['id']}/").json()["status"] == "cancelled"
    refunds = eventually(
        lambda: [r for r in customer.client.get("/rest/v1/refunds").json() if r["status"] == "succeeded"], what="refund"
    )
    assert [f"{refund['amount']:.2f}" for refund in refunds] == [order["total_amount"]]
    shown = customer.client.get(f"/api/v1/orders/{order['id']}/").json()
    assert (shown["status"], shown["refunded_amount"]) == ("cancelled", order["total_amount"])
    assert shop.client().get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"] == 4
    moved = database.execute(
        "select sum(quantity) as sum from shop.stock_movements where order_id = %s", [order["id"]]
    ).fetchone()
    assert moved == {"sum": 0}


def test_staff_move_orders_along_the_table_only(
    customer: Person, staff: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any
) -> None:
    order = buy(customer, make_product())
    url = f"/api/v1/orders/{order['id']}/"
    refused = staff.client.put(url, json={"status": "shipped"})
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed")
    # Only money confirms.
    assert staff.client.put(url, json={"status": "confirmed"}).status_code == 409
    pay(customer, order)
    for status in ("processing", "shipped", "delivered"):
        moved = staff.client.put(url, json={"status": status, "notes": f"now {status}", "tracking_number": "T1"})
        assert (moved.status_code, moved.json()["status"]) == (200, status)
    seen = customer.client.get(url).json()
    assert seen["tracking_number"] == "T1"
    assert [h["notes"] for h in seen["status_history"]][2:] == ["now processing", "now shipped", "now delivered"]
    refused = customer.client.delete(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_not_cancellable")


def test_returns_refund_their_share_and_then_the_rest(
    customer: Person, staff: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any
) -> None:
    product = make_product(price="10.00", stock_quantity=10)
    order = buy(customer, product, 4)
    refund = {"order_id": order["id"], "items": [{"sku": product["sku"], "quantity": 1}]}
    early = staff.client.post("/rest/v1/rpc/refund_order", json=refund)
    assert (early.status_code, early.json()["code"]) == (409, "order_not_paid")
    pay(customer, order)
    # 40.00 + 8.00 tax + 4.95 delivery; one of four is 10.00 + 2.00 tax.
    first = staff.client.post("/rest/v1/rpc/refund_order", json=refund)
    assert (first.status_code, first.json()["amount"]) == (200, 12.00), first.text
    too_many = staff.client.post(
        "/rest/v1/rpc/refund_order", json={**refund, "items": [{"sku": product["sku"], "quantity": 4}]}
    )
    assert (too_many.status_code, too_many.json()["code"]) == (409, "return_exceeds_sale")
    too_much = staff.client.post("/rest/v1/rpc/refund_order", json={"order_id": order["id"], "amount": 41})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_exceeds_payment")
    rest = staff.client.post("/rest/v1/rpc/refund_order", json={"order_id": order["id"]})
    assert (rest.status_code, rest.json()["amount"]) == (200, 40.95)
    eventually(
        lambda: customer.client.get(f"/api/v1/orders/{order['id']}/").json()["status"] == "refunded", what="refunded"
    )
    assert customer.client.get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"] == 10


def test_an_agreed_price_is_one_customers(
    customer: Person,
    acting_as: Callable[..., Person],
    staff: Person,
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
) -> None:
    product = make_product(price="10.00")
    agreed = staff.client.post(
        "/rest/v1/rpc/set_customer_prices", json={"customer_id": customer.id, "prices": {product["sku"].upper(): 7.77}}
    )
    assert agreed.json() == 1, agreed.text
    assert buy(customer, product, 2)["subtotal"] == "15.54"
    assert buy(acting_as(), product, 2)["subtotal"] == "20.00"


def test_money_that_comes_too_late_goes_back(
    shop: Shop,
    acting_as: Callable[..., Person],
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    pay: Any,
    database: psycopg.Connection[Any],
) -> None:
    """The reservation ran out, the last unit went to somebody else, and then the bank said yes."""
    product = make_product(stock_quantity=1)
    slow, quick = acting_as(), acting_as()
    order = buy(slow, product)
    intent = slow.client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}).json()[
        "payment_intent_id"
    ]
    # Else the worker, which makes an intent as well, may find the order cancelled and have the intent cancelled, too.
    done = """select 1 from shop.outbox
        where topic = 'order.placed' and payload ->> 'order_id' = %s and done_at is not null"""
    eventually(lambda: database.execute(done, [order["id"]]).fetchone(), what="the worker has seen the order")
    # The intent is paid before the worker can cancel it. All at once, with an order that no webhook holds: the clock
    # must not expire it first, nor may it be passed over.
    with psycopg.connect(shop.status["database_url"]) as locked:
        locked.execute("select from shop.orders where id = %s for update", [order["id"]])
        locked.execute("update shop.reservations set expires_at = now() where order_id = %s", [order["id"]])
        locked.execute("select logic.expire_reservations()")
        locked.execute(
            "update shop.outbox set done_at = now() where topic = 'payment.cancel' and payload ->> 'intent_id' = %s",
            [intent],
        )
    buy(quick, product)
    import stripe

    client = stripe.StripeClient(
        shop.status["stripe_secret_key"], base_addresses={"api": shop.status["stripe_api_base"]}
    )
    assert client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"}).status == "succeeded"
    refunds = eventually(
        lambda: [r for r in slow.client.get("/rest/v1/refunds").json() if r["status"] == "succeeded"], what="refund"
    )
    assert [f"{refund['amount']:.2f}" for refund in refunds] == [order["total_amount"]]
    assert slow.client.get(f"/api/v1/orders/{order['id']}/").json()["status"] == "cancelled"
    eventually(lambda: any("Refund" in mail["subject"] for mail in shop.mails(slow.email)), what="mail")

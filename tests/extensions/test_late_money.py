"""Money that comes after the time: the goods if they are still there, else all of it back, once; and word of it."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
import stripe

from tests.conftest import Person, Shop, eventually
from tests.extensions.payments import await_intent


@pytest.fixture
def expired(shop: Shop, customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Any]:
    """An order for the last two of a product, whose time is up and whose intent could not be cancelled in time."""
    product = make_product(stock_quantity=2)
    order = dict(buy(customer, product, 2))
    made = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}).json()
    await_intent(shop, order)
    with shop.connect() as connection, connection.transaction():
        connection.execute("update shop.reservations set expires_at = now() where order_id = %s", [order["id"]])
        connection.execute("select logic.expire_reservations()")
        connection.execute(
            "update shop.outbox set done_at = now() where topic = 'payment.cancel' and payload ->> 'order_id' = %s",
            [order["id"]],
        )
    assert state(customer, order) == "cancelled"
    assert available(customer, product) == 2
    return {**order, "intent": made["payment_intent_id"], "product": product}


def state(person: Person, order: dict[str, Any]) -> str:
    return str(person.client.get(f"/api/v1/orders/{order['id']}/").json()["status"])


def available(person: Person, product: dict[str, Any]) -> int:
    return int(person.client.get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"])


def subjects(shop: Shop, person: Person, word: str) -> list[str]:
    return [mail["subject"] for mail in shop.mails(person.email) if word in mail["subject"]]


def given_back(bank: stripe.StripeClient, order: dict[str, Any]) -> list[int]:
    return [refund.amount for refund in bank.v1.refunds.list({"payment_intent": order["intent"]}).data]


def repeat(shop: Shop, database: psycopg.Connection[Any], order: dict[str, Any]) -> None:
    """Everything that may tell the shop again that the money is there."""
    told = (
        "select payload #> '{data,object}' as intent from shop.payment_events"
        " where type = 'payment_intent.succeeded' and payload #>> '{data,object,id}' = %s"
    )
    # Reconciliation may have been quicker than the webhook.
    row = eventually(lambda: database.execute(told, [order["intent"]]).fetchone(), what="the webhook")
    for _ in range(2):
        database.execute("select logic.apply_intent(%s)", [psycopg.types.json.Jsonb(row["intent"])])


def test_an_expired_order_is_revived_while_its_goods_are_there(
    shop: Shop, customer: Person, expired: dict[str, Any], bank: stripe.StripeClient, database: psycopg.Connection[Any]
) -> None:
    bank.v1.payment_intents.confirm(expired["intent"], {"payment_method": "pm_card_visa"})
    eventually(lambda: state(customer, expired) == "confirmed", what="revived")
    assert available(customer, expired["product"]) == 0
    eventually(lambda: subjects(shop, customer, "confirmed"), what="mail")
    repeat(shop, database, expired)
    assert given_back(bank, expired) == []
    assert subjects(shop, customer, "Refund") == []
    history = customer.client.get(f"/api/v1/orders/{expired['id']}/").json()["status_history"]
    assert [step["status"] for step in history] == ["pending", "cancelled", "confirmed"]
    sold = database.execute(
        "select sum(quantity) as sum from shop.stock_movements where order_id = %s", [expired["id"]]
    ).fetchone()
    assert sold == {"sum": -2}
    # And it is an order like others: staff can give the money back.
    assert customer.client.delete(f"/api/v1/orders/{expired['id']}/").json()["status"] == "cancelled"
    eventually(lambda: given_back(bank, expired) == [2895], what="refund")
    assert available(customer, expired["product"]) == 2


@pytest.mark.parametrize("taken", [1, 2])
def test_money_for_goods_that_are_gone_goes_back_once(
    shop: Shop,
    customer: Person,
    acting_as: Callable[..., Person],
    expired: dict[str, Any],
    buy: Any,
    bank: stripe.StripeClient,
    database: psycopg.Connection[Any],
    taken: int,
) -> None:
    buy(acting_as(), expired["product"], taken)
    bank.v1.payment_intents.confirm(expired["intent"], {"payment_method": "pm_card_visa"})
    eventually(lambda: given_back(bank, expired) == [2895], what="refund")
    repeat(shop, database, expired)
    (mail,) = eventually(lambda: subjects(shop, customer, "Refund"), what="mail")
    assert expired["order_number"] in mail
    assert state(customer, expired) == "cancelled"
    # All or nothing: what is left stays for sale.
    assert available(customer, expired["product"]) == 2 - taken
    assert given_back(bank, expired) == [2895]
    rows = database.execute(
        "select r.status, r.amount, p.refunded_amount from shop.refunds r join shop.payments p on p.id = r.payment_id"
        " where p.order_id = %s",
        [expired["id"]],
    ).fetchall()
    assert [(row["status"], str(row["amount"]), str(row["refunded_amount"])) for row in rows] == [
        ("succeeded", "28.95", "28.95")
    ]
    assert subjects(shop, customer, "confirmed") == []


def test_paying_and_cancelling_at_once_never_keeps_the_money_without_the_order(
    customer: Person,
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    pay: Any,
    bank: stripe.StripeClient,
    at_once: Callable[..., list[httpx.Response]],
) -> None:
    product = make_product(stock_quantity=6)
    for _ in range(6):
        order = buy(customer, product)
        url = f"/api/v1/orders/{order['id']}/"
        intent = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}).json()
        order["intent"] = intent["payment_intent_id"]
        _, cancelled = at_once([lambda o=order: pay(customer, o), lambda u=url: customer.client.delete(u)])  # type: ignore[misc]
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        cents = int(order["total_amount"].replace(".", ""))
        eventually(
            lambda o=order, c=cents: (  # type: ignore[misc]
                bank.v1.payment_intents.retrieve(o["intent"]).status == "canceled" or given_back(bank, o) == [c]
            ),
            what="cancelled or given back",
        )
    assert available(customer, product) == 6

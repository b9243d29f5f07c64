"""The shop's mails: to whom, from whom, what they say in text and HTML, and that nobody's words become markup."""

import html
import re
from collections.abc import Callable
from typing import Any

import httpx

from tests.conftest import PASSWORD, Person, Shop, eventually
from tests.workers.mails import NASTY, mail, source


def is_wellformed(shop: Shop, letter: dict[str, Any], row: dict[str, Any], to: str) -> None:
    wire = source(shop, letter)
    assert not wire.defects
    assert str(wire["from"]) == "pgshop <shop@pgshop.example>"
    assert wire["to"] == to
    assert wire["message-id"] == f"<{row['id']}@127.0.0.1>"
    assert wire["auto-submitted"] == "auto-generated"
    assert wire["date"].datetime.tzinfo
    assert (wire["cc"], wire["bcc"]) == (None, None)
    assert wire.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in wire.iter_parts()] == ["text/plain", "text/html"]
    # Both parts say the same sentence, and the links lead into this shop.
    for part in (letter["text"], letter["html"]):
        assert "Hello" in part
        assert "None" not in part
        assert "{{" not in part.replace("{{ 7 * 7 }}", "")
    links = re.findall(r'(?:href="|\s)(https?://[^"\s]+)', letter["html"] + "\n" + letter["text"])
    assert links
    assert {link for link in links if not link.startswith(shop.url)} == set()
    for link in links:
        assert httpx.get(html.unescape(link), timeout=30).status_code == 200
    assert "<script" not in letter["html"]


def lists_the_order(letter: dict[str, Any], order: dict[str, Any]) -> None:
    # With 20 % tax on the goods and the flat delivery.
    assert (order["subtotal"], order["tax"], order["total_amount"]) == ("1244.49", "248.90", "1498.34")
    text, page = letter["text"], re.sub(r"\s+", " ", letter["html"])
    for line in ("3 x Plain thing: 9.99", f"1 x {NASTY}: 1234.50"):
        assert line in text
    for name in ("Subtotal", "Delivery", "Tax"):
        assert name in text
        assert name in page
    for amount in ("1244.49", "248.90", "4.95", f"{order['total_amount']} GBP"):
        assert amount in text
        assert amount in page
    assert "3 × Plain thing" in page  # noqa: RUF001 as it is printed
    assert "&lt;script&gt;alert" in page
    assert "&amp;" in page
    assert "Söhne" in page


def test_welcome(shop: Shop, customer: Person, row: Any) -> None:
    letter = mail(shop, customer.email, "Welcome")
    assert letter["subject"] == "Welcome to pgshop"
    is_wellformed(shop, letter, row("customer.registered", customer_id=customer.id), customer.email)
    assert "Hello Test," in letter["text"]
    assert "works once, for three days" in letter["html"]


def test_address_taken(shop: Shop, customer: Person, row: Any) -> None:
    body = {"email": customer.email, "password": PASSWORD, "password2": PASSWORD}
    assert shop.client().post("/api/v1/auth/register/", json=body).status_code == 201
    letter = mail(shop, customer.email, "already")
    is_wellformed(shop, letter, row("customer.address_taken", customer_id=customer.id), customer.email)
    assert "verify" not in letter["text"]


def test_order_confirmed(shop: Shop, customer: Person, order: dict[str, Any], pay: Any, row: Any) -> None:
    assert pay(customer, order).status_code == 200
    letter = mail(shop, customer.email, "confirmed")
    assert letter["subject"] == f"Your order {order['order_number']} is confirmed"
    is_wellformed(shop, letter, row("order.confirmed", order_id=order["id"]), customer.email)
    lists_the_order(letter, order)
    for part in (letter["text"], letter["html"]):
        assert "1 High Street, YO1 7AA York, UK" in part


def test_order_cancelled(shop: Shop, customer: Person, order: dict[str, Any], row: Any) -> None:
    answer = customer.client.post("/rest/v1/rpc/cancel_order", json={"order_id": order["id"], "reason": NASTY})
    assert answer.status_code == 200, answer.text
    letter = mail(shop, customer.email, "cancelled")
    assert letter["subject"] == f"Your order {order['order_number']} is cancelled"
    is_wellformed(shop, letter, row("order.cancelled", order_id=order["id"]), customer.email)
    lists_the_order(letter, order)
    assert f"will not come: {NASTY}." in letter["text"]


def test_order_shipped_and_delivered(
    shop: Shop, customer: Person, staff: Person, order: dict[str, Any], pay: Any, row: Any
) -> None:
    assert pay(customer, order).status_code == 200
    url = f"/api/v1/orders/{order['id']}/"
    for body in (
        {"status": "processing"},
        {"status": "shipped", "carrier": f"Parcels {NASTY}", "tracking_number": "JD0002"},
        # Said again, or corrected: no second mail.
        {"status": "shipped", "tracking_number": "JD0003"},
        {"status": "delivered"},
    ):
        assert staff.client.put(url, json=body).status_code == 200
    told = customer.client.get(f"{url}tracking/").json()
    assert (told["carrier"], told["tracking_number"]) == (f"Parcels {NASTY}", "JD0003")
    for word, subject, topic in (
        ("way", "is on its way", "order.shipped"),
        ("delivered", "is delivered", "order.delivered"),
    ):
        letter = mail(shop, customer.email, word)
        assert letter["subject"] == f"Your order {order['order_number']} {subject}"
        is_wellformed(shop, letter, row(topic, order_id=order["id"]), customer.email)
        lists_the_order(letter, order)
    letter = mail(shop, customer.email, "way")
    assert f"with Parcels {NASTY}" in letter["text"]
    for part in (letter["text"], letter["html"]):
        assert "1 High Street, YO1 7AA York, UK" in part
        assert "tracking number is" in part


def test_what_is_shipped_without_a_number_says_nothing_of_one(
    shop: Shop, customer: Person, staff: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any
) -> None:
    plain = buy(customer, make_product())
    assert pay(customer, plain).status_code == 200
    for status in ("processing", "shipped"):
        assert staff.client.put(f"/api/v1/orders/{plain['id']}/", json={"status": status}).status_code == 200
    letter = mail(shop, customer.email, "way")
    for part in (letter["text"], letter["html"]):
        assert "on its way." in part
        assert "tracking" not in part


def test_order_refunded(shop: Shop, customer: Person, staff: Person, order: dict[str, Any], pay: Any, row: Any) -> None:
    assert pay(customer, order).status_code == 200
    body = {"order_id": order["id"], "amount": 1000.1, "reason": NASTY}
    assert staff.client.post("/rest/v1/rpc/refund_order", json=body).status_code == 200
    letter = mail(shop, customer.email, "Refund")
    assert letter["subject"] == f"Refund for your order {order['order_number']}"
    is_wellformed(shop, letter, row("order.refunded", order_id=order["id"]), customer.email)
    for part in (letter["text"], letter["html"]):
        assert "1000.10 GBP" in part
    assert f"Reason: {NASTY}" in letter["text"]


def test_every_paid_order_has_one_confirmation(
    shop: Shop, customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any
) -> None:
    product = make_product(stock_quantity=20)
    orders = [buy(customer, product) for _ in range(6)]
    for order in orders:
        assert pay(customer, order).status_code == 200
    wanted = sorted(f"Your order {order['order_number']} is confirmed" for order in orders)
    eventually(
        lambda: len([m for m in shop.mails(customer.email) if "confirmed" in m["subject"]]) >= 6, what="six mails"
    )
    # The webhooks, which tell the same again, are through.
    eventually(lambda: all_told(shop, orders), what="webhooks")
    assert sorted(m["subject"] for m in shop.mails(customer.email) if "confirmed" in m["subject"]) == wanted


def all_told(shop: Shop, orders: list[dict[str, Any]]) -> bool:
    with shop.connect() as connection:
        row = connection.execute(
            "select count(*) from shop.payment_events where type = 'payment_intent.succeeded'"
            " and payload #>> '{data,object,metadata,order_id}' = any(%s)",
            [[order["id"] for order in orders]],
        ).fetchone()
    return bool(row and row["count"] == len(orders))

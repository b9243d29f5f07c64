"""Cash on delivery and bank transfers: offered by an admin, recorded by staff, given back without Stripe."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, Person, Shop, eventually
from tests.extensions.conftest import all_at_once
from tests.workers.mails import mail

CASH, TRANSFER = "cash_on_delivery", "bank_transfer"
ACCOUNT = "GB33BUKB20201555555555, pgshop & Söhne"


@pytest.fixture(scope="module")
def offered(acting_as: Callable[..., Person]) -> Iterator[Person]:
    """An admin who offers both for as long as this module runs."""
    admin = acting_as("admin")

    def offer(*, active: bool) -> None:
        row = {"is_active": active, "instructions": ACCOUNT, "hold_minutes": 10080}
        answer = admin.client.patch("/rest/v1/payment_methods?code=neq.card", json=row)
        assert answer.status_code == 204, answer.text

    offer(active=True)
    yield admin
    offer(active=False)


@pytest.fixture
def product(make_product: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return make_product(stock_quantity=5)


@pytest.fixture
def order_by(offered: Person, product: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """`order_by(person, "bank_transfer")`: two of the product."""

    def act(person: Person, method: str) -> dict[str, Any]:
        person.client.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 2})
        body = {"shipping_address": ADDRESS, "payment_method": method}
        answer = person.client.post("/api/v1/orders/", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return act


def received(person: Person, order: dict[str, Any]) -> httpx.Response:
    return person.client.post(f"/api/v1/orders/{order['id']}/payment-received/")


def seen(person: Person, order: dict[str, Any]) -> dict[str, Any]:
    return dict(person.client.get(f"/api/v1/orders/{order['id']}/").json())


def left(person: Person, product: dict[str, Any]) -> int:
    return int(person.client.get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"])


def payment(person: Person, order: dict[str, Any]) -> dict[str, Any]:
    (row,) = person.client.get("/rest/v1/payments", params={"order_id": f"eq.{order['id']}"}).json()
    return dict(row)


def refunds(person: Person, order: dict[str, Any]) -> list[dict[str, Any]]:
    row = payment(person, order)
    return list(person.client.get("/rest/v1/refunds", params={"payment_id": f"eq.{row['id']}"}).json())


def move(staff: Person, order: dict[str, Any], *statuses: str) -> None:
    for status in statuses:
        answer = staff.client.put(f"/api/v1/orders/{order['id']}/", json={"status": status})
        assert answer.status_code == 200, answer.text


def test_cash_is_confirmed_at_once_and_recorded_when_it_came(
    shop: Shop, customer: Person, staff: Person, product: dict[str, Any], order_by: Callable[..., dict[str, Any]]
) -> None:
    order = order_by(customer, CASH)
    assert (order["status"], order["payment_method"], order["payment_status"]) == ("confirmed", CASH, "new")
    assert order["total_amount"] == "28.95"
    assert left(customer, product) == 3
    letter = mail(shop, customer.email, "confirmed")
    for part in (letter["text"], letter["html"]):
        assert "you pay 28.95 GBP when it comes" in part
        assert "has arrived" not in part
    # Nothing of it is for Stripe, and nothing was paid yet.
    body = {"order_id": order["id"]}
    for path, more in (("create-intent", {}), ("confirm", {"payment_method": "pm_card_visa"})):
        answer = customer.client.post(f"/api/v1/payments/{path}/", json={**body, **more})
        assert (answer.status_code, answer.json()["code"]) == (409, "order_not_payable")
    early = staff.client.post("/rest/v1/rpc/refund_order", json=body)
    assert (early.status_code, early.json()["code"]) == (409, "order_not_paid")
    move(staff, order, "processing", "shipped", "delivered")
    for _ in range(2):
        told = received(staff, order)
        assert (told.status_code, told.json()["status"], told.json()["payment_status"]) == (
            200, "delivered", "succeeded",
        )  # fmt: skip
    assert (payment(customer, order)["captured_amount"], payment(customer, order)["intent_id"]) == (28.95, None)


def test_cash_that_is_not_paid_comes_back(
    customer: Person, staff: Person, product: dict[str, Any], order_by: Callable[..., dict[str, Any]]
) -> None:
    refused = order_by(customer, CASH)
    move(staff, refused, "processing", "shipped")
    assert customer.client.delete(f"/api/v1/orders/{refused['id']}/").status_code == 409
    move(staff, refused, "cancelled")
    regretted = order_by(customer, CASH)
    assert customer.client.delete(f"/api/v1/orders/{regretted['id']}/").json()["status"] == "cancelled"
    assert left(customer, product) == 5
    assert refunds(staff, refused) == refunds(staff, regretted) == []


def test_a_transfer_waits_longer_and_confirms_when_it_came(
    shop: Shop,
    customer: Person,
    staff: Person,
    product: dict[str, Any],
    order_by: Callable[..., dict[str, Any]],
    database: psycopg.Connection[Any],
) -> None:
    order = order_by(customer, TRANSFER)
    assert (order["status"], order["payment_method"]) == ("pending", TRANSFER)
    letter = mail(shop, customer.email, "How to pay")
    assert letter["subject"] == f"How to pay your order {order['order_number']}"
    for word in ("28.95 GBP", order["order_number"], ACCOUNT, "UTC"):
        assert word in letter["text"]
    assert ACCOUNT.replace("&", "&amp;") in letter["html"]
    held = "select bool_and(expires_at > now() + interval '6 days') as long from shop.reservations where order_id = %s"
    assert database.execute(held, [order["id"]]).fetchone() == {"long": True}
    assert left(customer, product) == 3
    assert received(staff, order).json()["status"] == "confirmed"
    eventually(lambda: [m for m in shop.mails(customer.email) if "confirmed" in m["subject"]], what="receipt")
    assert "has arrived" in mail(shop, customer.email, "confirmed")["text"]
    assert left(customer, product) == 3


def test_what_came_by_transfer_goes_back_by_hand(
    shop: Shop, customer: Person, staff: Person, product: dict[str, Any], order_by: Callable[..., dict[str, Any]]
) -> None:
    order = order_by(customer, TRANSFER)
    received(staff, order)
    partly = {"order_id": order["id"], "items": [{"sku": product["sku"], "quantity": 1}]}
    made = staff.client.post("/rest/v1/rpc/refund_order", json=partly).json()
    assert (made["amount"], made["status"]) == (12, "succeeded")
    assert customer.client.delete(f"/api/v1/orders/{order['id']}/").json()["status"] == "cancelled"
    (waiting,) = [row for row in refunds(staff, order) if row["status"] == "pending"]
    assert waiting["amount"] == 16.95
    assert left(customer, product) == 5
    for _ in range(2):
        settled = staff.client.post("/rest/v1/rpc/settle_refund", json={"refund_id": waiting["id"]})
        assert (settled.status_code, settled.json()["status"]) == (200, "succeeded")
    eventually(lambda: len([m for m in shop.mails(customer.email) if "Refund" in m["subject"]]) == 2, what="two mails")
    row = payment(staff, order)
    assert row["captured_amount"] == row["refunded_amount"] == 28.95


@pytest.mark.parametrize(("taken", "status"), [(0, "confirmed"), (4, "cancelled")])
def test_a_transfer_that_comes_late_is_an_order_or_goes_back(
    shop: Shop,
    customer: Person,
    staff: Person,
    acting_as: Callable[..., Person],
    product: dict[str, Any],
    order_by: Callable[..., dict[str, Any]],
    buy: Any,
    database: psycopg.Connection[Any],
    taken: int,
    status: str,
) -> None:
    order = order_by(customer, TRANSFER)
    database.execute("update shop.reservations set expires_at = now() where order_id = %s", [order["id"]])
    eventually(
        lambda: (
            database.execute("select logic.expire_reservations()") and seen(customer, order)["status"] == "cancelled"
        ),
        what="expired",
    )
    if taken:
        buy(acting_as(), product, taken)
    assert received(staff, order).json()["status"] == status
    wanted = [] if status == "confirmed" else [(28.95, "pending")]
    assert [(row["amount"], row["status"]) for row in refunds(staff, order)] == wanted


def test_recording_and_cancelling_at_once_never_keeps_the_money_without_the_order(
    customer: Person, staff: Person, product: dict[str, Any], order_by: Callable[..., dict[str, Any]]
) -> None:
    for _ in range(4):
        order = order_by(customer, TRANSFER)
        url = f"/api/v1/orders/{order['id']}/"
        answers = all_at_once(
            [
                lambda o=order: received(staff, o),
                lambda u=url: customer.client.delete(u),
                lambda o=order: received(staff, o),
            ]
        )
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert seen(customer, order)["status"] == "cancelled"
        assert [row["amount"] for row in refunds(staff, order)] == [28.95]
        assert left(customer, product) == 5


def test_only_what_is_offered_is_taken(
    shop: Shop, customer: Person, staff: Person, offered: Person, product: dict[str, Any]
) -> None:
    visible = shop.client().get("/rest/v1/payment_methods?select=code&order=code").json()
    assert [row["code"] for row in visible] == [TRANSFER, "card", CASH]
    customer.client.post("/api/v1/cart/items/", json={"product_id": product["id"]})
    body = {"shipping_address": ADDRESS}
    off = {"is_active": False}
    assert offered.client.patch(f"/rest/v1/payment_methods?code=eq.{CASH}", json=off).status_code == 204
    for method in (CASH, "paypal", ""):
        answer = customer.client.post("/api/v1/orders/", json={**body, "payment_method": method})
        assert (answer.status_code, answer.json()["code"]) == (409, "payment_method_not_offered")
        assert answer.json()["details"] == [TRANSFER, "card"]
    assert offered.client.patch(f"/rest/v1/payment_methods?code=eq.{CASH}", json={"is_active": True}).status_code == 204
    rest = customer.client.post("/rest/v1/rpc/checkout", json={**body, "payment_method": TRANSFER})
    assert (rest.status_code, payment(customer, rest.json())["method"]) == (200, TRANSFER)


def test_who_may_say_that_money_came(
    customer: Person, staff: Person, order_by: Callable[..., dict[str, Any]], product: dict[str, Any], buy: Any
) -> None:
    order = order_by(customer, TRANSFER)
    answer = received(customer, order)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    for name, body in (("record_payment", {"order_id": order["id"]}), ("settle_refund", {"refund_id": order["id"]})):
        assert customer.client.post(f"/rest/v1/rpc/{name}", json=body).status_code == 403
    assert staff.client.patch(f"/rest/v1/payment_methods?code=eq.{CASH}", json={"name": "Cash"}).status_code == 403
    by_card = buy(customer, product)
    answer = received(staff, by_card)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_by_card")
    assert seen(customer, by_card)["status"] == "pending"
    nothing = staff.client.post("/rest/v1/rpc/settle_refund", json={"refund_id": order["id"]})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "refund_not_found")
    assert received(staff, {"id": product["id"]}).json()["code"] == "order_not_found"


def test_the_log_tells_who_recorded_what(
    customer: Person, staff: Person, order_by: Callable[..., dict[str, Any]]
) -> None:
    order = order_by(customer, TRANSFER)
    received(staff, order)
    asked = {"object_id": f"eq.{order['id']}", "action": "eq.payment.received"}
    (line,) = staff.client.get("/rest/v1/audit_log", params=asked).json()
    assert (line["actor_id"], line["after"]["captured_amount"]) == (staff.id, 28.95)

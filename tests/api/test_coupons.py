"""Coupons: set by staff, shown on the cart before, taken off at checkout, counted, and given back."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, Person, eventually
from tests.extensions.conftest import all_at_once

CART, ORDERS = "/api/v1/cart/", "/api/v1/orders/"


@pytest.fixture
def coupon(staff: Person) -> Callable[..., str]:
    """`coupon(kind="fixed", value=5)` by staff; answers with its code."""

    def make(**fields: Any) -> str:
        row = {"code": uuid.uuid4().hex[:12].upper(), "kind": "percentage", "value": 10, **fields}
        answer = staff.client.post("/rest/v1/promotions", json=row)
        assert answer.status_code == 201, answer.text
        return str(row["code"])

    return make


def fill(person: Person, product: dict[str, Any], quantity: int = 1) -> None:
    answer = person.client.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": quantity})
    assert answer.status_code == 201, answer.text


def order(person: Person, code: str | None) -> httpx.Response:
    return person.client.post(ORDERS, json={"shipping_address": ADDRESS, "coupon": code})


def buy(person: Person, product: dict[str, Any], code: str, quantity: int = 1) -> dict[str, Any]:
    fill(person, product, quantity)
    answer = order(person, code)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def uses(staff: Person, code: str) -> int:
    (row,) = staff.client.get("/rest/v1/promotions", params={"code": f"eq.{code}"}).json()
    return int(row["uses"])


SUMS = ("subtotal", "discount", "tax", "shipping_cost", "total_amount")


@pytest.mark.parametrize(
    ("fields", "sums"),
    [
        ({"kind": "percentage", "value": "12.5"}, ("29.97", "3.75", "5.24", "4.95", "36.41")),
        ({"kind": "percentage", "value": 100}, ("29.97", "29.97", "0.00", "4.95", "4.95")),
        ({"kind": "fixed", "value": "10.01"}, ("29.97", "10.01", "3.99", "4.95", "28.90")),
        ({"kind": "fixed", "value": 5000}, ("29.97", "29.97", "0.00", "4.95", "4.95")),
    ],
)
def test_what_the_cart_shows_is_what_the_order_costs(
    customer: Person, make_product: Any, coupon: Callable[..., str], fields: dict[str, Any], sums: tuple[str, ...]
) -> None:
    code = coupon(**fields)
    fill(customer, make_product(price="9.99"), 3)
    plain = customer.client.get(CART).json()
    assert [plain[name] for name in SUMS] == ["29.97", "0.00", "5.99", "4.95", "40.91"]
    typed = f"  {code.lower()} "
    shown = customer.client.get(CART, params={"coupon": typed}).json()
    assert (shown["coupon"], tuple(shown[name] for name in SUMS)) == (code, sums)
    rest = customer.client.post("/rest/v1/rpc/cart_totals", json={"coupon": code}).json()
    assert tuple(f"{rest[name]:.2f}" for name in SUMS) == sums
    placed = order(customer, typed).json()
    assert (placed["coupon"], tuple(placed[name] for name in SUMS)) == (code, sums)
    assert customer.client.get(CART, params={"coupon": code}).json()["total_amount"] == "0.00"


def test_an_order_without_a_coupon_is_as_ever(customer: Person, make_product: Any) -> None:
    fill(customer, make_product(price="9.99"), 3)
    placed = order(customer, None).json()
    assert (placed["coupon"], placed["discount"], placed["total_amount"]) == (None, "0.00", "40.91")
    assert [item["discount"] for item in placed["items"]] == ["0.00"]


def test_each_line_bears_its_share_to_the_cent(
    customer: Person, staff: Person, make_product: Any, coupon: Callable[..., str], pay: Any
) -> None:
    code = coupon(kind="fixed", value="1.00")
    products = [make_product(price="3.33", stock_quantity=9) for _ in range(3)]
    for product in products:
        fill(customer, product, 2)
    placed = order(customer, code).json()
    assert sorted(item["discount"] for item in placed["items"]) == ["0.33", "0.33", "0.34"]
    assert pay(customer, placed).status_code == 200
    # One by one and all together, what goes back is what was paid.
    given = []
    for item in placed["items"]:
        for _ in range(2):
            back = {"order_id": placed["id"], "items": [{"sku": item["sku"], "quantity": 1}]}
            answer = staff.client.post("/rest/v1/rpc/refund_order", json=back)
            assert answer.status_code == 200, answer.text
            given.append(round(answer.json()["amount"] * 100))
    assert sum(given) == round(float(placed["total_amount"]) * 100)
    # 3.33 less its share, and a fifth of that as tax.
    assert {cents in range(378, 382) for cents in given[:-1]} == {True}


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"is_active": False}, 404, "coupon_unknown"),
        ({"starts_at": "2020-01-01", "ends_at": "2020-01-02"}, 409, "coupon_expired"),
        ({"starts_at": "2999-01-01"}, 409, "coupon_not_applicable"),
        ({"minimum_amount": "10.01"}, 409, "coupon_not_applicable"),
    ],
)
def test_what_cannot_be_used_says_why_and_orders_nothing(
    customer: Person, make_product: Any, coupon: Callable[..., str], fields: dict[str, Any], status: int, code: str
) -> None:
    fill(customer, make_product(price="10.00"))
    given = coupon(**fields)
    for answer in (customer.client.get(CART, params={"coupon": given}), order(customer, given)):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    if "minimum_amount" in fields:
        assert answer.json()["details"] == {"minimum_amount": "10.01", "subtotal": "10.00"}
    assert order(customer, "no-such-thing").json()["code"] == "coupon_unknown"
    assert customer.client.get(ORDERS).json()["count"] == 0
    assert customer.client.get(CART).json()["total_items"] == 1


def test_fifty_at_once_use_it_as_often_as_it_may_be(
    staff: Person, acting_as: Callable[..., Person], make_product: Any, coupon: Callable[..., str]
) -> None:
    code = coupon(usage_limit=7)
    products = [make_product(stock_quantity=100) for _ in range(3)]
    buyers = [acting_as() for _ in range(50)]
    for number, buyer in enumerate(buyers):
        for product in products[: 1 + number % 3]:
            fill(buyer, product)
    answers = all_at_once([lambda b=buyer: order(b, code) for buyer in buyers])  # type: ignore[misc]
    outcomes = [answer.json().get("code") or answer.status_code for answer in answers]
    assert sorted(map(str, outcomes)) == ["201"] * 7 + ["coupon_used_up"] * 43
    assert uses(staff, code) == 7
    # Who was refused keeps the cart; who cancels makes room for one more.
    refused = buyers[outcomes.index("coupon_used_up")]
    assert order(refused, code).json()["code"] == "coupon_used_up"
    lucky = answers[outcomes.index(201)].json()
    assert buyers[outcomes.index(201)].client.delete(f"{ORDERS}{lucky['id']}/").status_code == 200
    assert uses(staff, code) == 6
    assert order(refused, code).status_code == 201
    assert uses(staff, code) == 7


def test_a_customer_uses_it_as_often_as_a_customer_may(
    customer: Person, staff: Person, acting_as: Callable[..., Person], make_product: Any, coupon: Callable[..., str]
) -> None:
    product, code = make_product(stock_quantity=20), coupon(usage_limit_per_customer=2)
    for _ in range(2):
        buy(customer, product, code)
    fill(customer, product)
    for answer in (order(customer, code), customer.client.get(CART, params={"coupon": code})):
        assert (answer.status_code, answer.json()["code"]) == (409, "coupon_used_up")
    buy(acting_as(), product, code)
    assert uses(staff, code) == 3


@pytest.mark.parametrize(("others", "status"), [(0, "confirmed"), (1, "cancelled")])
def test_an_expired_order_gives_it_back_and_takes_it_again_if_it_can(
    customer: Person,
    staff: Person,
    acting_as: Callable[..., Person],
    make_product: Any,
    coupon: Callable[..., str],
    database: psycopg.Connection[Any],
    others: int,
    status: str,
) -> None:
    product, code = make_product(stock_quantity=20), coupon(usage_limit=1)
    late = buy(customer, product, code)
    database.execute(
        "update shop.payments set method = 'bank_transfer', intent_id = null where order_id = %s", [late["id"]]
    )
    database.execute("update shop.reservations set expires_at = now() where order_id = %s", [late["id"]])
    url = f"{ORDERS}{late['id']}/"
    eventually(
        lambda: (
            database.execute("select logic.expire_reservations()")
            and customer.client.get(url).json()["status"] == "cancelled"
        ),
        what="expired",
    )
    assert uses(staff, code) == 0
    for _ in range(others):
        buy(acting_as(), product, code)
    assert staff.client.post(f"{url}payment-received/").json()["status"] == status
    assert uses(staff, code) == 1


def test_only_staff_see_and_make_them(customer: Person, staff: Person, make_product: Any, coupon: Any) -> None:
    code = coupon(usage_limit=5)
    row = {"code": code.lower(), "kind": "fixed", "value": 1}
    taken = staff.client.post("/rest/v1/promotions", json=row)
    assert (taken.status_code, "promotions_code_key" in taken.json()["message"]) == (409, True)
    assert customer.client.get("/rest/v1/promotions").status_code == 403
    assert customer.client.post("/rest/v1/promotions", json={**row, "code": "MINE"}).status_code == 403
    buy(customer, make_product(), code)
    where = {"code": f"eq.{code}"}
    assert staff.client.patch("/rest/v1/promotions", params=where, json={"uses": 0}).status_code == 403
    kept = staff.client.delete("/rest/v1/promotions", params=where)
    assert (kept.status_code, "promotion_uses_promotion_id_fkey" in kept.json()["message"]) == (409, True)
    assert staff.client.patch("/rest/v1/promotions", params=where, json={"is_active": False}).status_code == 204

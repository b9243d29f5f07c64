"""Privileged acts leave a line with actor, request, before and after; nobody changes it, and it holds no secrets."""

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import PASSWORD, Person, Shop, pgshop

Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def admin(acting_as: Callable[..., Person]) -> Person:
    return acting_as("admin")


def lines(staff: Person, object_id: str) -> list[dict[str, Any]]:
    """What the log tells staff of a thing, oldest first."""
    found = staff.client.get(f"/rest/v1/audit_log?object_id=eq.{object_id}&order=id")
    assert found.status_code == 200, found.text
    return list(found.json())


def test_a_changed_price_says_who_in_which_request_and_what_it_was(staff: Person, make_product: Make) -> None:
    product, request = make_product(price="10.00"), str(uuid.uuid4())
    url = f"/api/v1/products/{product['slug']}/"
    assert staff.client.put(url, json={"price": "12.50"}, headers={"X-Request-Id": request}).status_code == 200
    assert staff.client.put(url, json={"price": "12.50", "name": "Other words"}).status_code == 200
    words = {"X-Request-Id": "Mr-Jones-was-cross"}
    assert staff.client.put(url, json={"price": "13.00"}, headers=words).status_code == 200
    line, second = lines(staff, product["id"])
    assert second["request_id"] is None
    assert line.pop("id") and line.pop("created_at")
    assert line == {
        "actor_id": staff.id,
        "actor_role": "staff",
        "action": "product.price_changed",
        "object_type": "product",
        "object_id": product["id"],
        "request_id": request,
        "before": {"sku": product["sku"], "price": 10.0, "compare_price": None, "cost_price": None},
        "after": {"sku": product["sku"], "price": 12.5, "compare_price": None, "cost_price": None},
    }


def test_corrected_stock_and_agreed_prices(staff: Person, customer: Person, make_product: Make) -> None:
    product = make_product(stock_quantity=10)
    assert staff.client.put(f"/api/v1/products/{product['slug']}/", json={"stock_quantity": 7}).status_code == 200
    (stock,) = staff.client.get(f"/rest/v1/stock?product_id=eq.{product['id']}&select=variant_id").json()
    variant = stock["variant_id"]
    moved = staff.client.get(f"/rest/v1/stock_movements?variant_id=eq.{variant}&quantity=eq.-3").json()
    assert len(moved) == 1
    agreed = {"customer_id": customer.id, "prices": {product["sku"]: 2.5}}
    assert staff.client.post("/rest/v1/rpc/set_customer_prices", json=agreed).status_code == 200
    assert [(line["action"], line["after"]) for line in lines(staff, variant)] == [
        ("stock.corrected", {"quantity": -3, "reason": "correction"})
    ]
    assert [(line["action"], line["actor_id"], line["after"]["price"]) for line in lines(staff, customer.id)] == [
        ("customer_price.changed", staff.id, 2.5)
    ]


def test_refunds(staff: Person, customer: Person, make_product: Make, buy: Any, pay: Any) -> None:
    order = buy(customer, make_product())
    assert pay(customer, order).status_code == 200
    refund = staff.client.post(
        "/rest/v1/rpc/refund_order", json={"order_id": order["id"], "amount": 1, "reason": "Mr Jones was cross"}
    ).json()
    [line] = lines(staff, refund["id"])
    assert (line["action"], line["actor_id"], line["after"]["amount"]) == ("refund.requested", staff.id, 1.0)
    assert "Jones" not in str(line)


def test_roles_changed_at_the_command_line(shop: Shop, staff: Person, customer: Person) -> None:
    pgshop("user", "role", "--email", customer.email, "--role", "staff", "--state", str(shop.state))
    [line] = lines(staff, customer.id)
    assert (line["action"], line["actor_role"], line["actor_id"]) == ("account.role_changed", "migrator", None)
    assert (line["before"], line["after"]) == ({"role": "customer"}, {"role": "staff"})


def test_settings_delivery_and_tax(admin: Person) -> None:
    before = admin.client.get("/rest/v1/settings").json()[0]["reservation_minutes"]
    url = "/rest/v1/settings?is_only_row=is.true"
    for minutes in (before + 1, before):
        assert admin.client.patch(url, json={"reservation_minutes": minutes}).status_code == 204
    code = uuid.uuid4().hex
    assert admin.client.post("/rest/v1/shipping_methods", json={"code": code, "name": code, "price": 1}).is_success
    assert admin.client.delete(f"/rest/v1/shipping_methods?code=eq.{code}").is_success
    told = admin.client.get(f"/rest/v1/audit_log?actor_id=eq.{admin.id}&order=id").json()
    assert [(line["action"], bool(line["before"]), bool(line["after"])) for line in told] == [
        ("settings.changed", True, True),
        ("settings.changed", True, True),
        ("shipping_method.changed", False, True),
        ("shipping_method.changed", True, False),
    ]


@pytest.mark.usefixtures("no_webhooks")
def test_what_the_service_does_bears_its_caller(
    customer: Person, make_product: Make, buy: Any, pay: Any, database: psycopg.Connection[Any]
) -> None:
    order = buy(customer, make_product())
    assert pay(customer, order).status_code == 200
    told = database.execute(
        "select actor_id::text from shop.order_status_history where order_id = %s and status = 'confirmed'",
        [order["id"]],
    ).fetchone()
    assert told == {"actor_id": customer.id}


def test_customers_and_strangers_do_not_read_it(shop: Shop, customer: Person) -> None:
    assert customer.client.get("/rest/v1/audit_log").status_code == 403
    assert shop.client().get("/rest/v1/audit_log").status_code == 401


@pytest.mark.parametrize(
    "statement",
    ["update shop.audit_log set actor_id = null", "delete from shop.audit_log", "truncate shop.audit_log"],
)
def test_not_even_the_owner_changes_it(database: psycopg.Connection[Any], staff: Person, statement: str) -> None:
    assert lines(staff, staff.id)
    with pytest.raises(psycopg.errors.CheckViolation, match="append-only"):
        database.execute(statement)


def test_no_token_and_no_password_is_in_it(
    shop: Shop, staff: Person, admin: Person, database: psycopg.Connection[Any]
) -> None:
    dump = str(database.execute("select jsonb_agg(a) as log from shop.audit_log a").fetchone())
    assert staff.id in dump
    # Guests have none.
    stored = database.execute("select password_hash as hash from auth.accounts where password_hash is not null")
    hashes = [row["hash"] for row in stored.fetchall()]
    for secret in (PASSWORD, staff.access, staff.refresh, admin.access, "Bearer", "eyJ", "$argon2", *hashes):
        assert secret not in dump

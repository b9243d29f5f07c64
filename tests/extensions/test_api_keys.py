"""API keys: other programs come with the database's own permissions, by scope, until the key is revoked."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop
from tests.extensions.test_login import throttle

URL = "/api/v1/api-keys/"
EXCHANGE = "/api/v1/auth/token/"
SCOPES = ["manage_stock", "read_catalogue", "read_orders"]


@pytest.fixture(scope="module")
def admin(acting_as: Callable[..., Person]) -> Person:
    """Somebody who manages keys."""
    return acting_as("admin")


@pytest.fixture
def make_key(admin: Person) -> Callable[..., dict[str, Any]]:
    """`make_key("read_orders")` through the port."""

    def make(*scopes: str, **more: Any) -> dict[str, Any]:
        answer = admin.client.post(URL, json={"name": "Warehouse", "scopes": list(scopes), **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return make


def exchange(shop: Shop, key: str) -> httpx.Response:
    return shop.client().post(EXCHANGE, json={"api_key": key})


def program(shop: Shop, key: dict[str, Any]) -> httpx.Client:
    """A client with a token for a key."""
    answer = exchange(shop, key["key"])
    assert answer.status_code == 200, answer.text
    return shop.client(answer.json()["access"])


def test_a_key_is_shown_once_and_exchanged_for_a_short_token(
    shop: Shop, admin: Person, make_key: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    made = make_key("read_orders", "read_catalogue", expires_in_days=30)
    assert made["key"].startswith(made["prefix"])
    assert (len(made["prefix"]), len(made["key"])) == (12, 47)
    shown = {name: value for name, value in made.items() if name != "key"}
    assert (shown["scopes"], shown["created_by"], shown["last_used_at"]) == (SCOPES[1:], admin.id, None)
    assert admin.client.get(URL).json()["results"][0] == shown
    answer = exchange(shop, made["key"])
    assert answer.json().keys() == {"access", "expires_in", "scopes"}
    assert (answer.json()["expires_in"], answer.headers["cache-control"]) == (900, "no-store")
    assert admin.client.get(URL).json()["results"][0]["last_used_at"]
    row = database.execute("select key_hash, k::text as everything from auth.api_keys k where id = %s", [made["id"]])
    stored = row.fetchone()
    assert stored
    assert stored["key_hash"] == hashlib.sha256(made["key"].encode()).digest()
    assert made["key"] not in stored["everything"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["read_orders"]}, "name"),
        ({"name": " ", "scopes": ["read_orders"]}, "name"),
        ({"name": "a\nb", "scopes": ["read_orders"]}, "name"),
        ({"name": "a"}, "scopes"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": ["read_orders", "admin"]}, "scopes"),
        ({"name": "a", "scopes": [None]}, "scopes"),
        ({"name": "a", "scopes": [{"a": 1}]}, "scopes"),
        ({"name": "a", "scopes": ["read_orders"], "expires_in_days": 367}, "expires_in_days"),
        ({"name": "a", "scopes": ["read_orders"], "expires_in_days": 0}, "expires_in_days"),
        ({"name": "a", "scopes": ["read_orders"], "expires_in_days": 999_999_999}, "expires_in_days"),
        ({"name": "a", "scopes": ["read_orders"], "key": "pgk_mine"}, "key"),
    ],
)
def test_keys_that_cannot_be(admin: Person, body: dict[str, Any], field: str) -> None:
    answer = admin.client.post(URL, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["details"].keys() == {field}


def test_keys_are_for_admins(shop: Shop, customer: Person, staff: Person, make_key: Callable[..., Any]) -> None:
    made = make_key("read_orders")
    for client, status in (
        (shop.client(), 401), (customer.client, 403), (staff.client, 403), (program(shop, made), 403),
    ):  # fmt: skip
        assert client.get(URL).status_code == status
        assert client.post(URL, json={"name": "Mine", "scopes": SCOPES}).status_code == status
        assert client.delete(f"{URL}{made['id']}/").status_code == status


def test_a_program_does_what_its_scopes_name(
    shop: Shop, make_product: Any, staff: Person, customer: Person, buy: Any, make_key: Callable[..., Any]
) -> None:
    hidden, sold = make_product(is_active=False), make_product()
    variant = {"variant_id": staff.client.get(f"/rest/v1/stock?product_id=eq.{sold['id']}").json()[0]["variant_id"]}
    order = buy(customer, sold)

    def tried(*scopes: str) -> list[Any]:
        client = program(shop, make_key(*scopes))
        moved = client.post("/rest/v1/stock_movements", json={**variant, "quantity": 1, "reason": "delivery"})
        return [
            len(client.get(f"/rest/v1/orders?id=eq.{order['id']}").json()),
            len(client.get(f"/rest/v1/order_items?order_id=eq.{order['id']}").json()),
            len(client.get(f"/rest/v1/products?id=eq.{hidden['id']}").json()),
            moved.status_code,
        ]

    assert tried("read_orders") == [1, 1, 0, 403]
    assert tried("read_catalogue") == [0, 0, 1, 403]
    assert tried("manage_stock") == [0, 0, 0, 201]
    assert tried(*SCOPES) == [1, 1, 1, 201]


def test_a_program_is_nobody_and_no_staff(
    shop: Shop, make_product: Any, customer: Person, buy: Any, make_key: Callable[..., Any]
) -> None:
    product, client = make_product(), program(shop, make_key(*SCOPES))
    order = buy(customer, product)
    assert client.get(f"/api/v1/products/{product['slug']}/").status_code == 200
    refused = [
        client.get("/api/v1/users/me/"), client.get("/api/v1/cart/"), client.get("/rest/v1/customers"),
        client.get("/rest/v1/payments"), client.get("/rest/v1/product_internals"), client.get("/rest/v1/stock"),
        client.get("/api/v1/users/me/sessions/"), client.get("/api/v1/api-keys/"),
        client.post("/rest/v1/rpc/cancel_order", json={"order_id": order["id"]}),
        client.patch(f"/rest/v1/orders?id=eq.{order['id']}", json={"status": "delivered"}),
        client.patch(f"/rest/v1/products?id=eq.{product['id']}", json={"price": 1}),
        # The service has no business with it.
        client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}),
        client.post("/api/v1/payments/confirm/", json={"order_id": order["id"], "payment_method": "pm_card_visa"}),
        client.post(f"/api/v1/products/{product['slug']}/images/", files={"image": b"x"}),
        client.post("/api/v1/auth/logout/", json={"refresh": customer.refresh}),
    ]  # fmt: skip
    assert {(str(answer.request.url), answer.status_code) for answer in refused if answer.status_code != 403} == set()


def test_a_revoked_or_expired_key_is_out_on_the_next_request(
    shop: Shop, admin: Person, make_key: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    """A4, for programs."""

    def seen(client: httpx.Client) -> list[int]:
        intent = client.post("/api/v1/payments/create-intent/", json={})
        return [client.get("/rest/v1/orders").status_code, intent.status_code]

    revoked, expired = make_key("read_orders"), make_key("read_orders")
    clients = [program(shop, key) for key in (revoked, expired)]
    assert [seen(client) for client in clients] == [[200, 403]] * 2
    assert admin.client.delete(f"{URL}{revoked['id']}/").status_code == 204
    database.execute(
        "update auth.api_keys set created_at = now() - interval '2 days', expires_at = now() where id = %s",
        [expired["id"]],
    )
    assert [seen(client) for client in clients] == [[401, 401]] * 2
    acts = admin.client.get(f"/rest/v1/audit_log?object_id=eq.{revoked['id']}&order=id").json()
    assert [(act["action"], act["actor_id"]) for act in acts] == [
        ("api_key.created", admin.id), ("api_key.revoked", admin.id),
    ]  # fmt: skip
    assert "key_hash" not in str(acts)
    for key in (revoked["key"], expired["key"], "pgk_" + "x" * 43, revoked["id"], ""):
        answer = exchange(shop, key)
        assert (answer.status_code, answer.json()["code"]) == (401, "api_key_invalid")
    for missing in (revoked["id"], uuid.uuid4(), "nonsense"):
        assert admin.client.delete(f"{URL}{missing}/").json()["code"] == "api_key_not_found"


def test_guessing_keys_is_slowed_down(
    shop: Shop, make_key: Callable[..., dict[str, Any]], database: psycopg.Connection[Any]
) -> None:
    key = make_key("read_orders")["key"]
    throttle(database, "token 127.0.0.1", 100_000)
    try:
        refused = exchange(shop, key)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) > 0
    finally:
        throttle(database, "token 127.0.0.1", 1, seconds=0)
    assert exchange(shop, key).status_code == 200
    assert not database.execute(
        "select 1 from auth.throttles where bucket = %s", [hashlib.sha256(b"token 127.0.0.1").hexdigest()]
    ).fetchone(), "success forgives"

"""Who leaves is forgotten: of what they wrote nothing is left anywhere, and what the shop must keep still adds up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, PASSWORD, Person, Shop, eventually
from tests.databases import superuser_url
from tests.extensions.canaries import Canary, dump, fill, found, sign_in, tell, texts_in

__all__ = ["superuser_url"]
ME = "/api/v1/users/me/"
# Stripe's words never get in, and a request id only when it is a machine's.
NEVER_STORED = {"card holder", "request"}


def erase(person: Person, password: str = PASSWORD) -> httpx.Response:
    return person.client.request("DELETE", ME, json={"password": password})


@pytest.fixture(scope="module")
def admin(acting_as: Callable[..., Person]) -> Person:
    return acting_as("admin")


def books(database: psycopg.Connection[Any], canary: Canary) -> list[dict[str, Any]]:
    """What of the orders must outlive the person."""
    return database.execute(
        """select o.order_number, o.status, o.subtotal, o.tax, o.total_amount, o.created_at,
          p.amount, p.captured_amount, p.refunded_amount, p.intent_id,
          (select sum(i.quantity * i.price) from shop.order_items i where i.order_id = o.id) as items,
          (select array_agg(h.status order by h.id) from shop.order_status_history h where h.order_id = o.id) as history
        from shop.orders o join shop.payments p on p.order_id = o.id
        where o.id = any (%s::uuid[]) order by o.order_number""",
        [[order["id"] for order in canary.orders.values()]],
    ).fetchall()


def texts(shop: Shop, room: str) -> str:
    """Everything in a folder of the stack, names of files too; the mail catcher is other people's mailboxes."""
    files = texts_in(shop.state / room).items()
    return "\n".join(f"{path}\n{text}" for path, text in files if path.name != "mail.log")


def test_nothing_is_left_of_whoever_leaves(
    shop: Shop, staff: Person, database: psycopg.Connection[Any], superuser_url: str, make_product: Any, pay: Any
) -> None:
    canary = fill(shop, staff, database, make_product, pay)
    person = canary.person
    # What the test looks for is there to be found.
    assert found(canary, dump(superuser_url)) == canary.words.keys() - NEVER_STORED
    assert Path(canary.avatar).stem in texts(shop, "media") and "/api/v1/" in texts(shop, "logs")
    before = books(database, canary)

    assert erase(person).status_code == 204
    tell(shop, canary)
    waiting = """select topic, last_error from shop.outbox
        where done_at is null and dead_at is null and available_at < now() + interval '1 minute'"""
    eventually(lambda: database.execute(waiting).fetchall() == [], what="the workers")
    assert found(canary, dump(superuser_url)) == set()
    for room in ("media", "logs", "parts/nginx", "parts/valkey"):
        assert found(canary, texts(shop, room)) <= {"request"}, room
    assert found(canary, (shop.state / "stripe-twin.sqlite3-wal").read_bytes().decode("latin-1")) == set()
    assert Path(canary.avatar).stem not in texts(shop, "media")

    unpaid = [row | {"status": "cancelled", "history": ["pending", "cancelled"]} for row in before[2:]]
    assert books(database, canary) == before[:2] + unpaid
    kept = staff.client.get(f"/rest/v1/orders?id=eq.{canary.orders['delivered']['id']}").json()[0]
    assert (kept["customer_id"], kept["shipping_address"], kept["notes"]) == (None, {}, "")
    [line] = staff.client.get(f"/rest/v1/audit_log?object_id=eq.{person.id}&action=eq.customer.erased").json()
    assert (line["actor_id"], line["actor_role"], line["after"]) == (person.id, "customer", {"orders_kept": 3})


def test_all_sessions_end_at_once_and_the_address_is_free_again(shop: Shop, customer: Person) -> None:
    other = shop.client()
    tokens = other.post("/api/v1/auth/login/", json={"email": customer.email, "password": PASSWORD}).json()
    assert erase(customer).status_code == 204
    for access in (customer.access, tokens["access"]):
        client = shop.client(access)
        for answer in (
            client.get(ME),
            client.get("/rest/v1/orders"),
            client.post("/api/v1/payments/create-intent/", json={"order_id": customer.id}),
        ):
            assert answer.status_code == 401, answer.text
    for refresh in (customer.refresh, tokens["refresh"]):
        assert other.post("/api/v1/auth/refresh/", json={"refresh": refresh}).status_code == 401
    anew = sign_in(shop, customer.email, "Somebody", "Else", "a telephone")
    assert anew.id != customer.id
    assert anew.client.get(ME).json()["email"] == customer.email
    assert anew.client.get("/api/v1/orders/").json()["count"] == 0


def test_the_password_is_asked_for(shop: Shop, customer: Person) -> None:
    for password in ("another password", ""):
        refused = erase(customer, password)
        assert (refused.status_code, refused.json()["details"]) == (422, {"password": ["This is not your password."]})
    assert shop.client().request("DELETE", ME, json={"password": PASSWORD}).status_code == 401
    assert customer.client.get(ME).status_code == 200


def test_paid_orders_must_arrive_first(
    customer: Person, staff: Person, admin: Person, make_product: Any, buy: Any, pay: Any
) -> None:
    order = buy(customer, make_product(), 1)
    assert pay(customer, order).status_code == 200
    for answer in (
        erase(customer),
        admin.client.post("/rest/v1/rpc/erase_customer", json={"customer_id": customer.id}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "orders_open"), answer.text
        assert order["order_number"] in str(answer.json()["details"])
    assert customer.client.get(f"/api/v1/orders/{order['id']}/").json()["shipping_address"] == ADDRESS
    for status in ("processing", "shipped", "delivered"):
        body = {"order_id": order["id"], "status": status}
        assert staff.client.post("/rest/v1/rpc/set_order_status", json=body).status_code == 200
    assert erase(customer).status_code == 204
    # A country that is a code stays, for the taxes.
    kept = staff.client.get(f"/rest/v1/orders?id=eq.{order['id']}").json()[0]
    assert kept["shipping_address"] == kept["billing_address"] == {"country": "UK"}


def test_admins_erase_for_customers_and_nobody_else_does(
    shop: Shop, customer: Person, staff: Person, admin: Person
) -> None:
    body = {"customer_id": customer.id}
    for client, status in ((shop.client(), 401), (customer.client, 403), (staff.client, 403), (admin.client, 204)):
        assert client.post("/rest/v1/rpc/erase_customer", json=body).status_code == status
    assert admin.client.post("/rest/v1/rpc/erase_customer", json=body).json()["code"] == "customer_not_found"
    assert customer.client.get(ME).status_code == 401
    [line] = staff.client.get(f"/rest/v1/audit_log?object_id=eq.{customer.id}").json()
    assert (line["action"], line["actor_id"]) == ("customer.erased", admin.id)


def test_guests_have_no_password_and_are_part_of_whoever_owns_the_address(
    guest: Person, customer: Person, make_product: Any, database: psycopg.Connection[Any], acting_as: Any
) -> None:
    alone = acting_as("guest")
    assert erase(alone, "").status_code == 204
    assert alone.client.get("/api/v1/cart/").status_code == 401
    product = {"product_id": make_product()["id"]}
    assert guest.client.post("/api/v1/cart/items/", json=product).status_code == 201
    body = {"shipping_address": ADDRESS, "email": customer.email}
    order = guest.client.post("/api/v1/orders/", json=body).json()
    kept = "select customer_id, guest_email, status from shop.orders where id = %s"
    # Proven, not merely said: else somebody could erase what others have ordered.
    with database.transaction(force_rollback=True):
        database.execute("update shop.customers set is_email_verified = false where id = %s", [customer.id])
        database.execute("select logic.erase_customer(%s)", [customer.id])
        row = database.execute(kept, [order["id"]]).fetchone()
        assert row and row["guest_email"] == customer.email
    database.execute("update shop.customers set is_email_verified = true where id = %s", [customer.id])
    assert erase(customer).status_code == 204
    row = database.execute(kept, [order["id"]]).fetchone()
    assert row == {"customer_id": None, "guest_email": None, "status": "cancelled"}
    assert guest.client.get("/api/v1/cart/").status_code == 401


def test_the_last_admin_stays(database: psycopg.Connection[Any], admin: Person) -> None:
    with database.transaction(force_rollback=True):
        database.execute("update auth.accounts set is_active = false where role = 'admin' and id <> %s", [admin.id])
        with pytest.raises(psycopg.DatabaseError, match="last_admin"):
            database.execute("select logic.erase_customer(%s)", [admin.id])


@pytest.mark.parametrize("at_once_with", ["checkout", "address", "cart", "review", "erasure"])
def test_nothing_slips_in_while_somebody_is_erased(
    customer: Person, database: psycopg.Connection[Any], make_product: Any, at_once: Any, at_once_with: str
) -> None:
    product, me = make_product(), customer.client
    assert me.post("/api/v1/cart/items/", json={"product_id": product["id"]}).status_code == 201
    acts: dict[str, Callable[[], httpx.Response]] = {
        "checkout": lambda: me.post("/api/v1/orders/", json={"shipping_address": ADDRESS, "notes": customer.email}),
        "address": lambda: me.post("/api/v1/users/me/addresses/", json={**ADDRESS, "city": customer.email}),
        "cart": lambda: me.post("/api/v1/cart/items/", json={"product_id": product["id"]}),
        "review": lambda: me.post(f"/api/v1/products/{product['slug']}/reviews/", json={"rating": 5}),
        "erasure": lambda: erase(customer),
    }
    answers = at_once([lambda: erase(customer), *[acts[at_once_with]] * 6])
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 401, 404, 409, 422, 503}, answers
    # Refused for good reason at most; then once more, alone.
    assert answers[0].status_code == 204 or erase(customer).status_code in (204, 401)
    left = database.execute(
        """select (select count(*) from shop.addresses where customer_id = %(id)s)
          + (select count(*) from shop.reviews where customer_id = %(id)s)
          + (select count(*) from shop.carts where customer_id = %(id)s)
          + (select count(*) from shop.orders where customer_id = %(id)s or notes = %(email)s)
          + (select count(*) from shop.customers where id = %(id)s) as count""",
        {"id": customer.id, "email": customer.email},
    ).fetchone()
    assert left == {"count": 0}

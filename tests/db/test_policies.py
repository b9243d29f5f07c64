"""Who sees which rows and may write which, table by table, as each role with the claims of a person."""

from typing import Any

import psycopg
import pytest

from tests.db.world import World

ACTORS: dict[str, tuple[str, str | None]] = {
    "anon": ("anon", None),
    "anna": ("customer", "anna"),
    "bert": ("customer", "bert"),
    # A customer without a name: claims got lost somewhere.
    "nobody": ("customer", None),
    "staff": ("staff", "staff"),
    "admin": ("admin", "admin"),
    "service": ("service", None),
    "worker": ("worker", None),
}
NONE = dict.fromkeys(ACTORS, None)
OWN = {**NONE, "anna": "anna", "bert": "bert", "nobody": ""}
OWN_AND_STAFF = {**OWN, "staff": "anna bert", "admin": "anna bert"}
STAFF = {**NONE, "staff": "anna bert", "admin": "anna bert"}
ADMIN = {**NONE, "admin": "anna bert"}
SHOWN = {**dict.fromkeys(ACTORS, "shown"), "service": None, "worker": None}
ACTIVE = {**SHOWN, "staff": "shown hidden", "admin": "shown hidden"}
EVERYBODY = {**dict.fromkeys(ACTORS, "shown hidden"), "service": None, "worker": None}
# Table and key, rows by label (names of World.ids), and who sees which of them; None is permission denied.
TABLES: dict[str, tuple[str, dict[str, str], dict[str, str | None]]] = {
    "shop.customers": ("id", {"anna": "anna", "bert": "bert"}, OWN_AND_STAFF),
    "shop.addresses": ("id", {"anna": "anna_address", "bert": "bert_address"}, {**OWN, "staff": "", "admin": ""}),
    "shop.carts": ("id", {"anna": "anna_cart", "bert": "bert_cart"}, {**OWN, "staff": "", "admin": ""}),
    "shop.cart_items": ("id", {"anna": "anna_line", "bert": "bert_line"}, {**OWN, "staff": "", "admin": ""}),
    "shop.customer_prices": ("customer_id", {"anna": "anna", "bert": "bert"}, OWN_AND_STAFF),
    "shop.reviews": ("id", {"anna": "anna_review", "bert": "bert_review"}, {**OWN_AND_STAFF, "anon": ""}),
    "shop.wishlist_items": ("customer_id", {"anna": "anna", "bert": "bert"}, {**OWN, "staff": "", "admin": ""}),
    "shop.orders": ("id", {"anna": "anna_order", "bert": "bert_order"}, OWN_AND_STAFF),
    "shop.order_items": ("id", {"anna": "anna_order_item", "bert": "bert_order_item"}, OWN_AND_STAFF),
    "shop.order_status_history": ("id", {"anna": "anna_order_history", "bert": "bert_order_history"}, OWN_AND_STAFF),
    "shop.payments": ("id", {"anna": "anna_order_payment", "bert": "bert_order_payment"}, OWN_AND_STAFF),
    "shop.refunds": ("id", {"anna": "anna_refund"}, {
        **NONE, "anna": "anna", "bert": "", "nobody": "", "staff": "anna", "admin": "anna",
    }),
    "shop.reservations": ("id", {"anna": "anna_order_reservation", "bert": "bert_order_reservation"}, STAFF),
    "shop.idempotency_keys": ("key", {"anna": "anna_key", "bert": "bert_key"}, NONE),
    "shop.outbox": ("id", {"anna": "anna_order_outbox", "bert": "bert_order_outbox"}, ADMIN),
    "shop.payment_events": ("id", {"anna": "event"}, {**NONE, "staff": "anna", "admin": "anna"}),
    "shop.audit_log": ("id", {"anna": "refund_line", "bert": "price_line"}, STAFF),
    "shop.stock_movements": ("id", {"anna": "apple_movement", "bert": "secret_movement"}, STAFF),
    "shop.products": ("id", {"shown": "apple", "hidden": "secret"}, ACTIVE),
    "shop.product_variants": ("id", {"shown": "apple_variant", "hidden": "secret_variant"}, ACTIVE),
    "shop.product_images": ("id", {"shown": "apple_image", "hidden": "secret_image"}, ACTIVE),
    "shop.categories": ("id", {"shown": "open", "hidden": "closed"}, ACTIVE),
    "shop.stock": ("variant_id", {"shown": "apple_variant", "hidden": "secret_variant"}, EVERYBODY),
    "shop.shipping_methods": ("id", {"shown": "post", "hidden": "pigeon"}, {**SHOWN, "admin": "shown hidden"}),
    "shop.tax_rates": ("id", {"shown": "vat"}, SHOWN),
    "shop.order_statuses": ("status", {"shown": "status"}, SHOWN),
    "shop.order_transitions": ("from_status", {"shown": "status"}, {**SHOWN, "anon": None}),
    "shop.settings": ("is_only_row", {"shown": "only"}, SHOWN),
    "shop.search_words": ("id", {"shown": "word"}, NONE),
    "auth.accounts": ("id", {"anna": "anna", "bert": "bert"}, NONE),
    "auth.sessions": ("id", {"anna": "anna_session", "bert": "bert_session"}, NONE),
    "auth.one_time_tokens": ("token_hash", {"anna": "token"}, NONE),
    "auth.throttles": ("bucket", {"anna": "bucket"}, NONE),
}  # fmt: skip
# Who, what, and what comes of it: the number of rows, or None for permission denied.
WRITES: list[tuple[str, str, int | None]] = [
    ("anna", "update shop.customers set first_name = 'A'", 1),
    ("anna", "update shop.customers set email = 'a@example.com'", None),
    ("anna", "update shop.customers set is_email_verified = true", None),
    ("anna", "delete from shop.customers", None),
    ("anon", "update shop.customers set first_name = 'A'", None),
    ("nobody", "update shop.customers set first_name = 'A'", 0),
    ("staff", "update shop.customers set first_name = 'A' where id = %(anna)s", 0),
    ("anna", "update shop.addresses set city = 'Leeds'", 1),
    ("anna", "delete from shop.addresses where id = %(bert_address)s", 0),
    ("anna", "delete from shop.addresses", 1),
    ("admin", "delete from shop.addresses", 0),
    ("anna", "update shop.addresses set customer_id = %(bert)s", None),
    ("anon", "delete from shop.addresses", None),
    ("anna", "update shop.reviews set rating = 5", 1),
    ("anna", "delete from shop.reviews where id = %(bert_review)s", 0),
    ("anna", "update shop.reviews set is_approved = true", None),
    ("staff", "update shop.reviews set is_approved = true where id = %(bert_review)s", 1),
    ("anon", "insert into shop.reviews (product_id, rating) values (%(apple)s, 5)", None),
    ("staff", "insert into shop.reviews (product_id, rating) values (%(apple)s, 5)", 1),
    ("anna", "insert into shop.reviews (product_id, rating) values (%(secret)s, 5)", None),
    ("anna", "update shop.reviews set is_verified_purchase = true", None),
    ("staff", "update shop.reviews set is_verified_purchase = true", None),
    ("staff", "delete from shop.reviews where id = %(bert_review)s", 1),
    ("anna", "delete from shop.wishlist_items", 1),
    ("staff", "delete from shop.wishlist_items", 0),
    ("anon", "insert into shop.wishlist_items (product_id) values (%(apple)s)", None),
    ("anna", "insert into shop.wishlist_items (product_id) values (%(secret)s)", None),
    ("anna", "insert into shop.wishlist_items (customer_id, product_id) values (%(bert)s, %(apple)s)", None),
    ("anna", "update shop.wishlist_items set created_at = now()", None),
    ("anna", "select cost_price from shop.products", None),
    ("anna", "select low_stock_threshold from shop.products", None),
    ("anna", "insert into shop.cart_items (cart_id, product_id, variant_id, price_snapshot)"
     " values (%(anna_cart)s, %(apple)s, %(apple_variant)s, 0.01)", None),
    ("anna", "update shop.cart_items set price_snapshot = 0.01", None),
    ("anna", "update shop.customer_prices set price = 0.01", None),
    ("staff", "update shop.customer_prices set price = 8 where customer_id = %(anna)s", 1),
    ("anna", "update shop.products set price = 0.01 where id = %(apple)s", None),
    ("staff", "update shop.products set price = 11 where id = %(secret)s", 1),
    ("anon", "delete from shop.products", None),
    ("anna", "update shop.product_variants set price_modifier = -9", None),
    ("anna", "delete from shop.categories", None),
    ("staff", "delete from shop.categories where id = %(closed)s", 1),
    ("anna", "update shop.orders set status = 'delivered'", None),
    ("staff", "update shop.orders set status = 'cancelled'", None),
    ("admin", "delete from shop.orders", None),
    ("anna", "insert into shop.order_status_history (order_id, status) values (%(anna_order)s, 'delivered')", None),
    ("anna", "update shop.payments set captured_amount = amount", None),
    ("staff", "update shop.payments set captured_amount = amount", None),
    ("staff", "insert into shop.refunds (payment_id, amount) values (%(anna_order_payment)s, 1)", None),
    ("admin", "update shop.stock set on_hand = 99", None),
    ("anna", "insert into shop.stock_movements (variant_id, quantity, reason)"
     " values (%(apple_variant)s, 5, 'delivery')", None),
    ("staff", "insert into shop.stock_movements (variant_id, quantity, reason)"
     " values (%(apple_variant)s, 5, 'delivery')", 1),
    # A sale is booked by an order, not by hand.
    ("staff", "insert into shop.stock_movements (variant_id, quantity, reason)"
     " values (%(apple_variant)s, -1, 'sale')", None),
    ("staff", "insert into shop.stock_movements (variant_id, quantity, reason, actor_id)"
     " values (%(apple_variant)s, 1, 'delivery', %(bert)s)", None),
    ("staff", "update shop.shipping_methods set price = 0", None),
    ("admin", "update shop.shipping_methods set price = 0 where id = %(pigeon)s", 1),
    ("staff", "update shop.settings set shop_name = 'Mine'", None),
    ("admin", "update shop.settings set shop_name = 'Ours'", 1),
    ("admin", "update shop.settings set currency = 'EUR'", None),
    ("admin", "update auth.accounts set role = 'admin'", None),
    ("service", "update auth.accounts set role = 'admin'", None),
    ("service", "insert into shop.payment_events values ('evt', 'x', '{}', 'applied')", None),
    ("worker", "update shop.outbox set done_at = now()", None),
    ("worker", "update shop.orders set status = 'confirmed'", None),
    ("admin", "insert into shop.audit_log (actor_role, action, object_type, object_id)"
     " values ('admin', 'a.b', 'a', 'b')", None),
    ("admin", "update shop.audit_log set actor_id = null", None),
    ("admin", "delete from shop.audit_log", None),
    ("staff", "select shop.audit('a.b', 'a', 'b', null, null)", None),
    ("staff", "select logic.audit('a.b', 'a', 'b')", None),
    ("anon", "select nextval('shop.order_numbers')", None),
    ("staff", "truncate shop.products cascade", None),
    ("admin", "create table shop.mine (id integer)", None),
    ("anna", "create table public.mine (id integer)", None),
    ("anna", "create function api.mine() returns integer language sql return 1", None),
    ("service", "create table logic.mine (id integer)", None),
]  # fmt: skip


@pytest.fixture
def full(world: World) -> World:
    """The world with a row in every other table, too."""
    category = "insert into shop.categories (name, slug, is_active) values (%(n)s, %(n)s, %(a)s) returning id"
    method = """insert into shop.shipping_methods (code, name, price, is_active)
        values (%(n)s, %(n)s, 1, %(a)s) returning id"""
    for name, is_active in (("open", True), ("closed", False)):
        world.keep(name, category, n=name, a=is_active)
    for name, is_active in (("post", True), ("pigeon", False)):
        world.keep(name, method, n=name, a=is_active)
    world.keep("word", "select min(id) as id from shop.search_words where word = 'appl'")
    world.keep("vat", "select id from shop.tax_rates where is_default")
    world.keep("event", "insert into shop.payment_events values ('evt_1', 'x.y', '{}', 'ignored') returning id")
    line = "select min(id) from shop.audit_log where object_id = %(i)s"
    world.keep("refund_line", line, i=str(world.ids["anna_refund"]))
    world.keep("price_line", line, i=str(world.ids["bert"]))
    world.keep("bucket", "insert into auth.throttles values ('anna', 1, now()) returning bucket")
    world.keep("token", "insert into auth.one_time_tokens values (%(h)s, %(anna)s, 'verify_email', 'a@b.c', now())"
               " returning token_hash", h=b"x" * 32)  # fmt: skip
    world.ids |= {"status": "pending", "only": True}
    return world


def seen(world: World, table: str) -> str | None:
    """Labels of the rows that the role of the moment sees; None when it may not look."""
    key, rows, _ = TABLES[table]
    try:
        with world.connection.transaction():
            found = {row[0] for row in world.run(f"select {key} from {table}")}
    except psycopg.errors.InsufficientPrivilege:
        return None
    return " ".join(label for label, name in rows.items() if world.ids[name] in found)


def test_every_table_is_listed(superuser: psycopg.Connection[Any]) -> None:
    rows = superuser.execute(
        """select oid::regclass::text from pg_class
        where relkind = 'r' and relnamespace::regnamespace::text in ('shop', 'auth')"""
    )
    assert {row[0] for row in rows} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_everybody_sees_exactly_their_rows(full: World, table: str) -> None:
    _, rows, expected = TABLES[table]
    assert seen(full, table) == " ".join(rows), "the owner sees what was made"
    found = {}
    for actor, (role, person) in ACTORS.items():
        full.act_as(role, person)
        found[actor] = seen(full, table)
    assert found == expected


@pytest.mark.parametrize(
    ("actor", "statement", "expected"), WRITES, ids=[f"{who}: {what[:70]}" for who, what, _ in WRITES]
)
def test_everybody_writes_exactly_what_they_may(full: World, actor: str, statement: str, expected: int | None) -> None:
    role, person = ACTORS[actor]
    full.act_as(role, person)
    if expected is None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            full.run(statement)
    else:
        assert full.run(statement).rowcount == expected


def test_approved_reviews_are_for_everybody_unless_their_product_is_hidden(full: World) -> None:
    full.run("update shop.reviews set is_approved = true")
    full.act_as("anon")
    assert seen(full, "shop.reviews") == "anna bert"
    full.act_as("owner")
    full.run("update shop.products set is_active = false where id = %(apple)s")
    full.act_as("anon")
    assert seen(full, "shop.reviews") == ""
    full.act_as("customer", "anna")
    assert seen(full, "shop.reviews") == "anna"


def test_claims_of_somebody_else_open_nothing_without_their_role(full: World) -> None:
    full.act_as("anon", "anna")
    assert seen(full, "shop.orders") is None
    assert seen(full, "shop.reviews") == ""

"""A small world in a transaction that is rolled back: two customers with everything that customers have."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.databases import scratch, superuser, superuser_url
from tests.db.world import World, fill, make_order, make_person, make_product, pay

__all__ = ["scratch", "superuser", "superuser_url"]


@pytest.fixture
def world(superuser: psycopg.Connection[Any]) -> World:
    """anna has paid and was refunded a little, bert has not paid yet; apples are sold, secrets are not."""
    made = World(superuser)
    made.act_as("owner")
    for person, role in (("anna", "customer"), ("bert", "customer"), ("staff", "staff"), ("admin", "admin")):
        make_person(made, person, role)
    make_product(made, "apple")
    make_product(made, "secret", is_active=False)
    for person, quantity in (("anna", 2), ("bert", 3)):
        make_order(made, person, f"{person}_order", quantity)
        fill(made, person)
    pay(made, "anna_order")
    made.keep(
        "anna_refund",
        """insert into shop.refunds (payment_id, amount) values (%(anna_order_payment)s, 5) returning id""",
    )
    made.connection.execute("set constraints all immediate")
    made.connection.execute("set constraints all deferred")
    made.act_as("owner")
    return made


@pytest.fixture
def audit(world: World) -> Iterator[None]:
    """After the test, whatever it did, the books are right: ledger, reservations, totals and refunds."""
    yield
    world.act_as("owner")
    world.connection.execute("set constraints all immediate")
    assert world.value("select count(*) from shop.stock") > 1
    assert world.value("select sum(amount) from shop.ledger_entries") in (None, 0)
    assert world.value("select logic.ledger_differences(1)") == 0
    wrong = world.run(
        """select 'stock ' || s.variant_id from shop.stock s
        where s.on_hand <> (
            select coalesce(sum(quantity), 0) from shop.stock_movements m where m.variant_id = s.variant_id)
          or s.reserved <> (
            select coalesce(sum(quantity), 0) from shop.reservations r
            where r.variant_id = s.variant_id and r.state = 'held')
        union all
        select 'order ' || o.id from shop.orders o
        where o.subtotal <> (select sum(quantity * price) from shop.order_items i where i.order_id = o.id)
          or o.total_amount <> o.subtotal - o.discount + o.tax + o.shipping_cost
        union all
        select 'payment ' || p.id from shop.payments p
        where p.refunded_amount <> (
          select coalesce(sum(amount), 0) from shop.refunds r where r.payment_id = p.id and r.status <> 'failed')
        union all
        select 'product ' || p.id from shop.products p
        where (p.review_count, p.rating_total) <> (
          select count(*), coalesce(sum(rating), 0) from shop.reviews r where r.product_id = p.id and r.is_approved)
        union all
        select 'in stock ' || p.id from shop.products p
        where p.is_in_stock <> exists (
          select from shop.product_variants v join shop.stock s on s.variant_id = v.id
          where v.product_id = p.id and v.is_active and (s.available > 0 or s.is_backorderable))
        union all
        select 'default variant of ' || p.id from shop.products p
        where (select count(*) from shop.product_variants v where v.product_id = p.id and v.is_default) <> 1"""
    ).fetchall()
    assert wrong == []

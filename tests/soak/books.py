"""What must be true of the books at every moment; each question is one statement, and so sees one moment."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.conftest import Shop

STOCK = """
select v.sku, s.on_hand, s.reserved, m.sum as ledger, r.sum as held
from shop.stock s join shop.product_variants v on v.id = s.variant_id
cross join lateral (
  select coalesce(sum(quantity), 0) from shop.stock_movements where variant_id = s.variant_id) m (sum)
cross join lateral (
  select coalesce(sum(quantity), 0) from shop.reservations where variant_id = s.variant_id and state = 'held') r (sum)
where s.variant_id = any(%(variants)s::uuid[])
  and (s.on_hand <> m.sum or s.reserved <> r.sum or s.reserved > s.on_hand or s.reserved < 0)
"""
# Paid but no order, an order but not paid, goods without an order, told twice: none of it, ever.
ORDERS = """
select o.order_number, o.status, p.status as payment, p.captured_amount, p.refunded_amount, goods.sum as goods,
  confirmed.count as confirmed, coalesce(told.count, 0) as told, given.sum as given
from shop.orders o join shop.payments p on p.order_id = o.id
cross join lateral (select coalesce(sum(quantity), 0) from shop.stock_movements where order_id = o.id) goods (sum)
cross join lateral (select sum(quantity - returned_quantity) from shop.order_items where order_id = o.id) kept (sum)
cross join lateral (
  select count(*) from shop.order_status_history where order_id = o.id and status = 'confirmed') confirmed (count)
left join (
  select payload ->> 'order_id', count(*) from shop.outbox where topic = 'order.confirmed' group by 1
) told (order_id, count) on told.order_id = o.id::text
cross join lateral (
  select coalesce(sum(amount), 0) from shop.refunds where payment_id = p.id and status <> 'failed') given (sum)
where o.id = any(%(orders)s::uuid[]) and (
  p.captured_amount not in (0, o.total_amount)
  or (p.status = 'succeeded') <> (p.captured_amount > 0)
  or p.refunded_amount <> given.sum or given.sum > p.captured_amount
  or o.status = 'pending' and p.captured_amount > 0
  or o.status = 'cancelled' and given.sum <> p.captured_amount
  or o.status in ('confirmed', 'processing', 'shipped', 'delivered') and p.captured_amount <> o.total_amount
    and p.method <> 'cash_on_delivery'
  or o.status in ('pending', 'cancelled') and goods.sum <> 0
  or o.status in ('confirmed', 'processing', 'shipped', 'delivered') and goods.sum <> -kept.sum
  or confirmed.count <> coalesce(told.count, 0) or confirmed.count > 1
)
"""
# Money is only moved: what one account has more, another has less.
MONEY = """
select 'the ledger does not add up' as what, sum(amount) as amount from shop.ledger_entries having sum(amount) <> 0
union all
select 'a posting does not add up', sum(e.amount)
from shop.ledger_entries e join shop.payments p on p.id = e.payment_id
where p.order_id = any(%(orders)s::uuid[]) group by e.posting_id having sum(e.amount) <> 0
"""


def wrong(database: psycopg.Connection[Any], variants: list[str], orders: list[str]) -> list[dict[str, Any]]:
    """What contradicts itself now."""
    found = database.execute(STOCK, {"variants": variants}).fetchall()
    found += database.execute(MONEY, {"orders": orders}).fetchall()
    return found + database.execute(ORDERS, {"orders": orders}).fetchall()


class Auditor:
    """Asks again and again while others trade: about these variants and orders, to which more may be added."""

    def __init__(self) -> None:
        self.variants: list[str] = []
        self.orders: list[str] = []
        self.looks, self.found = 0, list[dict[str, Any]]()

    def look(self, database: psycopg.Connection[Any]) -> None:
        self.found += wrong(database, list(self.variants), list(self.orders))
        self.looks += 1


@contextmanager
def audited(shop: Shop) -> Iterator[Auditor]:
    """An auditor looks as long as the block lasts, and once after it; then nothing may have been wrong at any time."""
    auditor, is_over = Auditor(), threading.Event()
    with shop.connect() as database:

        def run() -> None:
            while not is_over.is_set() and not auditor.found:
                auditor.look(database)
                is_over.wait(0.02)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield auditor
        finally:
            is_over.set()
            thread.join()
        auditor.look(database)
    assert auditor.found == []

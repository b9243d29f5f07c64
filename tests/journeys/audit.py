"""Hold the books against the invoices, in SQL as the owner and in the mail catcher."""

import time
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx
import psycopg

from tests.conftest import Shop, eventually
from tests.journeys.invoices import Plan

PATIENCE = 180.0


class Audit:
    """The books of a stack: opened before a replay, checked after it."""

    def __init__(self, shop: Shop) -> None:
        self.mail_url = shop.status["mail_url"]
        self.connection = psycopg.connect(shop.status["database_url"], autocommit=True)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()

    def on_hand(self) -> dict[str, int]:
        return dict(
            self.rows(
                "select upper(v.sku), s.on_hand from shop.stock s join shop.product_variants v on v.id = s.variant_id"
            )
        )

    def open(self) -> None:
        """Note the stock before anything is sold."""
        self.initial = self.on_hand()
        # With row-level security forced, a role without a policy would see nothing and find everything in order.
        assert self.initial, "the owner sees no stock"

    def check(self, plan: Plan) -> None:
        """Every assertion about what the replay has left in the books. Raises AssertionError."""
        orders = {sale.order_id: sale for sale in plan.sales}
        ids = list(orders)
        self.await_none(
            "outbox rows are not done",
            """select topic, attempts, last_error from shop.outbox
            where done_at is null and payload ->> 'order_id' = any(%s)""",
            ids,
        )
        self.await_none(
            "refunds have not succeeded",
            """select r.id, r.status from shop.refunds r join shop.payments p on p.id = r.payment_id
            where p.order_id = any(%s::uuid[]) and r.status <> 'succeeded'""",
            ids,
        )
        self.check_orders(plan)
        self.check_returns(plan)
        self.check_stock(plan)
        self.check_mails(ids)

    def await_none(self, complaint: str, query: str, ids: list[str]) -> None:
        """Wait until a query finds nothing. Raises AssertionError with what it still finds."""
        deadline = time.monotonic() + PATIENCE
        while found := self.rows(query, ids):
            assert time.monotonic() < deadline, f"{complaint} after {PATIENCE} s: {found[:5]}"
            time.sleep(0.1)

    def check_orders(self, plan: Plan) -> None:
        """Each order is its invoice to the cent, paid, and holds no stock any more."""
        orders = {sale.order_id: sale for sale in plan.sales}
        found = self.rows(
            """select o.id::text, o.subtotal, o.status, p.status, p.captured_amount = o.total_amount,
              (select sum(i.quantity * i.price) from shop.order_items i where i.order_id = o.id),
              array(select distinct r.state from shop.reservations r where r.order_id = o.id)
            from shop.orders o join shop.payments p on p.order_id = o.id where o.id = any(%s::uuid[])""",
            list(orders),
        )
        assert len(found) == len(orders) > 0, f"{len(found)} orders of {len(orders)} are seen"
        for order_id, subtotal, status, payment, is_whole, items, states in found:
            sale = orders[order_id]
            assert (subtotal, items) == (sale.subtotal, sale.subtotal), (
                f"invoice {sale.invoice}: {sale.subtotal}, order {subtotal}"
            )
            assert status in {"confirmed", "refunded"}, (sale.invoice, status)
            assert (payment, is_whole, states) == ("succeeded", True, ["taken"]), (
                sale.invoice,
                payment,
                is_whole,
                states,
            )

    def check_returns(self, plan: Plan) -> None:
        """What came back is what was cancelled, and the money for it went back with its tax."""
        expected: Counter[tuple[str, str]] = Counter()
        worth: dict[str, Decimal] = {}
        for back in plan.returns:
            expected[back.sale.order_id, back.line.sku] -= back.line.quantity
            value = -back.line.quantity * back.line.price
            worth[back.sale.order_id] = worth.get(back.sale.order_id, Decimal(0)) + value
        found = self.rows(
            """select order_id::text, upper(sku), returned_quantity from shop.order_items
            where order_id = any(%s::uuid[]) and returned_quantity > 0""",
            [sale.order_id for sale in plan.sales],
        )
        assert {(order_id, sku): quantity for order_id, sku, quantity in found} == expected
        refunded = self.rows(
            """select o.id::text, o.tax / o.subtotal, p.refunded_amount,
              p.refunded_amount = p.captured_amount, count(r.id)
            from shop.orders o join shop.payments p on p.order_id = o.id join shop.refunds r on r.payment_id = p.id
            where o.id = any(%s::uuid[]) group by o.id, p.id""",
            list(worth),
        )
        assert len(refunded) == len(worth)
        for order_id, rate, amount, is_whole, count in refunded:
            # Tax is rounded once a refund.
            assert is_whole or abs(worth[order_id] * (1 + rate) - amount) <= Decimal("0.01") * count, (order_id, amount)

    def check_stock(self, plan: Plan) -> None:
        """On hand is initial - sold + returned, and the ledger says the same for every variant of the shop."""
        wrong = self.rows(
            """select v.sku, s.on_hand, s.reserved from shop.stock s join shop.product_variants v on v.id = s.variant_id
            where s.on_hand is distinct from (
                select coalesce(sum(m.quantity), 0) from shop.stock_movements m where m.variant_id = v.id
              ) or s.reserved is distinct from (
                select coalesce(sum(r.quantity), 0) from shop.reservations r
                where r.variant_id = v.id and r.state = 'held'
              )"""
        )
        assert not wrong, f"stock differs from its ledger: {wrong[:5]}"
        expected = Counter(self.initial)
        for sale in plan.sales:
            expected.subtract(sale.quantities)
        for back in plan.returns:
            expected[back.line.sku] -= back.line.quantity
        skus = {sku for sale in plan.sales for sku in sale.quantities}
        now = self.on_hand()
        assert {sku: now[sku] for sku in skus} == {sku: expected[sku] for sku in skus}

    def check_mails(self, ids: list[str]) -> None:
        """Each paid order has exactly one confirmation, in the outbox and in the mail catcher."""
        confirmations = self.rows(
            """select payload ->> 'order_id', id::text from shop.outbox
            where topic = 'order.confirmed' and payload ->> 'order_id' = any(%s)""",
            ids,
        )
        assert sorted(order_id for order_id, _ in confirmations) == sorted(ids), "not one confirmation an order"
        # The catcher takes a mail before it shows it.
        rows = {row for _, row in confirmations}
        eventually(lambda: rows <= {*message_ids(self.mail_url)}, PATIENCE, "every confirmation arrives")
        arrived = Counter(message_ids(self.mail_url))
        wrong = {row: arrived[row] for row in rows if arrived[row] != 1}
        assert not wrong, f"confirmations that did not arrive exactly once: {wrong}"


def message_ids(mail_url: str) -> list[str]:
    """The left half of each Message-ID in the mail catcher: the id of the outbox row that it was made for."""
    answer = httpx.get(f"{mail_url}/api/email", timeout=60)
    assert answer.is_success, answer.text
    return [mail["headers"]["message-id"].strip("<>").partition("@")[0] for mail in answer.json()]

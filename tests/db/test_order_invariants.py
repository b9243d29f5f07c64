"""Orders: totals add up, states move along the table, history stays, and money and goods go together."""

import pytest

from tests.db.world import World, pay

pytestmark = pytest.mark.usefixtures("audit")
BERTS = "where id = %(bert_order)s"
BERTS_ITEM = "where id = %(bert_order_item)s"
BERTS_PAYMENT = "where id = %(bert_order_payment)s"
ANNAS_PAYMENT = "where id = %(anna_order_payment)s"
REFUND = "insert into shop.refunds (payment_id, amount) values (%(anna_order_payment)s, "

RECORDED = """select array_agg(status order by id) from shop.order_status_history
where order_id = %(bert_order)s"""


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("orders_total_is_sum_of_parts", f"update shop.orders set total_amount = 0 {BERTS}"),
        ("orders_total_is_sum_of_parts", f"update shop.orders set tax = tax + 1 {BERTS}"),
        (
            "orders_amounts_not_negative",
            f"update shop.orders set discount = -1, total_amount = total_amount + 1 {BERTS}",
        ),
        (
            "orders_subtotal_is_sum_of_items",
            f"update shop.orders set subtotal = 1, total_amount = total_amount - subtotal + 1 {BERTS}",
        ),
        ("orders_subtotal_is_sum_of_items", f"update shop.order_items set quantity = 1 {BERTS_ITEM}"),
        ("orders_subtotal_is_sum_of_items", f"update shop.order_items set price = 0 {BERTS_ITEM}"),
        ("orders_subtotal_is_sum_of_items", f"delete from shop.order_items {BERTS_ITEM}"),
        (
            "orders_subtotal_is_sum_of_items",
            """insert into shop.order_items (order_id, product_name, sku, quantity, price)
            values (%(bert_order)s, 'more', 'more', 1, 1)""",
        ),
        (
            "orders_subtotal_is_sum_of_items",
            """insert into shop.orders (customer_id, currency, subtotal, tax, shipping_cost, total_amount,
              shipping_address, billing_address) values (%(bert)s, 'GBP', 1, 0, 0, 1, '{}', '{}')""",
        ),
        ("orders_currency_is_iso_code", f"update shop.orders set currency = 'pounds' {BERTS}"),
        ("orders_notes_length", f"update shop.orders set notes = repeat('x', 2001) {BERTS}"),
        ("orders_cancelled_by_is_known", f"update shop.orders set cancelled_by = 'the cat' {BERTS}"),
        (
            "orders_order_number_key",
            f"""update shop.orders set order_number = (
              select order_number from shop.orders where id = %(anna_order)s) {BERTS}""",
        ),
        ("order_items_returned_at_most_sold", f"update shop.order_items set returned_quantity = 4 {BERTS_ITEM}"),
        ("order_items_returned_at_most_sold", f"update shop.order_items set returned_quantity = -1 {BERTS_ITEM}"),
        ("order_status_history_append_only", "update shop.order_status_history set status = 'delivered'"),
        ("order_status_history_append_only", "delete from shop.order_status_history"),
        ("order_status_history_append_only", "truncate shop.order_status_history"),
        ("order_items_order_id_fkey", f"delete from shop.orders {BERTS}"),
        ("orders_customer_id_fkey", "delete from shop.customers where id = %(bert)s"),
        (
            "idempotency_keys_pkey",
            """insert into shop.idempotency_keys (customer_id, key, request_hash)
            values (%(bert)s, %(bert_key)s, 'another')""",
        ),
    ],
)
def test_the_rule_refuses(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("orders_confirmed_when_paid", f"update shop.orders set status = 'confirmed' {BERTS}"),
        ("orders_confirmed_when_paid", f"update shop.payments set captured_amount = amount {BERTS_PAYMENT}"),
        # Paid and confirmed, but somebody forgot to take the stock.
        (
            "orders_confirmed_when_paid",
            f"""with paid as (update shop.payments set captured_amount = amount {BERTS_PAYMENT})
            update shop.orders set status = 'confirmed' {BERTS}""",
        ),
        # A part is not the whole.
        (
            "orders_confirmed_when_paid",
            f"""with paid as (update shop.payments set captured_amount = 1 {BERTS_PAYMENT}),
            taken as (update shop.reservations set state = 'taken' where order_id = %(bert_order)s)
            update shop.orders set status = 'confirmed' {BERTS}""",
        ),
        ("orders_confirmed_when_paid", f"update shop.payments set captured_amount = 5 {ANNAS_PAYMENT}"),
        ("payments_captured_at_most_amount", f"update shop.payments set captured_amount = amount + 1 {ANNAS_PAYMENT}"),
        ("payments_refunded_at_most_captured", f"update shop.payments set captured_amount = 0 {ANNAS_PAYMENT}"),
        ("payments_refunded_at_most_captured", REFUND + "1000)"),
        ("payments_refunded_at_most_captured", f"update shop.payments set refunded_amount = -1 {ANNAS_PAYMENT}"),
        (
            "payments_refunded_at_most_captured",
            "insert into shop.refunds (payment_id, amount) values (%(bert_order_payment)s, 1)",
        ),
        ("refunds_amount_is_positive", REFUND + "0)"),
        ("payments_status_is_known", f"update shop.payments set status = 'paid' {BERTS_PAYMENT}"),
        (
            "payments_order_id_key",
            "insert into shop.payments (order_id, amount, currency) values (%(bert_order)s, 1, 'GBP')",
        ),
        (
            "payments_intent_id_key",
            f"""update shop.payments set intent_id = (
              select intent_id from shop.payments {ANNAS_PAYMENT}) {BERTS_PAYMENT}""",
        ),
    ],
)
def test_money_and_goods_go_together(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


def test_refunds_end_exactly_at_what_was_paid_and_a_failed_one_counts_no_more(world: World) -> None:
    left = world.value(f"select captured_amount - refunded_amount from shop.payments {ANNAS_PAYMENT}")
    assert world.refusal(REFUND + "%(more)s)", more=left + 1) == "payments_refunded_at_most_captured"
    world.run(REFUND + "%(left)s)", left=left)
    assert world.refusal(REFUND + "0.01)") == "payments_refunded_at_most_captured"
    world.run("update shop.refunds set status = 'failed' where id = %(anna_refund)s")
    assert world.value(f"select captured_amount - refunded_amount from shop.payments {ANNAS_PAYMENT}") == 5
    world.run(REFUND + "5)")


def test_a_paid_order_is_confirmed_with_its_stock_and_its_mail(world: World) -> None:
    pay(world, "bert_order")
    world.connection.execute("set constraints all immediate")
    assert world.value("select state from shop.reservations where order_id = %(bert_order)s") == "taken"
    topics = "select array_agg(topic order by topic) from shop.outbox where payload ->> 'order_id' = %(order)s"
    assert world.value(topics, order=str(world.ids["bert_order"])) == ["order.confirmed", "order.placed"]


def test_an_order_goes_only_where_the_table_says_and_each_step_is_recorded(world: World) -> None:
    statuses = [row[0] for row in world.run("select status from shop.order_statuses")]
    allowed = set(world.run("select from_status, to_status from shop.order_transitions").fetchall())
    assert len(statuses) == 7
    assert len(allowed) == 13
    paths = {"pending": []}
    while len(paths) < len(statuses):
        paths |= {there: [*paths[here], there] for here, there in allowed if here in paths and there not in paths}
    go = f"update shop.orders set status = %(status)s {BERTS}"
    for here, path in paths.items():
        for there in statuses:
            with world.connection.transaction(force_rollback=True):
                for step in path:
                    world.run(go, status=step)
                if here == there or (here, there) in allowed:
                    world.run(go, status=there)
                    walked = ["pending", *path, *([there] if here != there else [])]
                    assert world.value(RECORDED) == walked
                else:
                    assert world.refusal(go, status=there) == "orders_status_follows_transitions", (here, there)


def test_what_is_sold_keeps_its_name_when_the_product_changes(world: World) -> None:
    world.run("update shop.products set name = 'pear', price = 99, sku = 'pear' where id = %(apple)s")
    seen = world.run(f"select product_name, sku, price from shop.order_items {BERTS_ITEM}").fetchall()
    assert [(name, sku, str(price)) for name, sku, price in seen] == [("apple", "apple", "10.00")]

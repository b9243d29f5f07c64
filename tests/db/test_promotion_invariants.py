"""Coupons: none is used more often than it may be, and what they take off is in the books."""

import pytest

from tests.db.world import World

pytestmark = pytest.mark.usefixtures("audit")
MADE = "insert into shop.promotions (code, kind, value{}) values ('{}', '{}', {}{}) returning id"
USE = "insert into shop.promotion_uses (order_id, promotion_id) values (%({}_order)s, %(beans)s)"


@pytest.fixture
def beans(world: World) -> World:
    """BEANS, which anna's order has used once."""
    world.keep("beans", MADE.format("", "BEANS", "fixed", 1, ""))
    world.run(USE.format("anna"))
    world.connection.execute("set constraints all immediate")
    world.connection.execute("set constraints all deferred")
    assert world.value("select uses from shop.promotions where id = %(beans)s") == 1
    return world


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("promotions_code_key", MADE.format("", "beans", "fixed", 1, "")),
        ("promotions_code_is_a_word", MADE.format("", "two words", "fixed", 1, "")),
        ("promotions_kind_is_known", MADE.format("", "A", "gift", 1, "")),
        ("promotions_value_in_range", MADE.format("", "A", "percentage", "100.01", "")),
        ("promotions_value_in_range", MADE.format("", "A", "fixed", 0, "")),
        ("promotions_minimum_amount_not_negative", MADE.format(", minimum_amount", "A", "fixed", 1, ", -1")),
        ("promotions_end_after_they_start", MADE.format(", ends_at", "A", "fixed", 1, ", now()")),
        ("promotions_limits_are_positive", MADE.format(", usage_limit", "A", "fixed", 1, ", 0")),
        ("promotions_limits_are_positive", MADE.format(", usage_limit_per_customer", "A", "fixed", 1, ", 0")),
        ("promotions_uses_within_limit", "update shop.promotions set uses = -1"),
        ("promotion_uses_promotion_id_fkey", "delete from shop.promotions"),
        ("promotion_uses_pkey", USE.format("anna")),
        ("orders_discount_is_sum_of_items",
         "update shop.orders set discount = 1, total_amount = total_amount - 1 where id = %(bert_order)s"),
        ("orders_discount_is_sum_of_items", "update shop.order_items set discount = 1 where order_id = %(bert_order)s"),
        ("orders_discount_at_most_subtotal",
         "update shop.orders set discount = subtotal + 1, tax = tax + 1 + subtotal where id = %(bert_order)s"),
        ("order_items_discount_at_most_subtotal",
         "update shop.order_items set discount = subtotal + 0.01 where order_id = %(bert_order)s"),
        ("order_items_discount_at_most_subtotal",
         "update shop.order_items set discount = -0.01 where order_id = %(bert_order)s"),
    ],
)  # fmt: skip
def test_the_rule_refuses(beans: World, rule: str, statement: str) -> None:
    assert beans.refusal(statement) == rule


def test_limits_hold_for_the_owner_too(beans: World) -> None:
    beans.run("update shop.promotions set usage_limit = 1 where id = %(beans)s")
    assert beans.refusal(USE.format("bert")) == "promotions_uses_within_limit"
    beans.run("update shop.promotion_uses set is_given_back = true")
    beans.run(USE.format("bert"))
    beans.connection.execute("set constraints all immediate")
    assert beans.refusal("update shop.promotion_uses set is_given_back = false") == "promotions_uses_within_limit"
    beans.run("delete from shop.promotion_uses")
    assert beans.value("select uses from shop.promotions where id = %(beans)s") == 0


def test_a_customers_limit_is_not_anothers(beans: World) -> None:
    beans.run("update shop.promotions set usage_limit_per_customer = 1 where id = %(beans)s")
    beans.run(USE.format("bert"))
    beans.connection.execute("set constraints all immediate")
    mine = "update shop.orders set customer_id = %(anna)s where id = %(bert_order)s"
    again = "update shop.promotion_uses set is_given_back = {} where order_id = %(bert_order)s"
    beans.run(again.format("true"))
    beans.run(mine)
    assert beans.refusal(again.format("false")) == "promotion_uses_within_limit_per_customer"

"""Ways to pay: what is confirmed without money, and what is never Stripe's."""

import pytest

from tests.db.world import World

pytestmark = pytest.mark.usefixtures("audit")
BERTS = "where order_id = %(bert_order)s"
METHOD = f"update shop.payments set method = '{{}}', intent_id = null {BERTS}"
CONFIRM = "select logic.confirm_order(%(bert_order)s, 'confirmed')"


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("payments_method_is_known", METHOD.format("pebbles")),
        (
            "payments_only_cards_have_intents",
            f"update shop.payments set method = 'bank_transfer', intent_id = 'pi_1' {BERTS}",
        ),
        (
            "payment_methods_code_is_known",
            "insert into shop.payment_methods (code, name) values ('pebbles', 'Pebbles')",
        ),
        ("payment_methods_name_length", "update shop.payment_methods set name = ' '"),
        ("payment_methods_instructions_length", "update shop.payment_methods set instructions = repeat('x', 2001)"),
        ("payment_methods_hold_minutes_in_range", "update shop.payment_methods set hold_minutes = 0"),
    ],
)
def test_the_rule_refuses(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


@pytest.mark.parametrize(
    ("method", "rule"),
    [("card", "orders_confirmed_when_paid"), ("bank_transfer", "orders_confirmed_when_paid"), ("cash_on_delivery", "")],
)
def test_only_what_is_paid_on_delivery_is_confirmed_unpaid(world: World, method: str, rule: str) -> None:
    world.run(METHOD.format(method))
    if rule:
        assert world.refusal(CONFIRM) == rule
        return
    world.run(CONFIRM)
    world.connection.execute("set constraints all immediate")
    # With all of the money or none, and with its stock; and it stays what it is.
    pay = f"update shop.payments set captured_amount = amount {{}} {BERTS}"
    assert world.refusal(pay.format("- 1")) == "orders_confirmed_when_paid"
    assert world.refusal(METHOD.format("bank_transfer")) == "orders_confirmed_when_paid"
    refunded = "update shop.orders set status = 'refunded' where id = %(bert_order)s"
    assert world.refusal(refunded) == "orders_confirmed_when_paid"
    world.run(pay.format(""))
    world.run(refunded)
    world.connection.execute("set constraints all immediate")


def test_what_waits_for_its_money_has_none(world: World) -> None:
    world.run(METHOD.format("cash_on_delivery"))
    assert world.refusal(f"update shop.payments set captured_amount = 1 {BERTS}") == "orders_confirmed_when_paid"

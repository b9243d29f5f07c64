"""Stock: the ledger is the truth, nobody writes around it, and what is held is there."""

import pytest

from tests.db.world import World

pytestmark = pytest.mark.usefixtures("audit")
MOVE = "insert into shop.stock_movements (variant_id, quantity, reason) values (%(apple_variant)s, "


def stock(world: World) -> tuple[int, ...]:
    row = world.run(
        "select on_hand, reserved, available from shop.stock where variant_id = %(apple_variant)s"
    ).fetchone()
    assert row
    return row[0], row[1], row[2]


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("stock_is_sufficient", MOVE + "-6, 'correction')"),
        ("stock_is_sufficient", MOVE + "-100, 'sale')"),
        ("stock_movements_quantity_not_zero", MOVE + "0, 'correction')"),
        ("stock_movements_sale_takes_away", MOVE + "1, 'sale')"),
        ("stock_movements_return_brings_back", MOVE + "-1, 'return')"),
        ("stock_movements_reason_is_known", MOVE + "1, 'a gift')"),
        ("stock_movements_append_only", "update shop.stock_movements set quantity = 99 where id = %(apple_movement)s"),
        ("stock_movements_append_only", "delete from shop.stock_movements where id = %(apple_movement)s"),
        ("stock_movements_append_only", "truncate shop.stock_movements"),
        ("stock_equals_its_ledger", "update shop.stock set on_hand = 99 where variant_id = %(apple_variant)s"),
        ("stock_equals_its_ledger", "update shop.stock set reserved = 0 where variant_id = %(apple_variant)s"),
        ("stock_equals_its_ledger", "delete from shop.stock where variant_id = %(apple_variant)s"),
        ("stock_equals_its_ledger", "insert into shop.stock (variant_id) values (gen_random_uuid())"),
        ("stock_equals_its_ledger", "truncate shop.stock"),
        ("stock_movements_variant_id_fkey", "delete from shop.product_variants where id = %(secret_variant)s"),
    ],
)
def test_the_rule_refuses(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("reservations_are_kept", "delete from shop.reservations where id = %(bert_order_reservation)s"),
        (
            "reservations_move_forward",
            "update shop.reservations set quantity = 1 where id = %(bert_order_reservation)s",
        ),
        (
            "reservations_move_forward",
            "update shop.reservations set state = 'held' where id = %(anna_order_reservation)s",
        ),
        (
            "reservations_move_forward",
            "update shop.reservations set state = 'released' where id = %(anna_order_reservation)s",
        ),
        (
            "reservations_state_is_known",
            "update shop.reservations set state = 'lost' where id = %(bert_order_reservation)s",
        ),
        (
            "reservations_one_a_variant_of_an_order",
            """insert into shop.reservations (order_id, variant_id, quantity, expires_at)
            values (%(bert_order)s, %(apple_variant)s, 1, now())""",
        ),
        (
            "stock_is_sufficient",
            """insert into shop.reservations (order_id, variant_id, quantity, expires_at)
            values (%(bert_order)s, %(secret_variant)s, 11, now())""",
        ),
        (
            "reservations_quantity_is_positive",
            """insert into shop.reservations (order_id, variant_id, quantity, expires_at)
            values (%(bert_order)s, %(secret_variant)s, 0, now())""",
        ),
    ],
)
def test_a_reservation_only_moves_forward(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


def test_movements_and_reservations_add_up(world: World) -> None:
    # 10 delivered, 2 sold to anna, 3 held for bert.
    assert stock(world) == (8, 3, 5)
    world.run(MOVE + "-5, 'correction')")
    assert stock(world) == (3, 3, 0)
    world.run("update shop.reservations set state = 'released' where id = %(bert_order_reservation)s")
    assert stock(world) == (3, 0, 3)
    world.run("update shop.reservations set state = 'held' where id = %(bert_order_reservation)s")
    assert stock(world) == (3, 3, 0)
    world.run("update shop.reservations set state = 'taken' where id = %(bert_order_reservation)s")
    assert stock(world) == (0, 0, 0)
    sale = "select quantity from shop.stock_movements where order_id = %(bert_order)s and reason = 'sale'"
    assert world.run(sale).fetchall() == [(-3,)]


def test_a_variant_has_empty_stock_from_its_first_moment(world: World) -> None:
    world.keep(
        "blue", "insert into shop.product_variants (product_id, name, sku) values (%(apple)s, 'b', 'b') returning id"
    )
    assert world.run("select on_hand, reserved from shop.stock where variant_id = %(blue)s").fetchall() == [(0, 0)]


def test_a_movement_remembers_who_made_it(world: World) -> None:
    world.act_as("staff", "staff")
    world.run(
        "insert into shop.stock_movements (variant_id, quantity, reason) values (%(apple_variant)s, 5, 'delivery')"
    )
    newest = "select actor_id from shop.stock_movements where variant_id = %(apple_variant)s order by id desc limit 1"
    assert world.value(newest) == world.ids["staff"]

"""Parcels, cancelled parts, notes and backorders: what nobody can store, the owner neither."""

import pytest

from tests.db.world import World

pytestmark = pytest.mark.usefixtures("audit")
SHIP = """insert into shop.shipment_items (shipment_id, order_item_id, quantity)
values (%(parcel)s, %({})s, {})"""
LINE = "update shop.order_items set {} where id = %(anna_order_item)s"
NOTE = "insert into shop.order_notes (order_id, text, is_private, author) values (%(anna_order)s, {}, {}, '{}')"


@pytest.fixture(autouse=True)
def parcel(world: World) -> None:
    world.keep("parcel", "insert into shop.shipments (order_id) values (%(anna_order)s) returning id")


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("order_items_ship_what_is_not_cancelled", SHIP.format("anna_order_item", 3)),
        ("shipment_items_quantity_is_positive", SHIP.format("anna_order_item", 0)),
        ("shipment_items_are_of_the_order", SHIP.format("bert_order_item", 1)),
        ("order_items_ship_what_is_not_cancelled", LINE.format("shipped_quantity = 3")),
        ("order_items_ship_what_is_not_cancelled", LINE.format("shipped_quantity = -1")),
        ("order_items_returned_include_cancelled", LINE.format("cancelled_quantity = 1")),
        ("shipments_carrier_length", "update shop.shipments set carrier = repeat('x', 101)"),
        ("shipments_tracking_number_length", "update shop.shipments set tracking_number = repeat('x', 101)"),
        ("order_notes_text_length", NOTE.format("' '", "false", "staff")),
        ("order_notes_text_length", NOTE.format("repeat('x', 2001)", "false", "staff")),
        ("order_notes_private_ones_are_staffs", NOTE.format("'x'", "true", "customer")),
        ("settings_capture_method_is_known", "update shop.settings set capture_method = 'perhaps'"),
        ("payments_capture_method_is_known", "update shop.payments set capture_method = 'perhaps'"),
        ("stock_movements_note_length", """insert into shop.stock_movements (variant_id, quantity, reason, note)
          values (%(apple_variant)s, 1, 'correction', repeat('x', 501))"""),
    ],
)  # fmt: skip
def test_the_rule_refuses(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


def test_what_left_has_left_and_what_is_cancelled_stays(world: World) -> None:
    world.run(SHIP.format("anna_order_item", 1))
    for statement in ("update shop.shipment_items set quantity = 2", "delete from shop.shipment_items",
                      "truncate shop.shipment_items"):  # fmt: skip
        assert world.refusal(statement) == "shipment_items_append_only"
    world.run(LINE.format("returned_quantity = 1, cancelled_quantity = 1"))
    world.keep("second", "insert into shop.shipments (order_id) values (%(anna_order)s) returning id")
    assert world.refusal(SHIP.replace("parcel", "second").format("anna_order_item", 1)) == (
        "order_items_ship_what_is_not_cancelled"
    )


def test_more_than_there_is_only_where_staff_allows_it(world: World) -> None:
    move = (
        "insert into shop.stock_movements (variant_id, quantity, reason) values (%(apple_variant)s, -20, 'correction')"
    )
    allow = "update shop.stock set is_backorderable = {} where variant_id = %(apple_variant)s"
    assert world.refusal(move) == "stock_is_sufficient"
    world.run(allow.format("true"))
    assert world.refusal("update shop.stock set on_hand = 99, is_backorderable = true") == "stock_equals_its_ledger"
    world.run(move)
    assert world.refusal(allow.format("false")) in ("stock_is_sufficient", "stock_on_hand_not_negative")
    world.run(
        "insert into shop.stock_movements (variant_id, quantity, reason) values (%(apple_variant)s, 20, 'delivery')"
    )
    world.run(allow.format("false"))

"""The catalogue: a tree without rings, prices that are none below nothing, one SKU for one thing, honest averages."""

from typing import Any

import pytest

from tests.db.world import World

pytestmark = pytest.mark.usefixtures("audit")
VARIANT = "insert into shop.product_variants (product_id, name, sku, price_modifier) values (%(apple)s, 'v', "
CATEGORY = "insert into shop.categories (name, slug, parent_id) values (%(name)s, %(name)s, %(parent)s) returning id"
MODIFY = "update shop.product_variants set price_modifier ="
ATTRIBUTES, RED = "update shop.product_variants set attributes = '", "' where sku = 'red'"
APPLE = "where id = %(apple)s"


@pytest.fixture
def tree(world: World) -> World:
    """food > fruit > stone-fruit, with apples among the fruit."""
    parent: Any = None
    for name in ("food", "fruit", "stone-fruit"):
        parent = world.keep(name, CATEGORY, name=name, parent=parent)
    world.run(f"update shop.products set category_id = %(fruit)s {APPLE}")
    return world


@pytest.mark.parametrize(
    ("child", "parent"), [("food", "food"), ("food", "fruit"), ("food", "stone-fruit"), ("fruit", "stone-fruit")]
)
def test_a_category_is_never_inside_itself(tree: World, child: str, parent: str) -> None:
    move = f"update shop.categories set parent_id = %({parent})s where id = %({child})s"
    assert tree.refusal(move) == "categories_tree_has_no_cycle"


def test_a_category_moves_within_the_tree(tree: World) -> None:
    assert tree.run("update shop.categories set parent_id = %(food)s where slug = 'stone-fruit'").rowcount == 1
    assert tree.run("update shop.categories set parent_id = null where slug = 'fruit'").rowcount == 1


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("categories_parent_id_fkey", "delete from shop.categories where id = %(food)s"),
        ("products_category_id_fkey", "delete from shop.categories where slug = 'fruit'"),
        ("categories_name_key", "update shop.categories set name = 'food' where slug = 'fruit'"),
        ("categories_slug_key", "update shop.categories set slug = 'food' where slug = 'fruit'"),
        ("categories_slug_is_a_slug", "update shop.categories set slug = 'Fruit & more' where slug = 'fruit'"),
        ("categories_name_length", "update shop.categories set name = '  ' where slug = 'fruit'"),
    ],
)
def test_the_tree_keeps_what_hangs_in_it(tree: World, rule: str, statement: str) -> None:
    if rule == "products_category_id_fkey":
        tree.run("delete from shop.categories where slug = 'stone-fruit'")
    assert tree.refusal(statement) == rule


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("products_price_not_negative", f"update shop.products set price = -0.01 {APPLE}"),
        ("products_compare_price_not_negative", f"update shop.products set compare_price = -1 {APPLE}"),
        ("products_cost_price_not_negative", f"update shop.products set cost_price = -1 {APPLE}"),
        ("products_name_length", f"update shop.products set name = ' ' {APPLE}"),
        ("products_slug_key", f"update shop.products set slug = 'secret' {APPLE}"),
        ("products_slug_is_a_slug", f"update shop.products set slug = 'a--b' {APPLE}"),
        ("products_sku_key", f"update shop.products set sku = 'SECRET' {APPLE}"),
        ("products_sku_length", f"update shop.products set sku = '' {APPLE}"),
        ("products_reviews_add_up", f"update shop.products set rating_total = 6, review_count = 1 {APPLE}"),
        ("product_variants_price_not_negative", VARIANT + "'v', -10.01)"),
        (
            "product_variants_price_not_negative",
            "update shop.product_variants set price_modifier = -11 where sku = 'red'",
        ),
        ("product_variants_price_not_negative", f"update shop.products set price = 1 {APPLE}"),
        ("product_variants_sku_key", VARIANT + "'RED', 0)"),
        # The hidden variant bears the product's SKU: a variant of another product can't have it.
        ("product_variants_sku_key", VARIANT + "'Secret', 0)"),
        ("product_variants_sku_key", f"update shop.products set sku = 'red' {APPLE}"),
        (
            "product_variants_one_default",
            """insert into shop.product_variants (product_id, name, sku, is_default)
            values (%(apple)s, 'second', 'second', true)""",
        ),
        (
            "product_variants_default_costs_the_same",
            f"{MODIFY} 1 where id = %(apple_variant)s",
        ),
        (
            "product_variants_attributes_is_object",
            "update shop.product_variants set attributes = '[]' where id = %(apple_variant)s",
        ),
        ("product_variants_attributes_are_plain", ATTRIBUTES + '{"size": ["s", "m"]}' + RED),
        ("product_variants_attributes_are_plain", ATTRIBUTES + '{"size": null}' + RED),
        ("products_barcode_length", f"update shop.products set barcode = ' ' {APPLE}"),
        ("products_measures_are_positive", f"update shop.products set weight = 0 {APPLE}"),
        ("products_measures_are_positive", f"update shop.products set height = -1, weight = 2 {APPLE}"),
        ("products_meta_length", f"update shop.products set meta_title = repeat('x', 256) {APPLE}"),
        ("products_low_stock_threshold_not_negative", f"update shop.products set low_stock_threshold = -1 {APPLE}"),
        ("products_deleted_is_not_active", f"update shop.products set deleted_at = now() {APPLE}"),
        ("product_images_one_primary", "update shop.product_images set is_primary = true where product_id = %(apple)s"),
        ("product_images_image_is_a_path", "update shop.product_images set image = '/media/../etc/passwd'"),
        ("product_images_image_is_a_path", "update shop.product_images set image = 'https://elsewhere.example/a.svg'"),
        ("reviews_one_per_customer_and_product", "update shop.reviews set customer_id = %(bert)s"),
        ("reviews_rating_is_1_to_5", "update shop.reviews set rating = 6"),
        ("reviews_rating_is_1_to_5", "update shop.reviews set rating = 0"),
    ],
)
def test_the_rule_refuses(world: World, rule: str, statement: str) -> None:
    world.run(VARIANT + "'red', -5)")
    world.run("insert into shop.product_images (product_id, image) values (%(apple)s, '/media/b.svg')")
    assert world.refusal(statement) == rule


def test_averages_count_approved_reviews_and_only_those(world: World) -> None:
    def seen() -> tuple[Any, ...]:
        average = world.value(f"select average_rating::text from shop.products {APPLE}")
        return world.value(f"select review_count from shop.products {APPLE}"), average

    assert seen() == (0, None)
    world.run("update shop.reviews set is_approved = true where product_id = %(apple)s")
    assert seen() == (2, "4.0")
    world.run("update shop.reviews set rating = 1 where id = %(bert_review)s")
    # What was edited is read again before it counts.
    assert seen() == (1, "4.0")
    world.run("update shop.reviews set is_approved = true where id = %(bert_review)s")
    assert seen() == (2, "2.5")
    world.run("delete from shop.reviews where id = %(anna_review)s")
    assert seen() == (1, "1.0")


def test_the_default_variant_is_sold_only_while_it_is_alone(world: World) -> None:
    active = "select is_active from shop.product_variants where id = %(apple_variant)s"
    assert world.value(active) is True
    world.run(VARIANT + "'red', 0)")
    assert world.value(active) is False
    world.run("delete from shop.product_variants where sku = 'red'")
    assert world.value(active) is True


def test_the_default_variant_follows_the_products_sku(world: World) -> None:
    world.run(f"update shop.products set sku = 'Apple-2' {APPLE}")
    assert world.value("select sku from shop.product_variants where id = %(apple_variant)s") == "Apple-2"


def test_a_deleted_product_is_put_away_with_all_that_is_its(world: World) -> None:
    world.run("delete from shop.products where id = %(apple)s")
    gone = "select is_active or deleted_at is null from shop.products where id = %(apple)s"
    assert world.value(gone) is False
    deleted_at = world.value(f"select deleted_at from shop.products {APPLE}")
    world.run("delete from shop.products where id = %(apple)s")
    assert world.value(f"select deleted_at from shop.products {APPLE}") == deleted_at
    assert world.value("select count(*) from shop.order_items where product_id = %(apple)s") == 2
    assert world.value("select count(*) from shop.reviews where product_id = %(apple)s") == 2
    assert world.value("select on_hand from shop.stock where variant_id = %(apple_variant)s") > 0
    again = "insert into shop.products (name, slug, price, sku) values ('Apple', %(slug)s, 1, %(sku)s)"
    assert world.refusal(again, slug="other", sku="APPLE") == "products_sku_key"
    assert world.refusal(again, slug="apple", sku="other") == "products_slug_key"
    assert world.refusal(f"update shop.products set is_active = true {APPLE}") == "products_deleted_is_not_active"
    world.run(f"update shop.products set deleted_at = null, is_active = true {APPLE}")


def test_a_deleted_product_does_not_keep_its_category(world: World) -> None:
    world.keep("shelf", "insert into shop.categories (name, slug) values ('Shelf', 'shelf') returning id")
    world.run(f"update shop.products set category_id = %(shelf)s {APPLE}")
    assert world.refusal("delete from shop.categories where id = %(shelf)s") == "products_category_id_fkey"
    world.run("delete from shop.products where id = %(apple)s")
    world.run("delete from shop.categories where id = %(shelf)s")
    assert world.value(f"select category_id from shop.products {APPLE}") is None


def test_a_purchase_is_verified_by_what_was_paid_and_by_nothing_else(world: World) -> None:
    verified = "select is_verified_purchase from shop.reviews where id = %(who)s"
    # anna wrote before she paid, and bert has not paid.
    for who in ("anna_review", "bert_review"):
        world.run("update shop.reviews set is_approved = true, is_verified_purchase = true where id = %(who)s",
                  who=world.ids[who])  # fmt: skip
    assert world.value(verified, who=world.ids["anna_review"]) is True
    assert world.value(verified, who=world.ids["bert_review"]) is False

"""People: one cart, one default address of a kind, one account an address, and no password that could be read."""

import pytest

from tests.db.world import World

pytestmark = pytest.mark.usefixtures("audit")
ADDRESS = """insert into shop.addresses
(customer_id, address_line1, city, postal_code, country, address_type, is_default)
values (%(anna)s, '2 Low Street', 'York', 'YO2', 'UK', %(kind)s, true) returning id"""
DEFAULTS = """select array_agg(address_type || ' ' || address_line1 order by address_type) from shop.addresses
where customer_id = %(anna)s and is_default"""


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("carts_one_per_customer", "insert into shop.carts (customer_id) values (%(anna)s)"),
        ("cart_items_one_line_a_variant", "insert into shop.cart_items"
         " (cart_id, product_id, variant_id, price_snapshot) values (%(anna_cart)s, %(apple)s, %(apple_variant)s, 1)"),
        ("cart_items_quantity_is_positive", "update shop.cart_items set quantity = 0"),
        ("cart_items_quantity_not_too_large", "update shop.cart_items set quantity = 100001"),
        ("cart_items_price_snapshot_not_negative", "update shop.cart_items set price_snapshot = -1"),
        ("customer_prices_price_not_negative", "update shop.customer_prices set price = -1"),
        ("customers_email_key", "update shop.customers set email = 'bert@example.com' where id = %(anna)s"),
        ("customers_email_is_lower_case", "update shop.customers set email = 'Anna@example.com' where id = %(anna)s"),
        ("customers_email_is_an_address", "update shop.customers set email = 'anna' where id = %(anna)s"),
        ("customers_has_an_email_unless_guest", "update shop.customers set email = null where id = %(anna)s"),
        ("customers_phone_number_is_a_number", "update shop.customers set phone_number = 'ring me'"),
        ("customers_date_of_birth_in_the_past", "update shop.customers set date_of_birth = now()::date + 1"),
        ("addresses_type_is_known", "update shop.addresses set address_type = 'holiday'"),
        ("addresses_line1_length", "update shop.addresses set address_line1 = ' '"),
        ("accounts_password_is_hashed", "update auth.accounts set password_hash = 'hunter2'"),
        ("accounts_role_is_known", "update auth.accounts set role = 'owner'"),
        ("accounts_id_fkey", "insert into auth.accounts (id) values (gen_random_uuid())"),
        ("sessions_counter_not_negative", "update auth.sessions set counter = -1"),
        ("one_time_tokens_hash_is_sha256", "insert into auth.one_time_tokens values"
         " ('short', %(anna)s, 'verify_email', 'anna@example.com', now())"),
        ("settings_is_one_row", "insert into shop.settings (is_only_row) values (false)"),
        ("settings_pkey", "insert into shop.settings default values"),
        ("settings_currency_is_iso_code", "update shop.settings set currency = '£'"),
        ("shipping_methods_one_default", "insert into shop.shipping_methods (code, name, price, is_default)"
         " values ('fast', 'Fast', 1, true)"),
        ("tax_rates_one_default", "insert into shop.tax_rates (name, rate, is_default) values ('other', 0.1, true)"),
        ("tax_rates_rate_is_a_fraction", "update shop.tax_rates set rate = 20"),
        ("outbox_topic_is_dotted", "insert into shop.outbox (topic, payload) values ('mail', '{}')"),
        ("outbox_payload_is_object", "insert into shop.outbox (topic, payload) values ('mail.sent', '[]')"),
    ],
)  # fmt: skip
def test_the_rule_refuses(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


def test_a_new_default_address_takes_the_place_of_the_old_one_of_its_kind(world: World) -> None:
    assert world.value(DEFAULTS) == ["shipping 1 High Street"]
    world.run(ADDRESS, kind="billing")
    assert world.value(DEFAULTS) == ["billing 2 Low Street", "shipping 1 High Street"]
    world.run(ADDRESS, kind="shipping")
    assert world.value(DEFAULTS) == ["billing 2 Low Street", "shipping 2 Low Street"]
    world.run("update shop.addresses set is_default = true where id = %(anna_address)s")
    assert world.value(DEFAULTS) == ["billing 2 Low Street", "shipping 1 High Street"]


def test_others_keep_their_default_address(world: World) -> None:
    world.run(ADDRESS, kind="shipping")
    assert world.value("select is_default from shop.addresses where id = %(bert_address)s") is True


def test_everybody_has_a_cart_from_the_first_moment(world: World) -> None:
    world.keep("carla", "insert into shop.customers (is_guest) values (true) returning id")
    assert world.value("select count(*) from shop.carts where customer_id = %(carla)s") == 1


def test_every_change_of_a_line_makes_a_new_version_of_the_cart(world: World) -> None:
    version = "select version from shop.carts where id = %(anna_cart)s"
    before = world.value(version)
    world.run("update shop.cart_items set quantity = 2 where id = %(anna_line)s")
    world.run("delete from shop.cart_items where id = %(anna_line)s")
    assert world.value(version) == before + 2


def test_who_leaves_without_an_order_leaves_nothing_behind(world: World) -> None:
    world.run("insert into shop.reviews (product_id, customer_id, rating) values (%(apple)s, %(admin)s, 5)")
    world.run("delete from shop.customers where id = %(admin)s")
    for table in ("auth.accounts where id", "auth.sessions where account_id", "shop.carts where customer_id",
                  "shop.reviews where customer_id"):  # fmt: skip
        assert world.value(f"select count(*) from {table} = %(admin)s") == 0, table


def test_updated_at_is_kept_by_the_table(world: World) -> None:
    world.run("update shop.customers set first_name = 'A', updated_at = '2001-01-01' where id = %(anna)s")
    assert (
        world.value("select updated_at > now() - interval '1 minute' from shop.customers where id = %(anna)s") is True
    )

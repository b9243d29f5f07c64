"""People, goods and orders made by SQL in somebody's transaction, and ways to act among them."""

import json
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.conftest import ADDRESS


@dataclass
class World:
    """The connection, and what was made: `ids` by name, for statements with `%(name)s`."""

    connection: psycopg.Connection[Any]
    ids: dict[str, Any] = field(default_factory=dict)

    def act_as(self, role: str, person: str | None = None) -> None:
        """Become a role with the claims of a person, as PostgREST does; `owner` and the services have none."""
        claims = {"role": role, **({"sub": str(self.ids[person])} if person else {})}
        self.connection.execute("reset role")
        self.connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        self.connection.execute(f"set local role {role}")

    def run(self, statement: str, /, **more: Any) -> psycopg.Cursor[Any]:
        return self.connection.execute(statement, {**self.ids, **more})

    def value(self, statement: str, /, **more: Any) -> Any:
        row = self.run(statement, **more).fetchone()
        assert row, f"no row: {statement}"
        return row[0]

    def keep(self, name: str, statement: str, /, **more: Any) -> Any:
        """Remember what a statement returns."""
        self.ids[name] = self.value(statement, **more)
        return self.ids[name]

    def refusal(self, statement: str, /, **more: Any) -> str:
        """The rule that refuses a statement now or at commit, or its SQLSTATE when there is no rule."""
        with pytest.raises(psycopg.Error) as refused, self.connection.transaction():
            self.run(statement, **more)
            self.connection.execute("set constraints all immediate")
        return refused.value.diag.constraint_name or str(refused.value.sqlstate)


def make_person(world: World, name: str, role: str = "customer") -> None:
    world.keep(name, "insert into shop.customers (email) values (%(email)s) returning id", email=f"{name}@example.com")
    world.run(f"insert into auth.accounts (id, role) values (%({name})s, %(role)s)", role=role)
    world.keep(
        f"{name}_session",
        f"""insert into auth.sessions (account_id, expires_at)
        values (%({name})s, now() + interval '1 day') returning id""",
    )
    world.keep(f"{name}_cart", f"select id from shop.carts where customer_id = %({name})s")


def make_product(world: World, name: str, price: str = "10.00", stock: int = 10, *, is_active: bool = True) -> None:
    """With its default variant and a first delivery."""
    world.keep(
        name,
        """insert into shop.products (name, slug, price, sku, is_active)
        values (%(name)s, %(name)s, %(price)s, %(name)s, %(is_active)s) returning id""",
        name=name, price=price, is_active=is_active,
    )  # fmt: skip
    world.keep(f"{name}_variant", f"select id from shop.product_variants where product_id = %({name})s")
    world.keep(
        f"{name}_movement",
        f"""insert into shop.stock_movements (variant_id, quantity, reason)
        values (%({name}_variant)s, %(stock)s, 'initial') returning id""",
        stock=stock,
    )
    world.keep(
        f"{name}_image",
        f"insert into shop.product_images (product_id, image) values (%({name})s, '/media/a.svg') returning id",
    )


def make_order(world: World, person: str, name: str, quantity: int) -> None:
    """Through checkout itself: a pending order of apples with reservation and payment."""
    world.act_as("owner", person)
    world.run("select api.add_to_cart(%(apple)s, quantity => %(quantity)s)", quantity=quantity)
    world.keep(name, "select (api.checkout(%(address)s)).id", address=json.dumps(ADDRESS))
    world.keep(f"{name}_item", f"select id from shop.order_items where order_id = %({name})s")
    world.keep(f"{name}_history", f"select id from shop.order_status_history where order_id = %({name})s")
    world.keep(f"{name}_reservation", f"select id from shop.reservations where order_id = %({name})s")
    world.keep(f"{name}_payment", f"select id from shop.payments where order_id = %({name})s")
    world.keep(f"{name}_outbox", "select id from shop.outbox where payload ->> 'order_id' = %(order)s",
               order=str(world.ids[name]))  # fmt: skip


def pay(world: World, name: str) -> None:
    """What a webhook does: the intent has succeeded, the order is confirmed, its stock taken."""
    world.run(
        f"""update shop.payments set intent_id = 'pi_' || order_id, status = 'succeeded', captured_amount = amount
        where order_id = %({name})s"""
    )
    world.run(f"select logic.confirm_order(%({name})s, 'paid')")


def fill(world: World, person: str) -> None:
    """An address, a review, a wish, an agreed price, a line in the cart and a checkout's key."""
    world.keep(
        f"{person}_address",
        f"""insert into shop.addresses (customer_id, address_line1, city, postal_code, country, is_default)
        values (%({person})s, '1 High Street', 'York', 'YO1', 'UK', true) returning id""",
    )
    world.keep(
        f"{person}_review",
        f"insert into shop.reviews (product_id, customer_id, rating) values (%(apple)s, %({person})s, 4) returning id",
    )
    world.run(
        f"insert into shop.customer_prices (customer_id, variant_id, price) values (%({person})s, %(apple_variant)s, 9)"
    )
    world.run(f"insert into shop.wishlist_items (customer_id, product_id) values (%({person})s, %(apple)s)")
    world.keep(f"{person}_line", "select (api.add_to_cart(%(apple)s, quantity => 1)).id")
    world.keep(
        f"{person}_key",
        f"select key from shop.idempotency_keys where order_id = %({person}_order)s",
    )

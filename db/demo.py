"""The demo shop: accounts, a tree of categories, products with variants, pictures and stock, and reviews.

Never part of a migration. What is there already stays, so that it may be loaded again.
"""

import random
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from db.drawings import SEED, Drawings

Record = dict[str, Any]


class Account(NamedTuple):
    """Whom a visitor of the demo shop may be. The passwords are public, which is why production has no demo."""

    email: str
    password: str
    role: str


def read(name: str) -> Record:
    """A file of db/seed."""
    with (SEED / name).open("rb") as file:
        return tomllib.load(file)


@lru_cache
def accounts() -> list[Account]:
    """The demo accounts, one of each role."""
    return [Account(entry["email"], entry["password"], entry["role"]) for entry in read("shop.toml")["accounts"]]


def is_empty(database_url: str) -> bool:
    """Whether the shop has no product yet. Raises psycopg.Error."""
    with psycopg.connect(database_url) as connection:
        return connection.execute("select from shop.products limit 1").fetchone() is None


def seed(database_url: str, media: Path) -> dict[str, int]:
    """Load the demo shop in one transaction, as the owner. Returns how much of each was new. Raises psycopg.Error."""
    shop, catalog = read("shop.toml"), read("catalog.toml")
    drawings = Drawings(media, shop["palettes"])
    with psycopg.connect(database_url) as connection:
        return {
            "accounts": add_accounts(connection, shop["accounts"]),
            "categories": add_categories(connection, catalog, drawings),
            **add_products(connection, [*products(catalog)], drawings),
            "reviews": add_reviews(connection, shop),
        }


def count(connection: psycopg.Connection, statement: str, rows: list[Record]) -> int:
    """Run a statement over `rows`, which it finds as the JSON array `%(rows)s`; how many rows it made."""
    return connection.execute(statement, {"rows": Jsonb(rows)}).rowcount


def add_accounts(connection: psycopg.Connection, entries: list[Record]) -> int:
    """The accounts that are not there yet."""
    # Late, since a second start needs neither argon2 nor the service's code.
    from extensions.passwords import hash_password  # noqa: PLC0415

    made = 0
    for entry in entries:
        known = connection.execute("select from shop.customers where email = %s", [entry["email"]]).fetchone()
        if known is None:
            hashed = {**entry, "password": hash_password(entry["password"])}
            connection.execute(
                "select logic.create_user(%(email)s, %(password)s, %(role)s, %(first_name)s, %(last_name)s)", hashed
            )
            made += 1
    return made


def add_categories(connection: psycopg.Connection, catalog: Record, drawings: Drawings) -> int:
    """Departments, and the shelves in them."""
    statement = """
        insert into shop.categories (name, slug, description, image, parent_id)
        select name, logic.slug(name), text, image, (select p.id from shop.categories p where p.name = parent)
        from jsonb_to_recordset(%(rows)s) as r (name text, text text, image text, parent text)
        on conflict do nothing"""

    def row(entry: Record, parent: str | None = None) -> Record:
        text = entry.get("text", f"{entry['name']} for every day.")
        return {"name": entry["name"], "text": text, "image": drawings.draw(*entry["picture"]), "parent": parent}

    departments = catalog["departments"]
    shelves = [row(shelf, parent["name"]) for parent in departments for shelf in parent["shelves"]]
    return count(connection, statement, [row(entry) for entry in departments]) + count(connection, statement, shelves)


def products(catalog: Record) -> Iterator[Record]:
    """Every product of the catalog with its shelf."""
    for department in catalog["departments"]:
        for shelf in department["shelves"]:
            for entry in shelf["products"]:
                yield {"was": None, "featured": False, **entry, "shelf": shelf["name"]}


def variants(entry: Record) -> list[Record]:
    """A variant for each colour and size; none when there is nothing to choose."""
    colours, sizes = entry["colours"], entry.get("sizes", [None])
    if len(colours) * len(sizes) == 1:
        return []
    return [
        {
            "sku": f"{entry['sku']}-{number:02}",
            "product": entry["sku"],
            "name": " / ".join(filter(None, (colour, size))),
            "plus": entry.get("plus", {}).get(size, "0.00"),
            "attributes": {"color": colour, **({"size": size} if size else {})},
            "stock": entry["stock"],
        }
        for number, (colour, size) in enumerate(product(colours, sizes), start=1)
    ]


def add_products(connection: psycopg.Connection, entries: list[Record], drawings: Drawings) -> dict[str, int]:
    """Products whose SKU and slug are free, with all that hangs on them."""
    new = connection.execute(
        """
        insert into shop.products (name, slug, sku, price, compare_price, brand, description, is_featured, category_id)
        select name, logic.slug(name), sku, price, was, brand, text, featured,
          (select c.id from shop.categories c where c.name = shelf)
        from jsonb_to_recordset(%s) as r (name text, sku text, price numeric, was numeric, brand text, text text,
          featured boolean, shelf text)
        on conflict do nothing returning sku""",
        [Jsonb(entries)],
    ).fetchall()
    skus = {row[0] for row in new}
    fresh = [entry for entry in entries if entry["sku"] in skus]
    choices = [variant for entry in fresh for variant in variants(entry)]
    count(
        connection,
        """
        insert into shop.product_variants (product_id, name, sku, price_modifier, attributes)
        select p.id, r.name, r.sku, r.plus, r.attributes
        from jsonb_to_recordset(%(rows)s) as r (product text, name text, sku text, plus numeric, attributes jsonb)
        join shop.products p on p.sku = r.product""",
        choices,
    )
    count(
        connection,
        """
        insert into shop.stock_movements (variant_id, quantity, reason)
        select v.id, r.stock, 'initial'
        from jsonb_to_recordset(%(rows)s) as r (sku text, stock integer)
        join shop.product_variants v on v.sku = r.sku and v.is_active
        where r.stock > 0""",
        choices + fresh,
    )
    pictures = [
        {
            "product": entry["sku"],
            "image": drawings.draw(entry["draw"], colour),
            "alt": f"{entry['name']} in {colour.lower()}",
            "number": number,
        }
        for entry in fresh
        for number, colour in enumerate(entry["colours"])
    ]
    drawn = count(
        connection,
        """
        insert into shop.product_images (product_id, image, alt_text, is_primary, sort_order)
        select p.id, r.image, r.alt, r.number = 0, r.number
        from jsonb_to_recordset(%(rows)s) as r (product text, image text, alt text, number integer)
        join shop.products p on p.sku = r.product""",
        pictures,
    )
    return {"products": len(fresh), "variants": len(choices), "images": drawn}


def add_reviews(connection: psycopg.Connection, shop: Record) -> int:
    """Opinions of people without an account; the same ones at every run, since chance is seeded."""
    names = shop["reviewers"]["names"]
    people = [{"first": name.split()[0], "last": name.split()[1]} for name in names]
    count(
        connection,
        """
        insert into shop.customers (email, first_name, last_name, is_email_verified)
        select lower(first || '.' || last || '@reviewers.example'), first, last, true
        from jsonb_to_recordset(%(rows)s) as r (first text, last text)
        on conflict do nothing""",
        people,
    )
    chance = random.Random(8000)  # noqa: S311 it decides who likes what, no more
    reviews = []
    for entry in products(read("catalog.toml")):
        likes = [5, 5, 5, 4, 4, 3] if entry["featured"] else [5, 5, 4, 4, 3, 2]
        for name in chance.sample(names, chance.randint(4, 9) if entry["featured"] else chance.randint(0, 6)):
            rating = chance.choice(likes)
            title, comment = chance.choice(shop["opinions"][str(rating)])
            reviews.append(
                {
                    "product": entry["sku"],
                    "email": f"{name.replace(' ', '.').lower()}@reviewers.example",
                    "rating": rating,
                    "title": title,
                    "comment": comment,
                    "days": chance.randint(1, 300),
                }
            )
    return count(
        connection,
        """
        insert into shop.reviews (product_id, customer_id, rating, title, comment, is_approved, created_at)
        select p.id, c.id, r.rating, r.title, r.comment, true, now() - make_interval(days => r.days)
        from jsonb_to_recordset(%(rows)s)
          as r (product text, email text, rating smallint, title text, comment text, days integer)
        join shop.products p on p.sku = r.product
        join shop.customers c on c.email = r.email
        on conflict do nothing""",
        reviews,
    )

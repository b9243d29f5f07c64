"""A large catalogue, generated: for tests of plans, and by `python -m bench.catalogue` for a running shop."""

import argparse
import json
from pathlib import Path

import psycopg
from rich.console import Console
from rich.progress import track

from db.bootstrap import with_login

# Indexes are built anew afterwards, several times faster than row by row; what is unique or small stays.
INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
where indrelid in ('shop.products'::regclass, 'shop.product_variants'::regclass, 'shop.reviews'::regclass)
  and not indisunique
"""


def fill(superuser_url: str, count: int) -> None:
    """Add `count` products with all that belongs to them, committed, vacuumed and analysed. Raises psycopg.Error."""
    # Between blank lines stands what can be done at once.
    statements = Path(__file__).with_name("catalogue.sql").read_text().format(count=count).split("\n\n")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("set work_mem = '64MB'")
        connection.execute("set maintenance_work_mem = '128MB'")
        with connection.transaction():
            indexes = connection.execute(INDEXES).fetchall()
            for name, _ in indexes:
                connection.execute(f"drop index {name}")
            steps = [*statements, *(definition for _, definition in indexes)]
            for step in track(steps, f"{count:,} products", console=Console(stderr=True)):
                connection.execute(step)
        connection.execute("vacuum (analyze)")


def superuser(state: Path) -> str:
    """URL of the superuser of a running shop with an embedded server."""
    stack = json.loads((state / "stack.json").read_text())
    password = json.loads((state / "secrets.json").read_text())["superuser"]
    return with_login(stack["urls"]["database_url"], "postgres", password)


def main() -> None:
    """Fill the shop that runs in a state folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".pgshop"))
    parser.add_argument("--products", type=int, default=1_000_000)
    options = parser.parse_args()
    fill(superuser(options.state), options.products)


if __name__ == "__main__":
    main()

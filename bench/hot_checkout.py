"""The shop's own checkout of one product: `python -m bench.hot_checkout --state DIR`, in a shop to throw away.

Customers put one into the cart and check out, by pgbench as their role: all the same product, and by turns each a
product of their own. The ratio says what standing in line for one row of stock costs; nothing that spreads a product
over more rows can win more. Leaves its orders behind.
"""

import argparse
import json
import os
import uuid
from pathlib import Path

import psycopg

from bench.catalogue import superuser
from bench.hot_stock import rate

CLIENTS = (1, 4, 8, 16)
ADDRESS = {
    "first_name": "Ada", "last_name": "Hall", "address_line1": "1 Mill Lane", "city": "York", "postal_code": "YO1",
    "country": "UK",
}  # fmt: skip
AS = """begin;
select set_config('request.jwt.claims', json_build_object('role', 'customer', 'sub', '{customer}')::text, true);
set local role customer;
{act};
commit;
"""


def sell(url: str, customers: list[str], products: list[str], seconds: int) -> float:
    """Orders a second."""
    script = ""
    for client, (customer, product) in enumerate(zip(customers, products, strict=True)):
        add = AS.format(customer=customer, act=f"select api.add_to_cart('{product}', quantity => 1)")
        buy = AS.format(customer=customer, act=f"select api.checkout('{json.dumps(ADDRESS)}')")
        script += f"\\if :client_id = {client}\n{add}{buy}\\endif\n"
    return rate(url, script, "-c", str(len(customers)), "-T", str(seconds))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".pgshop"))
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    url = superuser(options.state)
    print(f"load {os.getloadavg()[0]:.0f}, {os.cpu_count()} cores, {options.seconds} s each\n")
    print("| clients | one product | a product each | ratio |\n|---|---|---|---|")
    with psycopg.connect(url, autocommit=True) as database:
        for count in CLIENTS:
            customers, products = [], []
            for _ in range(count):
                name = uuid.uuid4().hex
                made = database.execute(
                    "insert into shop.customers (email) values (%s) returning id::text", [f"{name}@example.com"]
                ).fetchone()
                goods = database.execute(
                    "insert into shop.products (name, slug, price, sku) values (%s, %s, 10, %s) returning id::text",
                    [name] * 3,
                ).fetchone()
                assert made and goods  # noqa: S101 they were just inserted
                customers.append(made[0])
                products.append(goods[0])
            database.execute("insert into auth.accounts (id, role) select unnest(%s::uuid[]), 'customer'", [customers])
            database.execute(
                "insert into shop.stock_movements (variant_id, quantity, reason)"
                " select id, 1000000, 'initial' from shop.product_variants where product_id = any(%s::uuid[])",
                [products],
            )
            one = sell(url, customers, products[:1] * count, options.seconds)
            each = sell(url, customers, products, options.seconds)
            print(f"| {count} | {one:.0f} | {each:.0f} | {one / each:.2f} |")


if __name__ == "__main__":
    main()

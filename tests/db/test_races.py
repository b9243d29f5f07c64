"""What two transactions could break that neither breaks alone: the second waits for the first, and is refused."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from db.migrate import migrate

MADE = """
insert into shop.categories (name, slug) values ('one', 'one'), ('two', 'two');
insert into shop.products (name, slug, price, sku) values ('mug', 'mug', 10, 'mug');
insert into shop.product_variants (product_id, name, sku) select id, 'red', 'mug-red' from shop.products;
insert into shop.stock_movements (variant_id, quantity, reason)
select id, 5, 'initial' from shop.product_variants where sku = 'mug-red';
insert into shop.customers (email) values ('anna@example.com');
"""
UNDER = (
    """update shop.categories set parent_id = (select id from shop.categories where slug = '{}') where slug = '{}'"""
)
TAKE = """insert into shop.stock_movements (variant_id, quantity, reason)
select id, -4, 'correction' from shop.product_variants where sku = 'mug-red'"""
DEFAULT = """insert into shop.addresses (customer_id, address_line1, city, postal_code, country, is_default)
select id, '{}', 'York', 'YO1', 'UK', true from shop.customers"""
BAD = {
    "a ring of categories": """select count(*) from shop.categories a join shop.categories b on a.parent_id = b.id
      where b.parent_id = a.id""",
    "a price below nothing": """select count(*) from shop.products p join shop.product_variants v on v.product_id = p.id
      where p.price + v.price_modifier < 0""",
    "more taken than there was": "select count(*) from shop.stock where on_hand < 0",
    "two defaults": "select greatest(count(*) - 1, 0) from shop.addresses where is_default",
}


@pytest.fixture
def url(scratch: Callable[..., Any]) -> Iterator[str]:
    with scratch() as urls:
        migrate(urls["migrator"])
        with psycopg.connect(urls["migrator"], autocommit=True) as connection, connection.transaction():
            connection.execute(MADE)
        yield urls["migrator"]


@pytest.mark.parametrize(
    ("harm", "first", "second"),
    [
        ("a ring of categories", UNDER.format("one", "two"), UNDER.format("two", "one")),
        (
            "a price below nothing",
            "update shop.products set price = 2",
            "update shop.product_variants set price_modifier = -5 where sku = 'mug-red'",
        ),
        (
            "a price below nothing",
            "update shop.product_variants set price_modifier = -5 where sku = 'mug-red'",
            "update shop.products set price = 2",
        ),
        ("more taken than there was", TAKE, TAKE),
        ("two defaults", DEFAULT.format("1 High Street"), DEFAULT.format("2 Low Street")),
    ],
)
def test_the_second_waits_for_the_first_and_is_refused(url: str, harm: str, first: str, second: str) -> None:
    with psycopg.connect(url) as one, psycopg.connect(url) as two, psycopg.connect(url, autocommit=True) as watcher:
        one.execute(first)
        blocked = "select %s = any(pg_blocking_pids(%s))"
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(two.execute, second)
            # Not a sleep: the second has begun to wait, or has ended, before the first commits.
            while not answer.done():
                row = watcher.execute(blocked, [one.info.backend_pid, two.info.backend_pid]).fetchone()
                if row == (True,):
                    break
            assert not answer.done(), "both went through side by side"
            one.commit()
            with pytest.raises(psycopg.errors.IntegrityError):
                answer.result()
        two.rollback()
        assert watcher.execute(BAD[harm]).fetchone() == (0,)


def test_ten_at_once_take_what_there_is_and_no_more(url: str) -> None:
    start = threading.Barrier(10)

    def take() -> bool:
        with psycopg.connect(url) as connection:
            start.wait()
            try:
                connection.execute(TAKE.replace("-4", "-1"))
            except psycopg.errors.CheckViolation:
                return False
            return True

    with ThreadPoolExecutor(10) as pool:
        taken = [done.result() for done in [pool.submit(take) for _ in range(10)]]
    assert sorted(taken) == [False] * 5 + [True] * 5
    with psycopg.connect(url) as connection:
        assert connection.execute("select sum(on_hand) from shop.stock").fetchone() == (0,)

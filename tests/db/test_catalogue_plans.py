"""With 200,000 products or more every way to look for some reads indexes, and little of them; whoever asks."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.catalogue import fill, superuser
from db.migrate import migrate

# `make plans` looks at the million that `make bench-data` has put into a running shop; what may be read grows with it.
STATE = os.environ.get("PLANS_STATE")
PRODUCTS = int(os.environ.get("PLANS_PRODUCTS", "200000"))
GROWN = max(1, PRODUCTS // 200_000)
BIG = {"products", "product_variants", "stock", "stock_movements", "reviews", "order_items", "orders"}
ORDERINGS = ("", "price", "-price", "name", "-name", "created_at", "-created_at", "rating", "-rating", "popularity")
# Each with the buffers that a page of 20 may read: a page of many alike needs hundreds, as do few; where up to 10,000
# are counted and sorted it is one or two each.
FILTERS: dict[str, tuple[dict[str, str], int]] = {
    "nothing": ({}, 1_500),
    "category": ({"category": "aisle-1-shelf-1"}, 4_000),
    "category with those below": ({"category": "aisle-1"}, 2_000),
    "price_min": ({"price_min": "300"}, 1_500),
    "price_max": ({"price_max": "1.5"}, 1_500),
    "a narrow price": ({"price_min": "100", "price_max": "120"}, 15_000),
    "in_stock": ({"in_stock": "true"}, 1_500),
    "is_featured": ({"is_featured": "true"}, 10_000),
    "not is_featured": ({"is_featured": "false"}, 3_000),
    "name": ({"name": "laptop"}, 15_000),
    "a rare name": ({"name": "12345"}, 1_000),
    "search": ({"search": "oak laptop"}, 4_000),
    "a common word": ({"search": "laptop"}, 25_000),
    "a mistyped word": ({"search": "latpop oak"}, 5_000),
    "a SKU": ({"search": "B-00012345"}, 500),
    "brand": ({"brand": "Reed 1"}, 5_000),
    "options": ({"options": "color:Moss"}, 10_000),
    "options of one variant": ({"options": "color:Moss,size:L"}, 10_000),
    "min_rating": ({"min_rating": "4"}, 25_000),
    "many at once": (
        {"search": "laptop", "category": "aisle-1", "price_max": "200", "in_stock": "true", "min_rating": "1"}, 5_000,
    ),
}  # fmt: skip
# What a list of products may execute in all, however long the page is: nothing is asked row by row.
STATEMENTS = 30


@dataclass
class Explained:
    """What one call has executed: its answer, sequential scans of big tables, buffers, and the statements inside it."""

    answer: Any = None
    scans: list[str] = field(default_factory=list)
    buffers: int = 0
    statements: int = 0


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all below it, but for what was never executed."""
    if plan.get("Actual Loops", 0) > 0:
        yield plan
        for below in plan.get("Plans", []):
            yield from nodes(below)


@pytest.fixture(scope="module")
def large(scratch: Callable[..., Any]) -> Iterator[str]:
    """The URL of the superuser of a database with so many products."""
    if STATE:
        yield superuser(Path(STATE))
        return
    with scratch() as urls:
        migrate(urls["migrator"])
        fill(urls["superuser"], PRODUCTS)
        yield urls["superuser"]


@pytest.fixture(scope="module")
def explain(large: str) -> Iterator[Callable[..., Explained]]:
    """`explain(role, sql, parameters)` runs it and tells what the server did, in the functions, too."""
    said: list[str] = []
    with psycopg.connect(large) as connection:
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        connection.execute("load 'auto_explain'")
        for name, value in {
            "log_min_duration": "0", "log_analyze": "on", "log_buffers": "on", "log_timing": "off",
            "log_nested_statements": "on", "log_format": "json", "log_level": "notice",
        }.items():  # fmt: skip
            connection.execute(f"set auto_explain.{name} = '{value}'")
        connection.commit()

        def run(role: str, statement: str, parameters: Any = None) -> Explained:
            connection.execute(f"set local role {role}")
            said.clear()
            row = connection.execute(statement, parameters).fetchone()
            found = Explained(row and row[0])
            connection.rollback()
            for text in said:
                if " plan:" in text:
                    plan = json.loads(text[text.index("{") :])["Plan"]
                    seen = list(nodes(plan))
                    found.statements += bool(seen)
                    found.scans += [n["Relation Name"] for n in seen if n["Node Type"] == "Seq Scan"]
                    # The outermost holds what all within it have read.
                    found.buffers = max(
                        found.buffers, plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
                    )
            found.scans = [table for table in found.scans if table in BIG]
            return found

        # The first call of a connection reads the catalogue of the database, too.
        run("anon", "select v1.list_products()")
        yield run


def listing(explain: Callable[..., Explained], role: str, asked: dict[str, str]) -> Explained:
    names = ", ".join(f"{name} => %({name})s" for name in asked)
    return explain(role, f"select v1.list_products({names})", asked)


def test_what_was_generated_is_what_triggers_would_have_written(large: str) -> None:
    look = """select p.id, p.is_in_stock, p.options, p.option_pairs, p.search_document, p.review_count, p.rating_total
        from shop.products p where p.slug = any (%s) order by p.id"""
    some = [f"item-{number}" for number in range(1, PRODUCTS, PRODUCTS // 97)]
    with psycopg.connect(large) as connection:
        connection.execute("set constraints all immediate")
        before = connection.execute(look, [some]).fetchall()
        assert len(before) > 90
        connection.execute(
            """update shop.product_variants v set sku = v.sku from shop.products p
            where p.id = v.product_id and slug = any (%s)""",
            [some],
        )
        assert connection.execute(look, [some]).fetchall() == before
        wrong = connection.execute(
            """select s.variant_id from shop.stock s left join shop.stock_movements m using (variant_id)
            where s.on_hand <> coalesce(m.quantity, 0) and s.variant_id in (
              select v.id from shop.product_variants v join shop.products p on p.id = v.product_id
              where slug = any (%s))""",
            [some],
        ).fetchall()
        assert wrong == []
        words = connection.execute(
            "select distinct word from shop.search_words where word = any ('{laptop,felt,moss}')"
        ).fetchall()
        assert sorted(words) == [("felt",), ("laptop",)]
        connection.rollback()


def test_a_scan_and_a_greedy_statement_would_be_noticed(explain: Callable[..., Explained]) -> None:
    found = explain("staff", "select count(*) from shop.products where description like '%no such words%'")
    assert found.scans == ["products"]
    assert found.buffers > 5_000


@pytest.mark.parametrize("role", ["anon", "customer"])
@pytest.mark.parametrize("name", FILTERS)
def test_lists_read_indexes_and_little_of_them(explain: Callable[..., Explained], role: str, name: str) -> None:
    asked, allowed = FILTERS[name]
    scans, greedy, empty = {}, {}, []
    for ordering in ORDERINGS:
        found = listing(explain, role, {**asked, "ordering": ordering})
        if found.scans:
            scans[ordering] = found.scans
        if found.buffers > allowed * GROWN or found.statements > STATEMENTS:
            greedy[ordering] = (found.buffers, found.statements)
        if not found.answer["results"]:
            empty.append(ordering)
    assert (scans, greedy, empty) == ({}, {}, [])


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_the_last_pages_cost_what_the_first_do(explain: Callable[..., Explained], ordering: str) -> None:
    first = listing(explain, "anon", {"ordering": ordering, "after": ""})
    # A cursor from the other end: what the opposite order shows first comes last in this one.
    sort = ordering.lstrip("-") or "created_at"
    column = {"price": "price_cents", "rating": "rating_tenths", "popularity": "review_count"}.get(sort, sort)
    key = {"price": "p.price_cents", "rating": "p.rating_tenths", "popularity": "p.review_count"}.get(sort, f"p.{sort}")
    direction = "desc" if ordering in {"price", "name", "created_at"} else "asc"
    cursor = explain(
        "owner",
        f"""select logic.keyset_cursor('{key}', (p.{column})::text, p.id) from shop.products p
        where is_active order by p.{column} {direction}, p.id {direction} offset 10 limit 1""",
    ).answer
    last = listing(explain, "anon", {"ordering": ordering, "after": cursor})
    assert len(last.answer["results"]) == 10
    assert last.answer["next"] is None
    assert len(first.answer["results"]) == 20
    assert "after=" in first.answer["next"]
    assert (last.scans, first.scans) == ([], [])
    assert last.buffers <= first.buffers * 1.5 + 50


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("select v1.product_facets()", 4_000),
        ("select v1.product_facets(search => 'latpop')", 25_000),
        ("select v1.product_facets(category => 'aisle-1', in_stock => 'true')", 15_000),
        ("select json_agg(s) from api.search_products('latpop oak') s", 10_000),
        ("select json_agg(s) from api.suggest_products('l') s", 8_000),
        ("select json_agg(s) from api.suggest_products('oak lap') s", 4_000),
        ("select json_agg(s) from api.suggest_products('latpop') s", 4_000),
    ],
)
@pytest.mark.parametrize("role", ["anon", "customer"])
def test_facets_search_and_suggestions_too(
    explain: Callable[..., Explained], role: str, statement: str, allowed: int
) -> None:
    found = explain(role, statement)
    assert found.answer
    assert found.scans == []
    assert found.buffers <= allowed * GROWN


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        ({}, "true"),
        ({"price_min": "300"}, "price >= 300"),
        ({"category": "aisle-1"}, "category_id in (select id from shop.categories where slug like 'aisle-1%')"),
        ({"options": "color:Moss"}, "options @> '{color:Moss}'"),
        ({"search": "laptop or lamp or chair"}, "search_document @@ 'laptop|lamp|chair'"),
    ],
)
def test_estimates_are_marked_and_near(
    explain: Callable[..., Explained], asked: dict[str, str], condition: str
) -> None:
    count = f"select count(*) from shop.products where is_active and {condition}"
    true = explain("owner", count).answer
    assert true > 10_000
    page = listing(explain, "anon", asked).answer
    assert page["count_is_estimate"] is True
    assert page["count"] == pytest.approx(true, rel=0.15)
    names = ", ".join(f"{name} => %({name})s" for name in asked)
    facets = explain("anon", f"select v1.product_facets({names})", asked).answer
    assert facets["count_is_estimate"] is True
    assert facets["count"] == page["count"]
    in_stock = explain("owner", f"{count} and is_in_stock").answer
    assert facets["in_stock"] == pytest.approx(in_stock, rel=0.15)


@pytest.mark.skipif(GROWN > 1, reason="among more products no such word is rare enough")
def test_up_to_ten_thousand_are_counted(explain: Callable[..., Explained]) -> None:
    page = listing(explain, "anon", {"search": "laptop"}).answer
    count = "select count(*) from shop.products where is_active and search_document @@ 'laptop:*'"
    assert 9_000 < page["count"] <= 10_000
    assert page["count"] == explain("owner", count).answer
    assert "count_is_estimate" not in page

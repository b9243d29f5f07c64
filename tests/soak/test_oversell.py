"""Nothing is sold twice: everybody wants the same at the same moment, through the public port, round after round."""

import os
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop, eventually
from tests.soak.books import audited
from tests.soak.buyers import Guest, Line, at_once
from tests.soak.conftest import IS_LONG, Measure

CLIENTS, ROUNDS = (200, 50) if IS_LONG else (40, 3)
# Runnable processes of everybody on the machine; these tests alone make less than half of it.
BUSY = 8 * (os.cpu_count() or 1)
Make = Callable[..., dict[str, Any]]
# A cart asks for (product or variant, quantity) by name, in this order.
Cart = list[tuple[str, int]]


@dataclass
class Wish:
    """How many there are of each, under names, and what each buyer wants of them."""

    stock: dict[str, int]
    carts: list[Cart]
    is_one_product: bool = False


def last_unit(draw: random.Random, buyers: int) -> Wish:
    return Wish({"a": 1}, [[("a", 1)]] * buyers)


def k_units(draw: random.Random, buyers: int) -> Wish:
    # Sometimes there is enough for everybody.
    return Wish({"a": draw.randint(2, buyers * 5 // 4)}, [[("a", 1)]] * buyers)


def shuffled_carts(draw: random.Random, buyers: int) -> Wish:
    names = "abcdef"
    wanted = [draw.sample(names, draw.randint(2, len(names))) for _ in range(buyers)]
    stock = {name: draw.randint(buyers // 8, buyers) for name in names}
    return Wish(stock, [[(name, draw.randint(1, 2)) for name in names] for names in wanted])


def two_variants(draw: random.Random, buyers: int) -> Wish:
    both: list[Cart] = [[("a", 1)], [("b", 1)], [("a", 1), ("b", 1)], [("b", 1), ("a", 1)]]
    stock = {name: draw.randint(2, buyers) for name in "ab"}
    return Wish(stock, [draw.choice(both) for _ in range(buyers)], is_one_product=True)


def the_same_twice(draw: random.Random, buyers: int) -> Wish:
    # One is left over when the number is odd.
    return Wish({"a": draw.randint(2, buyers * 5 // 4)}, [[("a", 1), ("a", 1)]] * buyers)


def offer(wish: Wish, make_product: Make, staff: Person) -> dict[str, Line]:
    """Put it up for sale; name → what to ask for to get one."""
    if not wish.is_one_product:
        return {name: (make_product(stock_quantity=left)["id"], None, 1) for name, left in wish.stock.items()}
    product = make_product(stock_quantity=0)
    lines = {}
    for name, left in wish.stock.items():
        body = {"name": name, "sku": uuid.uuid4().hex, "stock_quantity": left}
        variant = staff.client.post(f"/api/v1/products/{product['slug']}/variants/", json=body).json()
        lines[name] = (product["id"], variant["id"], 1)
    return lines


def variants_of(database: psycopg.Connection[Any], lines: dict[str, Line]) -> dict[str, str]:
    """The variant that each name stands for."""
    found = {}
    for name, (product, variant, _) in lines.items():
        row = database.execute(
            "select id::text from shop.product_variants where product_id = %s and (id = %s or %s::uuid is null)",
            [product, variant, variant],
        ).fetchone()
        assert row
        found[name] = row["id"]
    return found


def sell(buyers: list[Guest], carts: list[Cart], lines: dict[str, Line]) -> list[httpx.Response]:
    """Fill the carts, then let everybody check out at once; who got nothing empties the cart."""

    def fill(pair: tuple[Guest, Cart]) -> None:
        guest, cart = pair
        guest.fill([(*lines[name][:2], quantity) for name, quantity in cart])

    at_once(fill, list(zip(buyers, carts, strict=True)), together=False)
    answers = at_once(Guest.check_out, buyers)
    losers = [guest for guest, answer in zip(buyers, answers, strict=True) if answer.status_code != 201]
    at_once(lambda guest: guest.client.post("/api/v1/cart/clear/").raise_for_status(), losers, together=False)
    return answers


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", [last_unit, k_units, shuffled_carts, two_variants, the_same_twice])
def test_oversell(
    shop: Shop,
    staff: Person,
    make_product: Make,
    gather: Callable[[int], list[Guest]],
    deadlocks: Callable[[], int],
    database: psycopg.Connection[Any],
    draw: random.Random,
    measure: Measure,
    kind: Callable[[random.Random, int], Wish],
) -> None:
    buyers, before, load = gather(CLIENTS), deadlocks(), 0.0
    waited = sum(guest.waits for guest in buyers)
    with audited(shop) as auditor:
        for _ in range(ROUNDS):
            wish = kind(draw, CLIENTS)
            lines = offer(wish, make_product, staff)
            ids = variants_of(database, lines)
            auditor.variants[:] = ids.values()
            answers = sell(buyers, wish.carts, lines)
            statuses = Counter(answer.status_code for answer in answers)
            load = max(load, os.getloadavg()[0])
            assert statuses.keys() <= {201, 409}, Counter(a.text for a in answers if a.status_code > 409)
            assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"insufficient_stock"}
            measure.add(rounds=1, checkouts=len(answers), orders=statuses[201], refused=statuses[409])

            wanted, sold = Counter[str](), Counter[str]()
            for cart, answer in zip(wish.carts, answers, strict=True):
                for name, quantity in cart:
                    wanted[name] += quantity
                    sold[name] += quantity if answer.status_code == 201 else 0
            rows = database.execute(
                "select variant_id::text as id, on_hand, reserved, available from shop.stock"
                " where variant_id = any(%s::uuid[])",
                [list(ids.values())],
            ).fetchall()
            books = {row["id"]: row for row in rows}
            left = {name: books[ids[name]]["available"] for name in ids}
            # What was sold is what is held, what was there is still on the books, and nothing is below nothing.
            assert {name: books[ids[name]]["reserved"] for name in ids} == {name: sold[name] for name in ids}
            assert {name: books[ids[name]]["on_hand"] for name in ids} == wish.stock
            assert min(left.values()) >= 0
            # And nobody was refused for nothing: what they wanted is not there now either.
            for cart, answer in zip(wish.carts, answers, strict=True):
                if answer.status_code == 409:
                    asked = Counter[str]()
                    for name, quantity in cart:
                        asked[name] += quantity
                    assert any(left[name] < quantity for name, quantity in asked.items()), (cart, left)
            if kind in {last_unit, k_units}:
                assert sold == {"a": min(wish.stock["a"], wanted["a"])}
            if kind is the_same_twice:
                assert sold == {"a": min(wish.stock["a"] // 2 * 2, wanted["a"])}
            measure.add(units_sold=sum(sold.values()), units_there=sum(wish.stock.values()))
    measure.add(looks=auditor.looks, deadlocks=deadlocks() - before)
    waited = sum(guest.waits for guest in buyers) - waited
    measure.counts |= {"5xx": waited, "load": f"{load:.0f}"}
    assert measure.counts["deadlocks"] == 0
    # Asked to come back (503) is nobody, unless others leave the machine no time: then they do, and are served. A
    # deadlock that PostgreSQL broke would be among them, before its statistics tell of it.
    assert waited == 0 or load > BUSY
    assert auditor.looks >= ROUNDS
    assert measure.counts["checkouts"] == CLIENTS * ROUNDS
    assert measure.counts["orders"] >= ROUNDS
    assert measure.counts["refused"] > 0


def test_a_deadlock_would_have_been_seen(superuser_url: str, deadlocks: Callable[[], int]) -> None:
    before, barrier = deadlocks(), threading.Barrier(2)

    def lock(first: int) -> bool:
        with psycopg.connect(superuser_url) as connection:
            connection.execute("select pg_advisory_xact_lock(7, %s)", [first])
            barrier.wait()
            try:
                connection.execute("select pg_advisory_xact_lock(7, %s)", [1 - first])
            except psycopg.errors.DeadlockDetected:
                return True
            return False

    assert sorted(at_once(lock, [0, 1])) == [False, True]
    eventually(lambda: deadlocks() == before + 1, what="counted")

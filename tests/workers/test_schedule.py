"""What the clock asks for: unpaid orders give their stock back, without ever meeting a checkout head-on."""

import html
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from celery import Celery

from tests.conftest import Person, Shop, eventually
from tests.extensions.payments import await_intent
from tests.workers.mails import NASTY, mail


@pytest.fixture(scope="module")
def ask(shop: Shop) -> Iterator[Callable[[str], None]]:
    """`ask("prune")`: have the worker do at once what the clock asks for every so often."""
    with Celery(broker=shop.status["redis_url"], set_as_current=False) as app:
        yield lambda name: app.send_task(f"workers.schedule.{name}", ignore_result=True)


def expire(shop: Shop, order: dict[str, Any]) -> None:
    await_intent(shop, order)
    with shop.connect() as connection:
        connection.execute("update shop.reservations set expires_at = now() where order_id = %s", [order["id"]])


def state(person: Person, order: dict[str, Any]) -> str:
    return str(person.client.get(f"/api/v1/orders/{order['id']}/").json()["status"])


@pytest.fixture(scope="module")
def forgotten(
    shop: Shop, acting_as: Callable[..., Person], make_product: Callable[..., dict[str, Any]], buy: Any
) -> tuple[Person, dict[str, Any]]:
    """An order whose time is up when this module begins, so that the clock has come round when it ends."""
    person = acting_as()
    order = buy(person, make_product())
    expire(shop, order)
    return person, order


@pytest.mark.usefixtures("forgotten")
def test_an_expired_order_gives_its_stock_back_and_tells(
    shop: Shop,
    acting_as: Callable[..., Person],
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    database: psycopg.Connection[Any],
    ask: Callable[[str], None],
) -> None:
    product = make_product(stock_quantity=3)
    late, patient = acting_as(), acting_as()
    expired, waiting = buy(late, product, 2), buy(patient, product, 1)
    expire(shop, expired)
    ask("expire_reservations")
    eventually(lambda: state(late, expired) == "cancelled", what="expiry")
    assert state(patient, waiting) == "pending"
    assert late.client.get(f"/api/v1/products/{product['slug']}/").json()["stock_quantity"] == 2
    row = database.execute("select cancelled_by from shop.orders where id = %s", [expired["id"]]).fetchone()
    assert row == {"cancelled_by": "expiry"}
    (mail,) = eventually(lambda: [m for m in shop.mails(late.email) if "cancelled" in m["subject"]], what="mail")
    assert "Not paid in time" in mail["text"]


def test_a_payment_that_the_bank_still_thinks_about_keeps_its_stock(
    shop: Shop,
    customer: Person,
    acting_as: Callable[..., Person],
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    pay: Any,
    ask: Callable[[str], None],
) -> None:
    other = acting_as()
    thinking, expired = buy(customer, make_product()), buy(other, make_product())
    # At the bank itself, which the clock asks, too.
    assert pay(customer, thinking, "pm_twin_processing").json()["status"] == "processing"
    for order in (thinking, expired):
        expire(shop, order)
    ask("expire_reservations")
    eventually(lambda: state(other, expired) == "cancelled", what="expiry")
    assert state(customer, thinking) == "pending"


def test_expiry_takes_its_locks_in_the_order_of_checkouts(
    shop: Shop,
    acting_as: Callable[..., Person],
    make_product: Callable[..., dict[str, Any]],
    buy: Any,
    database: psycopg.Connection[Any],
) -> None:
    """Two orders expire, the older one for the later stock. A checkout of both, half way, must find it free."""
    products = [make_product(), make_product()]
    rows = database.execute(
        "select id, product_id::text from shop.product_variants where product_id = any(%s) order by id",
        [[product["id"] for product in products]],
    ).fetchall()
    by_id = {product["id"]: product for product in products}
    first, second = rows
    orders = [(person := acting_as(), buy(person, by_id[row["product_id"]])) for row in (second, first)]
    for _, order in orders:
        await_intent(shop, order)
    lock = "select from shop.stock where variant_id = %s for update"

    def run() -> None:
        with shop.connect() as expiring:
            expiring.execute("select logic.expire_reservations()")

    with shop.connect() as checkout:
        with checkout.transaction():
            checkout.execute(lock, [first["id"]])
            # Only now, since the clock asks for expiry, too.
            database.execute(
                "update shop.reservations set expires_at = now() where order_id = any(%s)",
                [[order["id"] for _, order in orders]],
            )
            thread = threading.Thread(target=run)
            thread.start()
            eventually(
                lambda: database.execute(
                    "select 1 from pg_stat_activity where %s = any (pg_blocking_pids(pid))", [checkout.info.backend_pid]
                ).fetchone(),
                what="expiry waits",
            )
            # Had it taken the other row already, these two would now wait for each other.
            checkout.execute("set local lock_timeout = '300ms'")
            checkout.execute(lock, [second["id"]])
        thread.join(15)
    eventually(lambda: all(state(person, order) == "cancelled" for person, order in orders), what="expired")


def test_what_has_served_its_time_is_removed(
    shop: Shop, database: psycopg.Connection[Any], ask: Callable[[str], None]
) -> None:
    for bucket, days in (("old", 3), ("recent", 0)):
        database.execute(
            "insert into auth.throttles (bucket, attempts, window_ends_at)"
            " values (%s, 1, now() - make_interval(days => %s))",
            [bucket, days],
        )
    for days in (100, 1):
        database.execute(
            "insert into shop.outbox (topic, payload, done_at)"
            " values ('old.row', %s, now() - make_interval(days => %s))",
            [psycopg.types.json.Jsonb({"days": days}), days],
        )
    ask("prune")
    eventually(
        lambda: not database.execute("select 1 from auth.throttles where bucket = 'old'").fetchone(), what="pruned"
    )
    assert database.execute("delete from auth.throttles where bucket = 'recent' returning 1").fetchone()
    kept = database.execute("delete from shop.outbox where topic = 'old.row' returning payload").fetchall()
    assert kept == [{"payload": {"days": 1}}]


@pytest.fixture
def nothing_is_low(database: psycopg.Connection[Any]) -> Iterator[None]:
    """What others have left low is not sold meanwhile: a mail names two hundred at most."""
    hidden = database.execute(
        "update shop.products p set is_active = false where p.is_active and exists ("
        " select from shop.product_variants v join shop.stock s on s.variant_id = v.id"
        " where v.product_id = p.id and s.available <= p.low_stock_threshold) returning p.id"
    ).fetchall()
    yield
    database.execute("update shop.products set is_active = true where id = any(%s)", [[row["id"] for row in hidden]])


@pytest.mark.usefixtures("no_clock", "nothing_is_low")
def test_what_runs_low_is_told_once_a_day_to_those_who_sell(
    shop: Shop,
    customer: Person,
    acting_as: Callable[..., Person],
    make_product: Callable[..., dict[str, Any]],
    database: psycopg.Connection[Any],
    ask: Callable[[str], None],
) -> None:
    sellers = acting_as("staff"), acting_as("admin")
    gone = acting_as("staff")
    database.execute("update auth.accounts set is_active = false where id = %s", [gone.id])
    low, edge, high, hidden = (
        make_product(
            name=NASTY, slug=uuid.uuid4().hex, stock_quantity=stock, low_stock_threshold=3, is_active=is_active
        )
        for stock, is_active in ((0, True), (3, True), (4, True), (1, False))
    )
    # At a full hour the clock itself may have told of what others left low.
    database.execute("delete from shop.job_slots")
    written = "select count(*) as n from shop.outbox where topic = 'stock.low'"
    before = database.execute(written).fetchone()
    assert before
    start = threading.Barrier(4)

    def run() -> int:
        with shop.connect() as ringing:
            start.wait()
            row = ringing.execute("select logic.report_low_stock() as told").fetchone()
        return int(row["told"]) if row else -1

    with ThreadPoolExecutor(4) as rings:
        told = sorted(done.result() for done in [rings.submit(run) for _ in range(4)])
    assert told[:3] == [0, 0, 0]
    assert told[3] >= 2
    ask("report_low_stock")
    for person in sellers:
        letter = mail(shop, person.email, "low")
        for part in (letter["text"], html.unescape(letter["html"])):
            assert "Hello" in part
            assert NASTY in part
            assert all(product["sku"] in part for product in (low, edge))
            assert not any(product["sku"] in part for product in (high, hidden))
        assert f"{NASTY}: 3 left, threshold 3" in letter["text"]
    assert database.execute(written).fetchone() == {"n": before["n"] + told[3]}
    assert [
        m["subject"] for person in (customer, gone) for m in shop.mails(person.email) if "low" in m["subject"]
    ] == []
    # On another day it is told again, unless nothing runs low.
    database.execute("update shop.job_slots set slot = slot - 1")
    with database.transaction(force_rollback=True):
        # Of all that is sold, one has more than its threshold, and one has some without any.
        database.execute("update shop.products set is_active = slug = any(%s)", [[high["slug"], edge["slug"]]])
        database.execute("update shop.products set low_stock_threshold = 0 where slug = %s", [edge["slug"]])
        assert database.execute("select logic.report_low_stock() as told").fetchone() == {"told": 0}
        assert database.execute("select count(*) as n from shop.job_slots").fetchone() == {"n": 2}
    with database.transaction(force_rollback=True):
        assert database.execute("select logic.report_low_stock() > 0 as told").fetchone() == {"told": True}


def test_the_clock_itself_comes_round(forgotten: tuple[Person, dict[str, Any]]) -> None:
    """Last, since the clock asks every 30 seconds."""
    person, order = forgotten
    eventually(lambda: state(person, order) == "cancelled", what="beat")

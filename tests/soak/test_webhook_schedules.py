"""However the bank's news comes, in any order, often, broken, while connections die, the end is one and the same."""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import permutations
from typing import Any

import httpx
import psycopg
import pytest
import stripe

from tests.conftest import Shop, eventually
from tests.soak.books import audited
from tests.soak.buyers import Guest
from tests.soak.conftest import IS_LONG, Measure
from tests.soak.stories import BY_HAND, STORIES, Tale, about, by_hand, deaf, hashes, schedule, tell

SCHEDULES, TELLERS = (1000 if IS_LONG else 100), 8
Story = Callable[[stripe.StripeClient, Guest, dict[str, Any]], None]
# Events of one story whose permutations are tried: 720 orders, or 120.
MOST = 6 if IS_LONG else 5


@contextmanager
def breaking(superuser_url: str, measure: Measure) -> Iterator[None]:
    """The service's connections die while they work."""
    is_over = threading.Event()

    def run() -> None:
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            while not is_over.wait(0.2):
                killed = connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where state = 'active'"
                    " and usename = 'service' and datname = current_database() limit 1"
                ).fetchall()
                measure.add(connections_killed=len(killed))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def happened(
    shop: Shop, guests: list[Guest], bank: stripe.StripeClient, product: dict[str, Any], count: int
) -> list[Tale]:
    """So many orders, and at the bank a story of each that the shop has not heard."""
    told = [list(STORIES)[number % len(STORIES)] for number in range(count)]

    def live(guest: Guest, share: list[Story]) -> list[Tale]:
        found = []
        for story in share:
            order = guest.buy([(product["id"], None, 2)])
            story(bank, guest, order)
            found.append(Tale(order, guest, story.__name__, []))
        return found

    tales = []
    for manual in (True, False):
        mine = [story for story in told if (story in BY_HAND) == manual]
        with by_hand(shop) if manual else nullcontext(), ThreadPoolExecutor(len(guests)) as threads:
            shares = [mine[start :: len(guests)] for start in range(len(guests))]
            tales += [tale for share in threads.map(live, guests, shares) for tale in share]
    events = about(bank, {tale.order["intent"] for tale in tales})
    for tale in tales:
        tale.events = events[tale.order["intent"]]
    return tales


def mailed(shop: Shop) -> Counter[str]:
    """How many mails came under each subject."""
    return Counter(mail["subject"] for mail in httpx.get(f"{shop.status['mail_url']}/api/email", timeout=60).json())


def is_quiet(database: psycopg.Connection[Any], orders: list[str]) -> bool:
    """Whether the workers have done everything about these orders."""
    row = database.execute(
        """select count(*) from shop.outbox b where b.done_at is null and b.dead_at is null and (
          b.payload ->> 'order_id' = any(%(orders)s) or b.payload ->> 'refund_id' in (
            select r.id::text from shop.refunds r join shop.payments p on p.id = r.payment_id
            where p.order_id = any(%(orders)s::uuid[])))""",
        {"orders": orders},
    ).fetchone()
    return bool(row and row["count"] == 0)


# The clock would ask the bank, and the shop would know before it is told.
@pytest.mark.usefixtures("no_clock")
@pytest.mark.timeout(3600)
def test_every_schedule_ends_alike(
    shop: Shop,
    make_product: Callable[..., dict[str, Any]],
    gather: Callable[[int], list[Guest]],
    bank: stripe.StripeClient,
    superuser_url: str,
    database: psycopg.Connection[Any],
    draw: random.Random,
    measure: Measure,
) -> None:
    product = make_product(stock_quantity=2 * SCHEDULES)
    with deaf(bank):
        tales = happened(shop, gather(TELLERS), bank, product, SCHEDULES)
        orders = [tale.order["id"] for tale in tales]
        assert {len(tale.events) for tale in tales} <= set(range(3, 12))
        ways = [schedule(draw, tale.events) for tale in tales]
        with (
            audited(shop) as auditor,
            breaking(superuser_url, measure),
            httpx.Client(base_url=shop.url, timeout=60) as client,
        ):
            auditor.orders[:] = orders
            # All schedules at once, and two tellers to each: what is one order's comes at the same time, too.
            halves = [way[half::2] for way in ways for half in (0, 1)]

            def follow(way: list[tuple[str, dict[str, Any]]]) -> int:
                return sum(tell(shop, client, how, event) for how, event in way)

            with ThreadPoolExecutor(TELLERS) as threads:
                told = sum(threads.map(follow, halves))
            # The refunds of those who paid too late go through the bank, whose own news is lost here.
            eventually(lambda: is_quiet(database, orders), 300, "the outbox is done")
    ends: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for tale in tales:
        ends[tale.story][hashes(database, [tale.order["id"]])[tale.order["id"]]] += 1
    measure.add(schedules=len(tales), events=sum(len(t.events) for t in tales), deliveries=told, looks=auditor.looks)
    measure.add(kinds_of_faults=len({how for way in ways for how, _ in way}) - 1)
    measure.counts["hashes"] = {story: len(found) for story, found in ends.items()}
    assert {story: len(found) for story, found in ends.items()} == {story.__name__: 1 for story in STORIES}, ends
    assert {story.__name__: end for story, end in STORIES.items()} == {s: next(iter(f))[1] for s, f in ends.items()}

    paid = {story.__name__ for story, end in STORIES.items() if end in {"confirmed", "refunded"}}
    # One mail to each who has paid, none to the others; and each who paid too late has all of it back, once.
    subject = {tale.order["id"]: f"Your order {tale.order['order_number']} is confirmed" for tale in tales}
    wanted = {subject[tale.order["id"]] for tale in tales if tale.story in paid}
    # The catcher shows a mail a little after it has taken it.
    eventually(lambda: mailed(shop).keys() >= wanted, what="mails")
    mails = mailed(shop)
    for tale in tales:
        assert mails[subject[tale.order["id"]]] == (tale.story in paid), tale.story
        if tale.story == "too_late":
            given = bank.v1.refunds.list({"payment_intent": tale.order["intent"]}).data
            assert [refund.amount for refund in given] == [int(tale.order["total_amount"].replace(".", ""))]
    measure.add(mails=sum(tale.story in paid for tale in tales))
    assert len(tales) == SCHEDULES
    assert told > 10 * SCHEDULES
    assert measure.counts["connections_killed"] > 0
    assert measure.counts["kinds_of_faults"] == 6


@pytest.mark.usefixtures("no_clock")
def test_all_permutations_of_an_orders_events_end_alike(
    shop: Shop,
    make_product: Callable[..., dict[str, Any]],
    gather: Callable[[int], list[Guest]],
    bank: stripe.StripeClient,
    measure: Measure,
) -> None:
    """Each story's events in every order, straight to the inbox's function, in transactions that are undone."""
    with deaf(bank):
        tales = happened(shop, gather(1), bank, make_product(stock_quantity=40), len(STORIES))
        with shop.connect() as database:
            database.autocommit = False
            for tale in tales:
                # News of intents, refunds and disputes decides; of the charges, which change nothing, one is enough.
                intent = [event for event in tale.events if event["type"].startswith("payment_intent.")]
                other = [event for event in tale.events if event["data"]["object"]["object"] in {"refund", "dispute"}]
                other = [event for event in other if ".funds_" not in event["type"]]
                charges = [event for event in tale.events if event["data"]["object"]["object"] == "charge"]
                events = other + intent[len(other) - MOST :]
                events += charges[: MOST - len(events)]
                ends = set()
                for order in permutations(events):
                    for event in order:
                        database.execute("select logic.apply_stripe_event(%s)", [psycopg.types.json.Jsonb(event)])
                    ends.add(hashes(database, [tale.order["id"]])[tale.order["id"]])
                    database.rollback()
                    measure.add(permutations=1)
                assert len(ends) == 1, (tale.story, ends)
                assert {status for _, status in ends} == {STORIES[next(s for s in STORIES if s.__name__ == tale.story)]}
    measure.counts["stories"] = len(tales)
    assert measure.counts["permutations"] >= 120

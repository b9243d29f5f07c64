"""A part is killed while people buy: no order is lost, and each that is paid is confirmed and told of once."""

import itertools
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, Shop, eventually
from tests.stack import selling
from tests.stack.conftest import status

KILLED = ("worker", "valkey", "postgrest")
BUYERS = 4
PATIENCE = 120


@dataclass
class Flight:
    """What the buyers were told: number and id of each order that was placed, and which of them are paid."""

    buyers: list[str]
    placed: dict[str, str] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)
    refusals: int = 0


def insist(flight: Flight, client: httpx.Client, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Ask again as long as a part is away; the answer that counts is the first that is none of 502, 503, 504."""
    deadline = time.monotonic() + PATIENCE
    while (answer := client.post(path, json=body, headers=headers)).status_code in {502, 503, 504}:
        flight.refusals += 1
        assert answer.json().keys() == {"code", "message", "details", "hint"}
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    assert answer.is_success, answer.text
    return dict(answer.json())


def fly(shop: Shop, product: dict[str, Any], part: str) -> Flight:
    """Several people buy again and again, from before the part is killed until after it is back."""
    people = [selling.register(shop) for _ in range(BUYERS)]
    flight, is_back = Flight([email for email, _ in people]), threading.Event()
    everybody_buys = threading.Barrier(BUYERS + 1)
    pid = status(shop.state)["pids"][part]

    def buy(client: httpx.Client) -> None:
        item = {"product_id": product["id"], "quantity": 1}
        for number in itertools.count():
            if number == 1:
                everybody_buys.wait(PATIENCE)
            insist(flight, client, "/api/v1/cart/items/", item)
            body = {"shipping_address": ADDRESS}
            order = insist(flight, client, "/api/v1/orders/", body, **{"Idempotency-Key": str(uuid.uuid4())})
            flight.placed[order["order_number"]] = order["id"]
            payment = {"order_id": order["id"], "payment_method": "pm_card_visa"}
            insist(flight, client, "/api/v1/payments/confirm/", payment)
            flight.paid.add(order["order_number"])
            if number > 1 and is_back.is_set():
                return

    with ThreadPoolExecutor(BUYERS) as threads:
        buying = [threads.submit(buy, client) for _, client in people]
        everybody_buys.wait(PATIENCE)
        os.kill(pid, signal.SIGKILL)
        try:
            eventually(lambda: status(shop.state)["pids"].get(part, pid) != pid, what=f"{part} is back")
        finally:
            is_back.set()
        for each in buying:
            each.result()
    return flight


@pytest.fixture(scope="module")
def flights(shop: Shop, product: dict[str, Any]) -> dict[str, Flight]:
    """All are flown before the first is judged: what a killed worker held comes back only after a while."""
    return {part: fly(shop, product, part) for part in KILLED}


@pytest.fixture(scope="module")
def database(shop: Shop) -> Iterator[psycopg.Connection[Any]]:
    with shop.connect() as connection:
        yield connection


@pytest.mark.parametrize("part", KILLED)
def test_no_order_is_lost(flights: dict[str, Flight], database: psycopg.Connection[Any], part: str) -> None:
    flight = flights[part]
    assert len(flight.placed) >= 3 * BUYERS
    assert flight.paid == flight.placed.keys()
    assert flight.refusals or part != "postgrest", "nobody has noticed that it was killed"
    rows = database.execute(
        "select order_number, status::text from shop.orders where id = any(%s::uuid[])", [list(flight.placed.values())]
    )
    assert {row["order_number"]: row["status"] for row in rows} == dict.fromkeys(flight.placed, "confirmed")


@pytest.mark.parametrize("part", KILLED)
def test_each_paid_order_is_told_of_once(shop: Shop, flights: dict[str, Flight], part: str) -> None:
    def told() -> dict[str, set[str]]:
        """The ids of the confirmation mails by order. Killed between sending and noting it, the worker sends the same
        mail again under the same id, which every mailbox shows once."""
        mails = [mail for email in flights[part].buyers for mail in shop.mails(email)]
        subjects = {f"Your order {number} is confirmed": number for number in flights[part].paid}
        found: dict[str, set[str]] = {}
        for mail in mails:
            if mail["subject"] in subjects:
                found.setdefault(subjects[mail["subject"]], set()).add(mail["headers"]["message-id"])
        return found

    # A worker that is killed with a row in its hands holds it for a minute.
    eventually(lambda: told().keys() == flights[part].paid, 300, "a mail for each order")
    assert {number: len(ids) for number, ids in told().items()} == dict.fromkeys(flights[part].paid, 1)

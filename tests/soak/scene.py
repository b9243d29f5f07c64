"""Somebody who buys, and the means to stop and to end the parts that serve them.

The pauses need no code in the product: a row that a test holds locked stops whoever wants to write it, and a stopped
process does nothing.
"""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import stripe

from tests.conftest import Person, Shop, eventually
from tests.extensions.payments import await_intent
from tests.soak.buyers import Guest
from tests.workers.outbox import children

ORDER = "select from shop.orders where id = %s for update"
PAYMENT = "select from shop.payments where order_id = %s for update"
REFUND = "select from shop.refunds where payment_id in (select id from shop.payments where order_id = %s) for update"
SHELF = "select from shop.stock where variant_id = %s for update"


@dataclass
class Scene:
    """Somebody who buys one thing, and means to stop and to end the parts that serve them."""

    shop: Shop
    guest: Guest
    staff: Person
    bank: stripe.StripeClient
    superuser_url: str
    find_pids: Callable[[], dict[str, int]]
    product: dict[str, Any]
    killed_at: Any = None
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))
    order: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Asked before it matters: to ask takes seconds on a busy machine, and who waits for a lock has ten.
        self.pids = self.find_pids()

    @property
    def variant(self) -> str:
        """What stock is kept of."""
        found = self.ask("select id::text from shop.product_variants where product_id = %s", self.product["id"])
        return str(found[0]["id"])

    def ask(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self.shop.connect() as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description is not None else []

    @contextmanager
    def held(self, statement: str) -> Iterator[Callable[[str], Any]]:
        """The rows are locked; what is given waits until somebody of a role stands before them."""
        with self.shop.connect() as holder, psycopg.connect(self.superuser_url, autocommit=True) as watching:

            def wait(role: str) -> Any:
                return eventually(
                    lambda: watching.execute(
                        "select pid from pg_stat_activity where usename = %s and %s = any(pg_blocking_pids(pid))",
                        [role, holder.info.backend_pid],
                    ).fetchall(),
                    what=f"{role} waits",
                )

            # A database that was killed has let go by itself.
            with suppress(psycopg.OperationalError), holder.transaction():
                holder.execute(statement, [self.order["id"]])
                yield wait

    def stop(self, part: str) -> None:
        os.kill(self.pids[part], signal.SIGSTOP)

    def go_on(self) -> None:
        """Nothing stays stopped, whatever happened."""
        for pid in self.find_pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def kill(self, part: str) -> None:
        """The part, and those that work for it; it comes back by itself."""
        pid = self.pids[part]
        if part == "worker":
            self.killed_at = self.ask("select clock_timestamp() as now")[0]["now"]
        for victim in (pid, *children(pid)):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        eventually(lambda: self.find_pids().get(part, pid) != pid, what=f"{part} is back")
        self.pids = self.find_pids()
        if part == "postgres":
            # It has its log to read, and those who were connected to it have to come again.
            eventually(
                lambda: httpx.get(f"{self.shop.url}/health/", timeout=60).is_success, what="the shop sells again"
            )

    def place(self) -> None:
        self.guest.client.post("/api/v1/cart/clear/").raise_for_status()
        self.guest.fill([(self.product["id"], None, 1)])
        placed = self.guest.check_out()
        assert placed.status_code == 201, placed.text
        self.order = dict(placed.json())

    def insist(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Ask again as long as a part is away."""

        def ask() -> httpx.Response | None:
            try:
                answer = self.guest.client.post(path, json=body, headers=headers)
            except httpx.TransportError:
                return None
            return answer if answer.status_code not in {502, 503, 504} else None

        answer = eventually(ask, what=path)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def intend(self) -> None:
        made = self.insist("/api/v1/payments/create-intent/", {"order_id": self.order["id"]})
        self.order["intent"] = made["payment_intent_id"]
        # So that what waits for a lock later is what a test means, and not this event.
        await_intent(self.shop, self.order)

    def pay(self) -> None:
        body = {"order_id": self.order["id"], "payment_method": "pm_card_visa"}
        self.order["intent"] = self.insist("/api/v1/payments/confirm/", body)["payment_intent_id"]

    def pay_at_the_bank(self) -> None:
        self.bank.v1.payment_intents.confirm(self.order["intent"], {"payment_method": "pm_card_visa"})

    def later(self, path: str, body: dict[str, Any], **headers: str) -> Future[httpx.Response]:
        """A request whose answer may never come."""
        return self.threads.submit(self.guest.client.post, path, json=body, headers=headers)

    def lease_ends(self) -> None:
        """As if a minute had gone by for what a killed worker held; not for what the next one has in hand."""
        if self.killed_at:
            self.ask(
                "update shop.outbox set lease_until = now() where done_at is null and lease_until > now()"
                " and lease_until <= %s + interval '60 seconds'",
                self.killed_at,
            )

    def settle(self) -> None:
        """Until all is done about the order: a mail that a killed worker has just sent would be sent again."""
        waiting = "select 1 from shop.outbox where done_at is null and payload ->> 'order_id' = %s"
        eventually(lambda: not self.ask(waiting, self.order["id"]), 150, "its mails are sent")

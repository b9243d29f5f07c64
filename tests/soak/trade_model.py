"""A model of trade, and a database of its own to hold against it: two people who buy, staff, a bank, the workers."""

import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar

import psycopg
from hypothesis.stateful import RuleBasedStateMachine, initialize
from psycopg.types.json import Jsonb

from tests.conftest import ADDRESS
from tests.soak.books import wrong

PEOPLE, THINGS = ("anna", "bert"), ("apple", "pear", "plum")


@dataclass
class Order:
    """What the model knows of an order. The bank has its own opinion of the money, and tells it by events."""

    id: str
    buyer: str
    lines: Counter[str]
    cents: int
    status: str = "pending"
    is_held: bool = True
    cancelled_by: str = ""
    captured: int = 0
    refunded: int = 0
    is_returned: bool = False
    intent: str = ""
    bank: str = ""
    is_told_last: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)
    # Refunds that were asked of the bank and not yet made: id → cents.
    refunds: dict[str, int] = field(default_factory=dict)


@dataclass
class Ground:
    """What the machine runs on."""

    database: psycopg.Connection[Any]
    people: dict[str, str] = field(default_factory=dict)
    steps: int = 0
    looks: int = 0
    seen: Counter[str] = field(default_factory=Counter)


class Modelled(RuleBasedStateMachine):
    """Goods and orders as they should be, and ways to act on the real ones."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[Order] = []
        self.carts: dict[str, Counter[str]] = {person: Counter() for person in PEOPLE}
        self.on_hand: Counter[str] = Counter()
        self.variants: dict[str, str] = {}
        self.products: dict[str, str] = {}

    def run(self, role: str, statement: str, *values: Any, person: str = "") -> Any:
        """The first value of a statement in a transaction of its own; or the code of the refusal, as a word."""
        claims = {"role": role, **({"sub": self.ground.people[person]} if person else {})}
        try:
            with self.ground.database.transaction():
                self.ground.database.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
                self.ground.database.execute(f"set local role {role}")
                cursor = self.ground.database.execute(statement, values)
                row = cursor.fetchone() if cursor.description else None
        except psycopg.Error as error:
            if error.sqlstate == "PGRST":
                return json.loads(error.diag.message_primary or "{}")["code"]
            return error.diag.constraint_name or str(error)
        return next(iter(row.values()), None) if row else None

    def count(self, name: str) -> None:
        self.ground.steps += 1
        self.ground.seen[name] += 1

    def order(self, pick: int) -> Order:
        """The later ones more often."""
        return self.orders[-1 - pick % min(len(self.orders), 4 + pick % 7)]

    @initialize()
    def begin(self) -> None:
        """New goods and empty carts: what the machine before has left is not of our world."""
        self.ground.people |= {
            person: self.run("owner", "insert into shop.customers (email) values (%s) returning id::text",
                             f"{uuid.uuid4().hex}@example.com")
            for person in (*PEOPLE, "staff")
        }  # fmt: skip
        for person, account in self.ground.people.items():
            role = "staff" if person == "staff" else "customer"
            self.run("owner", "insert into auth.accounts (id, role) values (%s, %s)", account, role)
        for thing in THINGS:
            sku = uuid.uuid4().hex
            self.products[thing] = self.run(
                "owner",
                "insert into shop.products (name, slug, price, sku) values (%s, %s, 10, %s) returning id::text",
                thing, sku, sku,
            )  # fmt: skip
            self.variants[thing] = self.run(
                "owner", "select id::text from shop.product_variants where product_id = %s", self.products[thing]
            )
            self.stock(thing, 5)

    def stock(self, thing: str, quantity: int) -> None:
        """Staff counts, and corrects the books; never below what is promised."""
        said = self.run(
            "staff",
            "insert into shop.stock_movements (variant_id, quantity, reason) values (%s, %s, %s) returning 'done'",
            self.variants[thing], quantity, "delivery" if quantity > 0 else "correction", person="staff",
        )  # fmt: skip
        if self.available(thing) + quantity < 0:
            assert said in {"stock_is_sufficient", "stock_on_hand_not_negative"}, said
        else:
            assert said == "done", said
            self.on_hand[thing] += quantity

    def reserved(self, thing: str) -> int:
        return sum(order.lines[thing] for order in self.orders if order.is_held)

    def available(self, thing: str) -> int:
        return self.on_hand[thing] - self.reserved(thing)

    def emit(self, order: Order, status: str) -> None:
        """The bank's state has changed, and an event waits to be told of it."""
        intent = {
            "id": order.intent, "object": "payment_intent", "amount": order.cents, "currency": "gbp", "status": status,
            "amount_received": order.cents if status == "succeeded" else 0, "metadata": {"order_id": order.id},
        }  # fmt: skip
        kind = {"requires_payment_method": "payment_failed"}.get(status, status)
        order.events.append(
            {"id": f"evt_{uuid.uuid4().hex}", "type": f"payment_intent.{kind}", "data": {"object": intent}}
        )
        order.bank = status

    def settled(self, order: Order) -> None:
        """The money is there, and the shop has heard of it for the first time."""
        order.captured, order.is_told_last = order.cents, True
        can_be_had = all(self.available(thing) >= quantity for thing, quantity in order.lines.items())
        if order.status == "pending" or (order.cancelled_by == "expiry" and can_be_had):
            order.status, order.is_held = "confirmed", False
            self.on_hand -= order.lines
        else:
            self.give_back(order, order.captured)

    def give_back(self, order: Order, cents: int) -> None:
        """A refund was asked for; the workers will make it."""
        if cents:
            order.refunded += cents
            known = list(order.refunds)
            made = self.run(
                "owner",
                "select r.id::text from shop.refunds r join shop.payments p on p.id = r.payment_id"
                " where p.order_id = %s and r.status = 'pending' and not r.id = any(%s::uuid[])",
                order.id, known,
            )  # fmt: skip
            assert made, "no refund was asked for"
            order.refunds[made] = cents

    def returned(self, order: Order) -> None:
        if not order.is_returned:
            self.on_hand += order.lines
            order.is_returned = True

    def compare(self) -> None:
        """The books against the model, and against themselves."""
        ids = [order.id for order in self.orders]
        assert wrong(self.ground.database, list(self.variants.values()), ids) == []
        rows = self.ground.database.execute(
            "select variant_id::text as id, on_hand, reserved from shop.stock where variant_id = any(%s::uuid[])",
            [list(self.variants.values())],
        ).fetchall()
        real: Any = {row["id"]: (row["on_hand"], row["reserved"]) for row in rows}
        assert real == {self.variants[t]: (self.on_hand[t], self.reserved(t)) for t in self.variants}
        rows = self.ground.database.execute(
            "select o.id::text, o.status, (captured_amount * 100)::int captured, (refunded_amount * 100)::int refunded"
            " from shop.orders o join shop.payments p on p.order_id = o.id where o.id = any(%s::uuid[])",
            [ids],
        ).fetchall()
        real = {row["id"]: (row["status"], row["captured"], row["refunded"]) for row in rows}
        assert real == {order.id: (order.status, order.captured, order.refunded) for order in self.orders}
        self.ground.looks += 1

    def check_out(self, person: str) -> None:
        cart = self.carts[person]
        said = self.run(
            "customer", "select (api.checkout(%s, notes => %s)).id::text", Jsonb(ADDRESS), uuid.uuid4().hex,
            person=person,
        )  # fmt: skip
        if not cart:
            assert said == "cart_empty", said
        elif any(self.available(thing) < quantity for thing, quantity in cart.items()):
            assert said == "insufficient_stock", said
        else:
            total = self.run("owner", "select (total_amount * 100)::int from shop.orders where id = %s", said)
            self.orders.append(Order(said, person, cart, total))
            self.carts[person] = Counter()

"""What may happen in trade, step by step, and what must come of it."""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from psycopg.types.json import Jsonb

from tests.soak.trade_model import PEOPLE, THINGS, Modelled

Pick = st.integers(0, 999)
Person, Thing = st.sampled_from(PEOPLE), st.sampled_from(THINGS)
BANK_IS_OPEN = {"requires_payment_method", "requires_action", "processing"}


class Machine(Modelled):
    @rule(thing=Thing, quantity=st.sampled_from([-4, -1, 1, 2, 5]), rarely=st.integers(0, 3))
    def count_the_shelf(self, thing: str, quantity: int, rarely: int) -> None:
        if rarely == 0:
            self.stock(thing, quantity)
            self.count("stock")

    @rule(person=Person, thing=Thing, quantity=st.integers(1, 3))
    def add(self, person: str, thing: str, quantity: int) -> None:
        said = self.run(
            "customer", "select (api.add_to_cart(%s, quantity => %s)).quantity", self.products[thing], quantity,
            person=person,
        )  # fmt: skip
        wanted = self.carts[person][thing] + quantity
        if wanted > self.available(thing):
            assert said == "insufficient_stock", said
        else:
            assert said == wanted, said
            self.carts[person][thing] = wanted
        self.count("add")

    @rule(person=Person, rarely=st.integers(0, 4))
    def clear(self, person: str, rarely: int) -> None:
        if rarely == 0:
            assert not self.run("customer", "select api.clear_cart()", person=person)
            self.carts[person] = Counter()
            self.count("clear")

    @rule(person=Person, rarely=st.integers(0, 9))
    def buy(self, person: str, rarely: int) -> None:
        if self.carts[person] or rarely == 0:
            self.check_out(person)
            self.count("checkout")

    @rule(person=Person, thing=Thing, pick=Pick)
    def buy_and_pay(self, person: str, thing: str, pick: int) -> None:
        """The way it should be; so that there is always something to break afterwards."""
        known = len(self.orders)
        self.add(person, thing, 1)
        self.buy(person, 0)
        if len(self.orders) > known:
            self.make_the_intent(0)
            # Some leave it to chance whether and when the bank gets the money, and when the shop hears of it.
            if pick % 3:
                self.emit(self.orders[-1], "succeeded")
            if pick % 3 == 1:
                self.tell(0, 0, "right")

    @rule(person=Person, thing=Thing, how=st.sampled_from(["expire", "cancel"]))
    def pay_late(self, person: str, thing: str, how: str) -> None:
        """The money is there; but before the shop hears of it, the order is gone."""
        known = len(self.orders)
        self.add(person, thing, 1)
        self.buy(person, 0)
        if len(self.orders) > known:
            self.make_the_intent(0)
            self.emit(self.orders[-1], "succeeded")
            if how == "expire":
                self.expire(0)
            else:
                self.cancel(0, "customer")
            self.tell(0, 0, "right")

    @precondition(lambda self: self.orders)
    @rule(pick=Pick)
    def make_the_intent(self, pick: int) -> None:
        """Worker or endpoint, as often as they like."""
        new = [order for order in self.orders if order.status == "pending" and not order.intent]
        order = new[-1] if new and pick % 2 else self.order(pick)
        said = self.run("worker", "select logic.payment_for_order(%s)", order.id)
        if order.status in {"cancelled", "refunded"}:
            assert said == "order_not_payable", said
        else:
            assert (said["intent_id"] or "", said["amount_minor"]) == (order.intent, order.cents)
            if not order.intent:
                order.intent, order.bank = f"pi_{order.id}", "requires_payment_method"
                made = {"id": order.intent, "client_secret": "s", "status": order.bank}
                assert self.run("worker", "select logic.record_intent(%s, %s)", order.id, Jsonb(made))
            else:
                other = {"id": "pi_other", "client_secret": "s", "status": "succeeded"}
                kept = self.run("worker", "select logic.record_intent(%s, %s)", order.id, Jsonb(other))
                assert kept["intent_id"] == order.intent, "a second intent was taken"
        self.count("intent")

    @precondition(lambda self: any(order.bank in BANK_IS_OPEN for order in self.orders))
    @rule(
        pick=Pick,
        status=st.sampled_from(["requires_payment_method", "requires_action", "processing", "succeeded", "succeeded"]),
    )
    def pay(self, pick: int, status: str) -> None:
        """At the bank; the shop has not heard of it."""
        payable = [order for order in self.orders if order.bank in BANK_IS_OPEN]
        self.emit(payable[-1 - pick % len(payable)], status)
        self.count("bank")

    @precondition(lambda self: any(order.events for order in self.orders))
    @rule(pick=Pick, which=Pick, how=st.sampled_from(["right", "right", "right", "amount", "order"]))
    def tell(self, pick: int, which: int, how: str) -> None:
        """Any event there ever was, in any order and again; now and then one that is wrong."""
        told = [order for order in self.orders if order.events]
        order = told[-1 - pick % min(len(told), 5)]
        event = order.events[-1 - which % len(order.events)]
        thing = event["data"]["object"]
        if how == "right":
            said = self.run("service", "select logic.apply_stripe_event(%s)", Jsonb(event))
            assert said["outcome"] in {"applied", "duplicate"}, said
            if thing["status"] == "succeeded" and not order.is_told_last:
                self.settled(order)
        else:
            change: dict[str, Any] = {"amount": thing["amount"] - 1} if how == "amount" else {"metadata": {}}
            false = {**event, "id": f"{event['id']}{which}{how}", "data": {"object": {**thing, **change}}}
            said = self.run("service", "select logic.apply_stripe_event(%s)", Jsonb(false))
            assert said["outcome"] in {"quarantined", "duplicate"}, said
        self.count(f"told {how}")

    @precondition(lambda self: any(order.status == "pending" for order in self.orders))
    @rule(pick=Pick)
    def expire(self, pick: int) -> None:
        order = [order for order in self.orders if order.status == "pending"][
            -1 - pick % sum(o.status == "pending" for o in self.orders)
        ]
        thinking = self.run(
            "owner",
            "select status in ('processing', 'requires_capture') from shop.payments where order_id = %s",
            order.id,
        )
        self.run("owner", "update shop.reservations set expires_at = now() where order_id = %s", order.id)
        self.run("worker", "select logic.expire_reservations()")
        if not thinking:
            order.status, order.cancelled_by, order.is_held = "cancelled", "expiry", False
        else:
            # Else the next expiry of another order would take this one along.
            self.run(
                "owner",
                "update shop.reservations set expires_at = now() + interval '1 h' where order_id = %s",
                order.id,
            )
        self.count("expire")

    @precondition(lambda self: self.orders)
    @rule(pick=Pick, by=st.sampled_from(["customer", "customer", "staff", "stranger"]))
    def cancel(self, pick: int, by: str) -> None:
        order = self.order(pick)
        role = "staff" if by == "staff" else "customer"
        person = {"staff": "staff", "customer": order.buyer}.get(by, next(p for p in PEOPLE if p != order.buyer))
        said = self.run(role, "select (api.cancel_order(%s)).status", order.id, person=person)
        allowed = self.run(
            "owner", "select is_for_customer or is_for_staff and %s from shop.order_transitions"
            " where from_status = %s and to_status = 'cancelled'", by == "staff", order.status,
        )  # fmt: skip
        if by == "stranger":
            assert said == "order_not_found", said
        elif order.status == "cancelled":
            assert said == "cancelled", said
        elif not allowed:
            assert said == "order_not_cancellable", said
        else:
            assert said == "cancelled", said
            if order.status != "pending":
                self.returned(order)
                self.give_back(order, order.captured - order.refunded)
            order.status, order.cancelled_by, order.is_held = "cancelled", role, False
        self.count(f"cancel by {by}")

    @precondition(lambda self: self.orders)
    @rule(pick=Pick, part=st.sampled_from([None, 1, 300, 100_000]))
    def refund(self, pick: int, part: int | None) -> None:
        """In whole, with the goods; or an amount as goodwill, and never more than was paid."""
        order = self.order(pick)
        amount = None if part is None else part / 100
        said = self.run(
            "staff",
            "select (api.refund_order(%s, amount => %s::numeric(12, 2))).status",
            order.id,
            amount,
            person="staff",
        )
        left = order.captured - order.refunded
        if not order.captured:
            assert said == "order_not_paid", said
        elif part is None and not left:
            assert said == "nothing_to_refund", said
        elif part is not None and part > left:
            assert said == "refund_exceeds_payment", said
        else:
            assert said == "pending", said
            if part is None:
                self.returned(order)
            self.give_back(order, left if part is None else part)
        self.count("refund")

    @precondition(lambda self: any(order.refunds for order in self.orders))
    @rule(pick=Pick)
    def make_the_refunds(self, pick: int) -> None:
        """The workers ask the bank, which does it once; they say so twice."""
        order = [order for order in self.orders if order.refunds][-1]
        refund = list(order.refunds)[pick % len(order.refunds)]
        wanted = self.run("worker", "select logic.refund_for_stripe(%s)", refund)
        assert wanted["amount_minor"] == order.refunds.pop(refund)
        for _ in range(2):
            made = {"id": f"re_{refund}", "status": "succeeded"}
            self.run("worker", "select logic.record_refund(%s, %s)", refund, Jsonb(made))
        # The amount counts from the moment it is asked for; the order is refunded when none may fail any more.
        if order.refunded == order.captured and not order.refunds and order.status not in {"pending", "cancelled"}:
            order.status = "refunded"
        self.count("refund made")

    @precondition(lambda self: any(order.status == "confirmed" for order in self.orders))
    @rule()
    def send_off(self) -> None:
        order = next(order for order in self.orders if order.status == "confirmed")
        said = self.run("staff", "select (api.set_order_status(%s, 'processing')).status", order.id, person="staff")
        assert said == "processing", said
        order.status = "processing"
        self.count("send")

    @invariant()
    def the_books_are_right(self) -> None:
        if self.variants:
            self.compare()

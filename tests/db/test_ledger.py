"""The books: what moves is posted on both sides, and nobody writes around it."""

from decimal import Decimal

import pytest

from tests.db.world import World

pytestmark = pytest.mark.usefixtures("audit")
ENTRY = """insert into shop.ledger_entries (posting_id, payment_id, account, amount, currency, reason, source_id)
values (gen_random_uuid(), %(anna_order_payment)s, '{}', {}, 'GBP', '{}', 'x')"""
DISPUTE = "insert into shop.disputes (id, payment_id, amount, status) values ('dp_1', %(anna_order_payment)s, {}, '{}')"


def balances(world: World) -> dict[str, Decimal]:
    rows = world.run(
        """select account, sum(amount) from shop.ledger_entries where payment_id = %(anna_order_payment)s
        group by account having sum(amount) <> 0"""
    ).fetchall()
    return dict(rows)


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("ledger_entries_append_only", ENTRY.format("stripe", 5, "capture")),
        ("ledger_entries_append_only", "update shop.ledger_entries set amount = 1"),
        ("ledger_entries_append_only", "delete from shop.ledger_entries"),
        ("ledger_entries_append_only", "truncate shop.ledger_entries"),
        ("disputes_amount_is_positive", DISPUTE.format(0, "lost")),
        ("disputes_status_is_known", DISPUTE.format(1, "drawn")),
    ],
)
def test_the_rule_refuses(world: World, rule: str, statement: str) -> None:
    assert world.refusal(statement) == rule


@pytest.mark.parametrize(
    ("rule", "account", "amount", "reason"),
    [
        ("ledger_entries_balance", "stripe", 5, "capture"),
        ("ledger_entries_amount_not_zero", "stripe", 0, "capture"),
        ("ledger_entries_account_is_known", "pocket", 5, "capture"),
        ("ledger_entries_reason_is_known", "stripe", 5, "gift"),
    ],
)
def test_not_even_a_trigger_posts_one_side(world: World, rule: str, account: str, amount: int, reason: str) -> None:
    statement = ENTRY.format(account, amount, reason) % {"anna_order_payment": f"'{world.ids['anna_order_payment']}'"}
    world.run("create table shop.thief (id integer)")
    world.connection.execute(
        f"create function shop.steal() returns trigger language plpgsql as $$begin {statement}; return null; end$$"
    )
    world.run("create trigger thief after insert on shop.thief for each row execute function shop.steal()")
    assert world.refusal("insert into shop.thief values (1)") == rule


def test_what_moves_is_posted_and_what_is_taken_back_too(world: World) -> None:
    paid = world.value("select captured_amount from shop.payments where id = %(anna_order_payment)s")
    # 5.00 were asked back and have not moved yet.
    assert balances(world) == {"stripe": paid, "sales": -paid}
    for status, back in (("succeeded", 5), ("failed", 0)):
        world.run("update shop.refunds set status = %(status)s where id = %(anna_refund)s", status=status)
        assert balances(world).get("refunds", 0) == back
        assert balances(world)["stripe"] == paid - back
    world.run(DISPUTE.format(7, "warning_needs_response"))
    for status, taken in (("needs_response", 7), ("under_review", 7), ("won", 0), ("lost", 7)):
        world.run("update shop.disputes set status = %(status)s where id = 'dp_1'", status=status)
        assert balances(world).get("disputes", 0) == taken
        assert balances(world)["stripe"] == paid - taken
        flagged = world.value("select is_disputed from shop.orders where id = %(anna_order)s")
        assert flagged == (status != "won")


@pytest.mark.parametrize(("method", "account"), [("cash_on_delivery", "cash"), ("bank_transfer", "bank")])
def test_money_lies_where_it_was_paid(world: World, method: str, account: str) -> None:
    world.run(f"update shop.payments set method = '{method}' where order_id = %(bert_order)s")
    world.run("update shop.payments set captured_amount = amount where order_id = %(bert_order)s")
    accounts = world.run(
        "select account from shop.ledger_entries where payment_id = %(bert_order_payment)s order by amount"
    ).fetchall()
    assert accounts == [("sales",), (account,)]
    # Paid, and not confirmed yet: that is for the test to mend.
    world.run("select logic.confirm_order(%(bert_order)s, 'paid')")


def test_differences_would_be_noticed(world: World) -> None:
    assert world.value("select logic.ledger_differences(3)") == 0
    world.connection.execute("reset role")
    world.run("set local session_replication_role = replica")
    world.run("update shop.payments set captured_amount = 6 where id = %(anna_order_payment)s")
    assert world.value("select logic.ledger_differences(3)") == 1
    world.run("update shop.payments set captured_amount = amount where id = %(anna_order_payment)s")
    world.run("set local session_replication_role = origin")

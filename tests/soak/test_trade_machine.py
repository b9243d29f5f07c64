"""Cart, stock, orders, payments and refunds against a model of them: thousands of steps, the books audited at each.

Straight at the functions, in the roles that call them, on a database of its own: no worker and no bank acts but the
model's. The same functions are raced through the port by the other files of this room.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import psycopg
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test
from psycopg.rows import dict_row

from db.migrate import migrate
from tests.databases import scratch
from tests.soak.conftest import IS_LONG, SEED, Measure
from tests.soak.trade_machine import Machine
from tests.soak.trade_model import Ground

__all__ = ["scratch"]

EXAMPLES, LENGTH, FLOOR = (110, 100, 10_000) if IS_LONG else (13, 90, 500)
# A function of the shop, and what it does when it is broken.
BROKEN = {
    "withdraw_order": "begin perform logic.set_status(withdrawn.id, 'cancelled', note); end",
    "refuse_cart": "begin end",
    "reserve_again": "begin return false; end",
    "settle_order": "begin perform logic.confirm_order(paid_order.id, 'Payment received'); end",
}


@pytest.fixture(scope="module")
def ground(scratch: Callable[..., Any]) -> Iterator[Ground]:
    """A database with nobody in it, whose commits need not be safe."""
    with scratch() as urls:
        migrate(urls["migrator"])
        with psycopg.connect(urls["superuser"], autocommit=True, row_factory=dict_row) as database:
            database.execute("set synchronous_commit = off")
            yield Ground(database)


def trade(ground: Ground, examples: int, length: int) -> None:
    """So many worlds of so many steps at most."""
    Machine.ground = ground
    run_state_machine_as_test(
        hypothesis.seed(SEED)(Machine),
        settings=hypothesis.settings(
            max_examples=examples, stateful_step_count=length, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False,
        ),
    )  # fmt: skip


@pytest.mark.timeout(3600)
def test_trade_does_what_the_model_says(ground: Ground, measure: Measure) -> None:
    try:
        trade(ground, EXAMPLES, LENGTH)
    finally:
        measure.add(steps=ground.steps, audits=ground.looks)
        measure.counts |= {"of each kind": dict(ground.seen)}
    assert ground.steps >= FLOOR
    assert len(ground.seen) == 16
    assert min(ground.seen.values()) >= (50 if IS_LONG else 1), "every kind of step was taken"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_shop_is_noticed(ground: Ground, name: str) -> None:
    row = ground.database.execute("select pg_get_functiondef(%s::regproc) as whole", [f"logic.{name}"]).fetchone()
    assert row
    body = f"AS $function${BROKEN[name]}$function$"
    broken = re.sub(r"(?s)AS \$function\$.*\$function\$", lambda _: body, row["whole"])
    assert broken != row["whole"]
    ground.database.execute(broken)
    try:
        # What a refusal says where an answer should be is no dict.
        with pytest.raises((AssertionError, TypeError, Flaky)):
            trade(ground, 12, 60)
    finally:
        ground.database.execute(row["whole"])

"""Events are applied once each, and none makes a wrong order paid."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop, eventually
from tests.extensions.payments import await_intent
from tests.extensions.webhooks import event, send, state, succeeded


def test_an_event_is_applied_once_however_often_it_comes(
    shop: Shop,
    customer: Person,
    intended: dict[str, Any],
    database: psycopg.Connection[Any],
    at_once: Callable[..., list[httpx.Response]],
) -> None:
    told = event("payment_intent.succeeded", succeeded(intended))
    answers = at_once([lambda: send(shop, told)] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["outcome"] for answer in answers) == ["applied"] + ["duplicate"] * 5
    assert send(shop, told).json() == {"received": True, "outcome": "duplicate"}
    # The same news under another id changes nothing either.
    assert send(shop, event("payment_intent.succeeded", succeeded(intended))).json()["outcome"] == "applied"
    history = customer.client.get(f"/api/v1/orders/{intended['id']}/").json()["status_history"]
    assert [step["status"] for step in history] == ["pending", "confirmed"]
    rows = database.execute(
        "select id from shop.outbox where topic = 'order.confirmed' and payload ->> 'order_id' = %s", [intended["id"]]
    ).fetchall()
    assert len(rows) == 1


@pytest.mark.parametrize("kind", ["customer.created", "charge.updated", "payment_intent.", "no such thing", ""])
def test_events_that_are_not_ours_are_received_and_ignored(shop: Shop, kind: str) -> None:
    answer = send(shop, event(kind, {"id": "x_1", "object": "thing"}))
    assert (answer.status_code, answer.json()) == (200, {"received": True, "outcome": "ignored"})


def test_an_unknown_order_is_ignored(shop: Shop, intended: dict[str, Any]) -> None:
    unknown = str(uuid.uuid4())
    thing = succeeded(intended, id="pi_unknown", metadata={"order_id": unknown})
    assert send(shop, event("payment_intent.succeeded", thing)).json()["outcome"] == "ignored"
    assert send(shop, event("payment_intent.succeeded", thing | {"metadata": {}})).json()["outcome"] == "ignored"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1},
        {"amount_received": 1},
        {"amount_received": None},
        {"currency": "usd"},
        {"currency": None},
        {"metadata": {}},
        {"metadata": {"order_id": "00000000-0000-4000-8000-000000000000"}},
    ],
    ids=str,
)
def test_money_that_does_not_fit_the_order_pays_nothing(
    shop: Shop, customer: Person, intended: dict[str, Any], database: psycopg.Connection[Any], changes: dict[str, Any]
) -> None:
    told = event("payment_intent.succeeded", succeeded(intended, **changes))
    answer = send(shop, told)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "quarantined")
    assert state(customer, intended) == "pending"
    row = database.execute("select outcome, payload from shop.payment_events where id = %s", [told["id"]]).fetchone()
    assert row and row["outcome"] == "quarantined"
    # What it says of money is kept.
    kept = row["payload"]["data"]["object"]
    assert kept.items() >= {k: told["data"]["object"].get(k) for k in ("id", "amount", "status")}.items()
    # The operator hears of it.
    log = shop.state / "logs" / "service.log"
    eventually(lambda: told["id"] in log.read_text(), what="the service's line")


def test_late_news_of_an_earlier_state_changes_nothing(
    shop: Shop, customer: Person, intended: dict[str, Any], pay: Any
) -> None:
    assert pay(customer, intended).status_code == 200
    for status in ("requires_payment_method", "processing", "canceled"):
        thing = succeeded(intended, status=status, amount_received=0)
        assert send(shop, event(f"payment_intent.{status}", thing)).status_code == 200
        assert state(customer, intended) == "confirmed"
    assert customer.client.get(f"/api/v1/orders/{intended['id']}/").json()["payment_status"] == "succeeded"


def test_an_event_lost_half_way_is_sent_again_and_applied_once(
    shop: Shop, customer: Person, intended: dict[str, Any], bank: Any, superuser: psycopg.Connection[Any]
) -> None:
    # What is told of the intent itself, and the worker, would stand before the order as well.
    await_intent(shop, intended)
    with shop.connect() as holding, holding.transaction():
        holding.execute("select from shop.orders where id = %s for update", [intended["id"]])
        bank.v1.payment_intents.confirm(intended["intent"], {"payment_method": "pm_card_visa"})
        # The connection of the service breaks while it applies the event.
        broken = eventually(
            lambda: superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where usename = 'service' and %s = any (pg_blocking_pids(pid))",
                [holding.info.backend_pid],
            ).fetchall(),
            what="the webhook",
        )
        assert len(broken) == 1
    eventually(lambda: state(customer, intended) == "confirmed", what="the repeated webhook")
    rows = superuser.execute(
        "select outcome from shop.payment_events"
        " where type = 'payment_intent.succeeded' and payload #>> '{data,object,id}' = %s",
        [intended["intent"]],
    ).fetchall()
    assert rows == [{"outcome": "applied"}]

"""Every alert of monitoring/alerts.yml fires when what it warns of is really brought about, and is silent otherwise."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis
import yaml

from tests.conftest import Shop, eventually
from tests.extensions.webhooks import event, send, succeeded
from tests.monitoring.prometheus import RULES, Watched, programs, watching
from tests.stack import selling

ALERTS = {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}


@pytest.fixture(scope="module")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Prometheus and its tool."""
    return programs(tmp_path_factory.mktemp("prometheus"))


@pytest.fixture(scope="module")
def watched(binaries: Path, breakable: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A shop of our own, since much of it is broken here."""
    with watching(breakable, tmp_path_factory.mktemp("watched"), binaries / "prometheus") as seen:
        yield seen


@pytest.fixture
def database(watched: Watched) -> Iterator[psycopg.Connection[Any]]:
    with watched.shop.connect() as connection:
        yield connection


def test_nothing_fires_in_a_shop_that_is_well(watched: Watched) -> None:
    eventually(lambda: not watched.firing(), what="silence")
    rules = httpx.get(f"{watched.url}/api/v1/rules", timeout=30).json()["data"]["groups"][0]["rules"]
    assert {rule["name"] for rule in rules} == ALERTS.keys()
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}


def test_work_that_waits(watched: Watched, database: psycopg.Connection[Any]) -> None:
    """Without workers, and as if the time were later."""
    with watched.without("worker", "relay", "beat"):
        with redis.Redis.from_url(watched.shop.status["redis_url"]) as valkey:
            valkey.delete(*(f"pgshop:heartbeat:{name}" for name in ("worker", "relay", "beat")))
        watched.expect("PartSilent")
        _, client = selling.register(watched.shop)
        database.execute("update shop.outbox set available_at = now() - interval '3 minutes' where done_at is null")
        watched.expect("OutboxLate")
        selling.place_order(client, selling.make_product(watched.shop))
        database.execute("update shop.reservations set expires_at = now() where state = 'held'")
        watched.expect("ReservationsOverdue")


def test_mails_that_cannot_be_sent(watched: Watched, database: psycopg.Connection[Any]) -> None:
    with watched.without("mail"):
        selling.register(watched.shop)
        watched.expect("MailFailing")
        # A day of trouble later.
        database.execute("update shop.outbox set attempts = 29, available_at = now() where last_error is not null")
        watched.expect("WorkGivenUp")
    database.execute("select logic.revive_outbox()")


def test_news_of_stripe_that_fits_no_order(watched: Watched, database: psycopg.Connection[Any]) -> None:
    _, client = selling.register(watched.shop)
    order = selling.place_order(client, selling.make_product(watched.shop))
    intent = client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}).json()["payment_intent_id"]
    told = succeeded({**order, "intent": intent}, amount_received=1)
    assert send(watched.shop, event("payment_intent.succeeded", told)).json()["outcome"] == "quarantined"
    watched.expect("EventQuarantined")
    database.execute("update shop.payment_events set received_at = received_at - interval '1 day'")


def test_books_that_do_not_balance(watched: Watched) -> None:
    order = selling.sell(watched.shop, selling.make_product(watched.shop)).order
    cent = "update shop.payments set captured_amount = captured_amount + %s where order_id = %s"
    with psycopg.connect(superuser(watched), autocommit=True) as root:
        # Past every trigger, as only a superuser can.
        root.execute("set session_replication_role = replica")
        root.execute(cent, ["-0.01", order["id"]])
        watched.expect("LedgerDiffers")
        root.execute(cent, ["0.01", order["id"]])


def superuser(watched: Watched) -> str:
    word = json.loads((watched.shop.state / "secrets.json").read_text())["superuser"]
    host = watched.shop.status["database_url"].rpartition("@")[2]
    return f"postgresql://postgres:{word}@{host}"


@pytest.mark.undescribed("an error of ours is what is wanted here")
def test_answers_that_are_late_or_errors(watched: Watched, database: psycopg.Connection[Any]) -> None:
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            with suppress(httpx.TransportError):
                httpx.get(f"{watched.shop.url}/rest/v1/reviews?select=rating", timeout=30)

    with ThreadPoolExecutor(6) as visitors, database.transaction():
        database.execute("lock table shop.reviews")
        asking = [visitors.submit(ask) for _ in range(6)]

        def both() -> bool:
            watched.firing()
            return {"ManyErrors", "SlowAnswers"} <= watched.fired

        try:
            # Looked for all the while: each is over some seconds after the answers that it is about.
            eventually(both, what="both fire")
            watched.expect("TransactionOld")
        finally:
            is_over.set()
    for each in asking:
        each.result()


def test_connections_that_run_out(watched: Watched, database: psycopg.Connection[Any]) -> None:
    """Some are left, by which it is seen; without any there is no reading, which is another alert."""
    taken = "select count(*) >= 105 as is_enough from pg_stat_activity where backend_type = 'client backend'"
    with ExitStack() as held:
        while not database.execute(taken).fetchone()["is_enough"]:  # type: ignore[index, call-overload]
            held.enter_context(psycopg.connect(watched.shop.status["database_url"]))
        watched.expect("ConnectionsShort")


def test_a_log_that_is_not_archived(watched: Watched) -> None:
    data = watched.shop.state / "parts/postgres/data"
    with (data / "postgresql.conf").open("a") as file:
        file.write("archive_mode = on\narchive_command = 'false'\n")
    watched.control("restart", "postgres")
    eventually(lambda: reaches(watched), what="the database is back")
    with psycopg.connect(superuser(watched), autocommit=True) as root:
        root.execute("select pg_switch_wal()")
        watched.expect("ArchiveFailing")
        root.execute("alter system set archive_command = 'true'")
        root.execute("select pg_reload_conf()")


def reaches(watched: Watched) -> bool:
    try:
        psycopg.connect(superuser(watched)).close()
    except psycopg.OperationalError:
        return False
    return True


def test_parts_that_are_gone(watched: Watched) -> None:
    with watched.without("postgrest"):
        watched.expect("ShopDown")
    with watched.without("metrics"):
        watched.expect("MetricsMissing")


def test_all_is_silent_again_once_all_is_mended(watched: Watched) -> None:
    watched.recovers()


def test_every_alert_has_fired(watched: Watched) -> None:
    """Here, in this order; whoever adds one adds how it comes about."""
    assert watched.fired == ALERTS.keys()


def test_the_rules_are_valid(binaries: Path) -> None:
    command = [binaries / "promtool", "check", "rules", RULES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout + done.stderr


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    page = (RULES.parents[1] / "docs/how-to/runbooks.md").read_text()
    sections = dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", page))
    assert sections.keys() == ALERTS.keys()
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["runbook"] == f"docs/how-to/runbooks.md#{name.lower()}"
        assert len(sections[name]) > 200, name

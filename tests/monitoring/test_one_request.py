"""A request is found by its id in every log, from nginx to the mail that came of it."""

import json
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ADDRESS, Person, Shop, eventually
from tests.workers.mails import mail

FORM = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-01")


def lines(shop: Shop, part: str, word: str) -> list[dict[str, Any]]:
    """The lines of a part's log with this word in it; each an object. Whoever asks may send bytes that are no text.

    An answer may be there before its line is, or before the line is whole.
    """
    told = list[str]()
    # A log that has grown large goes on in a new file.
    for name in (f"{part}.log.1", f"{part}.log"):
        with suppress(FileNotFoundError):
            told += (shop.state / "logs" / name).read_text(errors="replace").splitlines(keepends=True)
    return [json.loads(line) for line in told if word in line and line.endswith("\n")]


@pytest.fixture
def cash(acting_as: Callable[..., Person]) -> Any:
    """Cash on delivery is offered: the mail comes of the checkout itself."""
    admin = acting_as("admin")

    def offer(*, active: bool) -> None:
        url = "/rest/v1/payment_methods?code=eq.cash_on_delivery"
        assert admin.client.patch(url, json={"is_active": active}).status_code == 204

    offer(active=True)
    yield
    offer(active=False)


def test_one_grep_follows_an_order(
    shop: Shop,
    database: psycopg.Connection[Any],
    customer: Person,
    make_product: Callable[..., dict[str, Any]],
    cash: None,
) -> None:
    product, trace = make_product(), secrets.token_hex(16)
    headers = {"Traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    body = {"shipping_address": ADDRESS, "payment_method": "cash_on_delivery"}
    customer.client.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 1})
    answers: list[httpx.Response] = []
    buying = threading.Thread(
        target=lambda: answers.append(customer.client.post("/api/v1/orders/", json=body, headers=headers))
    )
    seen = "select state from pg_stat_activity where application_name = %s and usename = 'authenticator'"
    mine = "select from shop.stock where variant_id in (select id from shop.product_variants where product_id = %s)"
    # Connected before it matters: who waits for a lock does so for ten seconds.
    with shop.connect() as looking, database.transaction():
        database.execute(f"{mine} for update", [product["id"]])
        buying.start()
        eventually(lambda: looking.execute(seen, [trace]).fetchone(), what="the checkout in pg_stat_activity")
    buying.join()
    order = answers[0].json()
    assert (answers[0].status_code, answers[0].headers["x-request-id"]) == (201, trace), order
    # What the database refuses stands in its own log.
    too_much = {"product_id": product["id"], "quantity": 1000}
    assert customer.client.post("/api/v1/cart/items/", json=too_much, headers=headers).status_code == 409
    mail(shop, customer.email, order["order_number"])

    asked = eventually(lambda: lines(shop, "nginx", trace), what="nginx' line")
    assert [(line["route"], line["status"]) for line in asked][:1] == [("/api/v1/orders/", 201)]
    assert {line["request_id"] for line in asked} == {trace}
    assert asked[0]["seconds"] > 0
    log, refusal = shop.state / "logs/postgres.log", f"authenticator {trace} ERROR:"
    eventually(lambda: refusal in log.read_text(errors="replace"), what="the database's line")

    def confirmed(part: str, said: str) -> list[dict[str, Any]]:
        return [
            line for line in lines(shop, part, trace) if (line["event"], line.get("topic")) == (said, "order.confirmed")
        ]

    for part, said in (("relay", "handed out"), ("worker", "done")):
        told, *_ = eventually(partial(confirmed, part, said), what=f"the line of {part}")
        assert told["request_id"] == trace, part
    assert told["order_id"] == order["id"]
    assert told["traceparent"] == headers["Traceparent"]


def test_the_service_tells_the_same_id(shop: Shop) -> None:
    answer = shop.client().post("/api/v1/auth/login/", json={"email": "nobody@example.com", "password": "x" * 12})
    name = answer.headers["x-request-id"]
    (told,) = eventually(lambda: lines(shop, "service", name), what="the service's line")
    assert (told["request_id"], told["status"], told["event"]) == (name, answer.status_code, "request")
    assert FORM.fullmatch(told["traceparent"])[1] == name  # type: ignore[index]


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("00-" + "0123456789abcdef" * 2 + "-0123456789abcdef-00", True),
        ("00-" + "0" * 32 + "-0123456789abcdef-01", False),
        ("00-" + "a" * 32 + "-" + "0" * 16 + "-01", False),
        ("ff-" + "a" * 32 + "-0123456789abcdef-01", False),
        ("00-" + "A" * 32 + "-0123456789abcdef-01", False),
        ("nonsense", False),
    ],
)
def test_a_trace_goes_on_if_it_is_one(shop: Shop, given: str, is_kept: bool) -> None:
    answer = shop.client().get("/.well-known/jwks.json", headers={"Traceparent": given})
    name = answer.headers["x-request-id"]
    assert (name == given[3:35]) is is_kept
    (told,) = eventually(lambda: lines(shop, "service", name), what="the service's line")
    assert FORM.fullmatch(told["traceparent"].replace("-00", "-01"))
    assert (told["traceparent"] == given) is is_kept


def test_every_log_of_ours_is_objects(shop: Shop, customer: Person) -> None:
    """What a library says, too. Of what is told from now on: other tests break the shop, and are told of that."""
    logs = {part: shop.state / "logs" / f"{part}.log" for part in ("nginx", "service", "worker", "relay")}
    begun = {part: log.stat().st_size for part, log in logs.items()}
    # One that nginx does not understand, one for the service, and one of which a mail comes.
    assert shop.client().get("/%").status_code == 400
    assert shop.client().post("/api/v1/auth/password/reset/", json={"email": customer.email}).status_code == 202

    def told(part: str) -> list[str]:
        """Whole lines."""
        text = logs[part].read_bytes()
        start = text.rfind(b"\n", 0, begun[part]) + 1
        return text[start : text.rfind(b"\n") + 1].decode(errors="replace").splitlines()

    for part in logs:
        eventually(lambda part=part: told(part), what=f"{part} tells something")
        # What nginx complains of has a form of its own.
        assert [line for line in told(part) if not re.match(r"{|\d{4}/\d\d/\d\d [\d:]+ \[", line)] == [], part

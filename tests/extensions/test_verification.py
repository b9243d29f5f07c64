"""The link of the welcome mail: a page with a button, which works once."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop, eventually


@pytest.fixture
def link(shop: Shop, customer: Person) -> str:
    """As somebody would click it, out of the real mail."""
    (mail,) = eventually(lambda: [m for m in shop.mails(customer.email) if "Welcome" in m["subject"]], what="welcome")
    found = re.search(r'href="(http[^"]+/verify\?token=[^"]+)"', mail["html"])
    assert found and found[1] in mail["text"]
    assert found[1].startswith(f"{shop.url}/")
    return found[1]


def verified(customer: Person) -> bool:
    return bool(customer.client.get("/api/v1/users/me/").json()["is_email_verified"])


def act(link: str) -> httpx.Response:
    """Press the page's button: post to where its form points."""
    page = httpx.get(link, timeout=30)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    form = re.search(r'<form method="post" action="([^"]+)">', page.text)
    assert form
    return httpx.post(f"{urlsplit(link).scheme}://{urlsplit(link).netloc}{form[1]}", timeout=30)


def test_looking_is_not_confirming(customer: Person, link: str) -> None:
    for _ in range(2):
        assert httpx.get(link, timeout=30).status_code == 200
    assert not verified(customer)


def test_the_button_confirms_once(customer: Person, link: str) -> None:
    done = act(link)
    assert done.status_code == 200, done.text
    assert "confirmed" in done.text
    assert verified(customer)
    again = act(link)
    assert again.status_code == 400
    assert "does not work any more" in again.text
    assert verified(customer)


def test_the_same_token_serves_programs(shop: Shop, customer: Person, link: str) -> None:
    token = {"token": link.partition("token=")[2]}
    client = shop.client()
    assert client.post("/api/v1/auth/verify/", json=token).json() == {"detail": "Address verified"}
    assert verified(customer)
    again = client.post("/api/v1/auth/verify/", json=token)
    assert (again.status_code, again.json()["code"]) == (400, "token_invalid")


def test_tampered_links_confirm_nothing(shop: Shop, customer: Person, link: str) -> None:
    token = link.partition("token=")[2]
    for wrong in (token[:-1], token + "A", token.swapcase(), "", "x" * 199, "%00", "%3Cscript%3E"):
        assert httpx.post(f"{shop.url}/verify?token={wrong}", timeout=30).status_code == 400, wrong
    assert not verified(customer)
    assert act(link).status_code == 200


def test_an_old_link_confirms_nothing(customer: Person, link: str, database: psycopg.Connection[Any]) -> None:
    database.execute("update auth.one_time_tokens set expires_at = now() where account_id = %s", [customer.id])
    assert act(link).status_code == 400
    assert not verified(customer)


def test_a_link_belongs_to_its_address(customer: Person, link: str, database: psycopg.Connection[Any]) -> None:
    database.execute("update shop.customers set email = 'other-' || email where id = %s", [customer.id])
    assert act(link).status_code == 400
    assert not verified(customer)


def test_only_the_hash_of_a_token_is_stored(customer: Person, link: str, database: psycopg.Connection[Any]) -> None:
    token = link.partition("token=")[2]
    rows = database.execute(
        "select t::text from auth.one_time_tokens t where account_id = %s"
        " union all select o::text from shop.outbox o where payload ->> 'customer_id' = %s",
        [customer.id, customer.id],
    ).fetchall()
    assert len(rows) >= 2
    assert not [row for row in rows if token in row["t"]]


def test_what_a_link_carries_is_no_markup(shop: Shop) -> None:
    page = httpx.get(f"{shop.url}/verify", params={"token": '"><script>alert(1)</script>'}, timeout=30)
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_link_pressed_many_times_at_once_confirms_once(
    customer: Person, link: str, at_once: Callable[..., list[httpx.Response]]
) -> None:
    answers = at_once([lambda: httpx.post(link, timeout=30)] * 6)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
    assert verified(customer)

"""Registering: one answer for new and taken addresses; weak passwords and bad bodies are refused by field."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import PASSWORD, Person, Shop, eventually

URL = "/api/v1/auth/register/"
SHAPE = {"code", "message", "details", "hint"}


def body(**changes: Any) -> dict[str, Any]:
    email = f"new-{uuid.uuid4().hex[:8]}@example.com"
    return {
        "email": email,
        "password": PASSWORD,
        "password2": PASSWORD,
        "first_name": "Ann",
        "last_name": "Lee",
    } | changes


def accounts(database: psycopg.Connection[Any], email: str) -> int:
    row = database.execute("select count(*) from shop.customers where email = lower(%s)", [email]).fetchone()
    return int(row["count"]) if row else -1


def test_a_new_address_is_an_account(shop: Shop, database: psycopg.Connection[Any]) -> None:
    given = body(email=f"  New.{uuid.uuid4().hex[:8]}@Example.COM ")
    answer = shop.client().post(URL, json=given)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made.keys() == {"id", "email", "first_name", "last_name", "created_at"}
    assert made["email"] == given["email"].strip().lower()
    assert (made["first_name"], made["last_name"]) == ("Ann", "Lee")
    stored = database.execute(
        "select c.id::text, a.role, a.password_hash, c.is_email_verified from shop.customers c"
        " join auth.accounts a using (id) where c.email = %s",
        [made["email"]],
    ).fetchone()
    assert stored
    assert (stored["id"], stored["role"], stored["is_email_verified"]) == (made["id"], "customer", False)
    assert stored["password_hash"].startswith("$argon2id$")


def test_a_taken_address_answers_alike_creates_nothing_and_tells_its_owner(
    shop: Shop, customer: Person, database: psycopg.Connection[Any]
) -> None:
    fresh = shop.client().post(URL, json=body())
    taken = [
        shop.client().post(URL, json=body(email=spelling, first_name="Somebody", last_name="Else"))
        for spelling in (customer.email, customer.email.upper())
    ]
    for answer in taken:
        assert answer.status_code == fresh.status_code == 201
        assert answer.json().keys() == fresh.json().keys()
        assert {k.lower() for k in answer.headers} == {k.lower() for k in fresh.headers}
        assert answer.json() == {**answer.json(), "email": customer.email, "first_name": "Somebody"}
    assert len({customer.id, *(answer.json()["id"] for answer in taken)}) == 3
    assert uuid.UUID(taken[0].json()["id"]).version == 4
    assert accounts(database, customer.email) == 1
    me = customer.client.get("/api/v1/users/me/").json()
    assert (me["id"], me["first_name"]) == (customer.id, "Test")
    told = eventually(
        lambda: [m for m in shop.mails(customer.email) if "already" in m["subject"]], what="the owner's mail"
    )
    assert "Nothing was changed" in told[0]["text"]
    assert "Somebody" not in told[0]["text"] + told[0]["html"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "short", "password2": "short"}, "password"),
        ({"password": "", "password2": ""}, "password"),
        ({"password": "1234567890123", "password2": "1234567890123"}, "password"),
        ({"password": "aaaaaaaaaaaaaa", "password2": "aaaaaaaaaaaaaa"}, "password"),
        ({"password": "password123", "password2": "password123"}, "password"),
        ({"password": "Qwertyuiop", "password2": "Qwertyuiop"}, "password"),
        ({"password": "p" * 60 + "qrst" * 20, "password2": "p" * 60 + "qrst" * 20}, "password"),
        ({"email": "margaret@example.com", "password": "margaret2024", "password2": "margaret2024"}, "password"),
        ({"password2": "another long password"}, "password"),
        ({"password": 1234567890}, "password"),
        ({"email": "no address"}, "email"),
        ({"email": "two@signs@example.com"}, "email"),
        ({"email": "a@" + "b" * 250 + ".com"}, "email"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
        ({"email": None}, "email"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"last_name": "nul\x00"}, "last_name"),
        ({"first_name": "half \ud800"}, "first_name"),
        ({"first_name": "Ann\r\nBcc: spam@example.com"}, "first_name"),
        ({"role": "admin"}, "role"),
        ({"is_staff": True}, "is_staff"),
        ({"\ud800": True}, None),
    ],
)
def test_bad_registrations_name_the_field(
    shop: Shop, database: psycopg.Connection[Any], changes: dict[str, Any], field: str | None
) -> None:
    given = body(**changes)
    # As ASCII, since httpx cannot encode halves of characters.
    answer = shop.client().post(URL, content=json.dumps(given), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed"), answer.text
    assert answer.json().keys() == SHAPE
    if field:
        assert list(answer.json()["details"]) == [field]
    assert PASSWORD not in answer.text
    if given["email"] and "\r" not in given["email"]:
        assert accounts(database, given["email"]) == 0


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_json"),
        (b"", "application/json", 400, "invalid_json"),
        (b'"\xff"', "application/json", 400, "invalid_json"),
        (b"[" * 30_000, "application/json", 400, "invalid_json"),
        (b"[]", "application/json", 422, "validation_failed"),
        (b"{}", "application/json", 422, "validation_failed"),
        (b"email=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b'{"email": "' + b"x" * 70_000 + b'"}', "application/json", 413, "payload_too_large"),
        (b'{"email": "' + b"x" * 300_000 + b'"}', "application/json", 413, "payload_too_large"),
    ],
)
@pytest.mark.parametrize("path", [URL, "/api/v1/auth/login/", "/api/v1/auth/refresh/", "/api/v1/auth/verify/"])
def test_what_is_no_json_object_is_refused(
    shop: Shop, path: str, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = httpx.post(shop.url + path, content=content, headers={"Content-Type": kind}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().keys() == SHAPE
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", [URL, "/api/v1/auth/login/", "/api/v1/auth/refresh/", "/api/v1/payments/webhook/"])
def test_only_post_signs_up_or_in(shop: Shop, path: str) -> None:
    answer = shop.client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def test_one_address_registered_by_many_at_once_is_one_account(
    shop: Shop, database: psycopg.Connection[Any], at_once: Callable[..., list[httpx.Response]]
) -> None:
    given = body()
    answers = at_once([lambda: httpx.post(shop.url + URL, json=given, timeout=30)] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 6
    assert accounts(database, given["email"]) == 1

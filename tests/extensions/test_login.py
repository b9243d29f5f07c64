"""Signing in: wrong passwords and unknown addresses look alike, and guessing is slowed down."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import psycopg
import pytest

from tests.conftest import PASSWORD, Person, Shop

URL = "/api/v1/auth/login/"


def login(shop: Shop, email: str, password: str = PASSWORD) -> httpx.Response:
    return shop.client().post(URL, json={"email": email, "password": password})


@pytest.mark.parametrize("role", ["customer", "staff", "admin"])
def test_both_tokens_and_who_it_is(acting_as: Callable[..., Person], shop: Shop, role: str) -> None:
    person = acting_as(role)
    answer = login(shop, f"  {person.email.upper()} ")
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert given.keys() == {"access", "refresh", "user"}
    assert given["user"] == {
        "id": person.id,
        "email": person.email,
        "first_name": "Test" if role == "customer" else "",
        "last_name": "",
        "role": role,
    }
    assert jwt.decode(given["access"], options={"verify_signature": False})["role"] == role


def test_a_wrong_password_and_an_unknown_address_look_alike(shop: Shop, customer: Person) -> None:
    answers = [
        login(shop, customer.email, "a wrong enough password"),
        login(shop, customer.email.upper(), PASSWORD.upper()),
        login(shop, customer.email, PASSWORD + " "),
        login(shop, "nobody@example.com"),
        login(shop, "no address at all"),
        login(shop, ""),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_credentials"
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


def test_an_unknown_address_takes_as_long(shop: Shop, customer: Person) -> None:
    def seconds(email: str) -> float:
        begun = time.perf_counter()
        assert login(shop, email, "a wrong enough password").status_code == 401
        return time.perf_counter() - begun

    taken = {email: [] for email in (customer.email, "nobody@example.com")}
    for _ in range(8):
        for email, times in taken.items():
            times.append(seconds(email))
    # The quickest: whatever else the machine has to do only ever adds.
    known, unknown = (min(times) for times in taken.values())
    # Without the work done for nothing it is about a tenth.
    assert 0.4 < unknown / known < 2.5


def test_a_switched_off_account_looks_like_a_wrong_password(
    shop: Shop, customer: Person, database: psycopg.Connection[Any]
) -> None:
    database.execute("update auth.accounts set is_active = false where id = %s", [customer.id])
    assert login(shop, customer.email).text == login(shop, customer.email, "a wrong enough password").text


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@example.com"},
        {"email": "a@example.com", "password": None},
        {"email": ["a@example.com"], "password": PASSWORD},
        {"email": "a@example.com", "password": "x" * 600},
        {"email": "a" * 300, "password": PASSWORD},
        {"email": "a@example.com", "password": PASSWORD, "remember": True},
        {"email": "nul\x00@example.com", "password": PASSWORD},
    ],
)
def test_bad_logins(shop: Shop, body: dict[str, Any]) -> None:
    answer = shop.client().post(URL, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert PASSWORD not in answer.text


def throttle(database: psycopg.Connection[Any], bucket: str, attempts: int, seconds: int = 200) -> None:
    database.execute(
        "insert into auth.throttles (bucket, attempts, window_ends_at)"
        " values (%s, %s, now() + make_interval(secs => %s))"
        " on conflict on constraint throttles_pkey do update"
        " set attempts = excluded.attempts, window_ends_at = excluded.window_ends_at",
        [hashlib.sha256(bucket.encode()).hexdigest(), attempts, seconds],
    )


def test_too_many_attempts_wait_even_with_the_right_password(
    shop: Shop, customer: Person, acting_as: Callable[..., Person], database: psycopg.Connection[Any]
) -> None:
    # The stack of the tests allows 100,000.
    bucket = f"login {customer.email} 127.0.0.1"
    throttle(database, bucket, 100_000)
    refused = login(shop, customer.email)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 190 <= int(refused.headers["retry-after"]) <= 200
    # However the address is written, it is the same account.
    assert login(shop, f" {customer.email.upper()}").status_code == 429
    # Others are not kept waiting, and the window ends.
    assert login(shop, acting_as().email).status_code == 200
    throttle(database, bucket, 100_000, seconds=0)
    assert login(shop, customer.email).status_code == 200


def test_success_forgives_and_failures_count(shop: Shop, customer: Person, database: psycopg.Connection[Any]) -> None:
    bucket = f"login {customer.email} 127.0.0.1"
    throttle(database, bucket, 99_998)
    assert login(shop, customer.email, "a wrong enough password").status_code == 401
    assert login(shop, customer.email).status_code == 200
    assert login(shop, customer.email, "a wrong enough password").status_code == 401
    row = database.execute(
        "select attempts from auth.throttles where bucket = %s", [hashlib.sha256(bucket.encode()).hexdigest()]
    ).fetchone()
    assert row == {"attempts": 1}


def test_unknown_addresses_are_throttled_too(shop: Shop, database: psycopg.Connection[Any]) -> None:
    throttle(database, "login ghost@example.com 127.0.0.1", 100_000)
    assert login(shop, "ghost@example.com").status_code == 429


def test_registrations_from_one_place_are_throttled(shop: Shop, database: psycopg.Connection[Any]) -> None:
    bucket = "register 127.0.0.1"
    body = {"email": "late@example.com", "password": PASSWORD, "password2": PASSWORD}
    throttle(database, bucket, 100_000)
    try:
        answer = shop.client().post("/api/v1/auth/register/", json=body)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert int(answer.headers["retry-after"]) > 0
    finally:
        throttle(database, bucket, 0, seconds=0)
    assert not database.execute("select 1 from shop.customers where email = 'late@example.com'").fetchone()


def test_a_client_cannot_choose_its_address(shop: Shop, customer: Person, database: psycopg.Connection[Any]) -> None:
    throttle(database, f"login {customer.email} 127.0.0.1", 100_000)
    for name in ("X-Real-Ip", "X-Forwarded-For", "Forwarded"):
        answer = shop.client().post(
            URL, json={"email": customer.email, "password": PASSWORD}, headers={name: "203.0.113.9"}
        )
        assert answer.status_code == 429, name

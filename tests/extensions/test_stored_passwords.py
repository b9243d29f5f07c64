"""Stored hashes: older ones sign in and are renewed, damaged ones sign nobody in."""

import base64
import hashlib
from collections.abc import Callable

import httpx
import psycopg
import pytest
from argon2 import PasswordHasher

from tests.conftest import PASSWORD, Person, Shop

Database = psycopg.Connection[dict[str, str]]


def login(shop: Shop, person: Person, password: str = PASSWORD) -> httpx.Response:
    return shop.client().post("/api/v1/auth/login/", json={"email": person.email, "password": password})


def as_django(password: str, rounds: int = 1000) -> str:
    """A hash as a shop on Django brings it along."""
    made = hashlib.pbkdf2_hmac("sha256", password.encode(), b"saltsaltsalt", rounds)
    return f"pbkdf2_sha256${rounds}$saltsaltsalt${base64.b64encode(made).decode()}"


def stored(database: Database, person: Person, new: str | None = None) -> str:
    if new is not None:
        database.execute("update auth.accounts set password_hash = %s where id = %s", [new, person.id])
    row = database.execute("select password_hash from auth.accounts where id = %s", [person.id]).fetchone()
    assert row
    return row["password_hash"]


@pytest.mark.parametrize(
    "made", [as_django, PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash], ids=["django", "weaker"]
)
def test_an_older_hash_signs_in_and_is_renewed(
    shop: Shop, customer: Person, database: Database, made: Callable[[str], str]
) -> None:
    old = stored(database, customer, made(PASSWORD))
    assert login(shop, customer, "a wrong enough password").status_code == 401
    assert stored(database, customer) == old
    assert login(shop, customer).status_code == 200
    renewed = stored(database, customer)
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert login(shop, customer).status_code == 200
    assert stored(database, customer) == renewed


@pytest.mark.parametrize(
    "damaged",
    [
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$",
        "pbkdf2_sha256$",
        "pbkdf2_sha256$many$salt$hash",
        "pbkdf2_sha256$0$salt$hash",
        "pbkdf2_sha256$99999999999$salt$hash",
        "pbkdf2_sha256$10$salt$é",
        None,
    ],
)
def test_a_damaged_hash_signs_nobody_in(shop: Shop, customer: Person, database: Database, damaged: str | None) -> None:
    database.execute("update auth.accounts set password_hash = %s where id = %s", [damaged, customer.id])
    answer = login(shop, customer)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")

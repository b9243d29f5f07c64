"""The tests' database as its superuser, and empty databases beside it: fixtures for those who import them."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from db.bootstrap import bootstrap, with_login
from tests.conftest import Shop


@pytest.fixture(scope="session")
def superuser_url(shop: Shop) -> str:
    """A superuser of the shop's own database; `Shop.connect` makes sure that it is the tests'."""
    with shop.connect():
        password = json.loads((shop.state / "secrets.json").read_text())["superuser"]
    return with_login(shop.status["database_url"], "postgres", password)


@pytest.fixture
def superuser(superuser_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the superuser, in a transaction that is rolled back."""
    with psycopg.connect(superuser_url) as connection:
        connection.execute("set local lock_timeout = '10s'")
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
def scratch(shop: Shop, superuser_url: str) -> Callable[..., Any]:
    """`with scratch() as urls`: an empty, bootstrapped database; `urls` of its superuser and its logins."""
    passwords = json.loads((shop.state / "secrets.json").read_text())

    @contextmanager
    def make() -> Iterator[dict[str, str]]:
        name = f"scratch_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} owner owner template template0").format(sql.Identifier(name))
            )
            try:
                url = with_login(superuser_url, "postgres", passwords["superuser"], name)
                yield {**bootstrap(url, passwords), "superuser": url}
            finally:
                connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    return make

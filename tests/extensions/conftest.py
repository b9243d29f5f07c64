"""What several of these tests need: acts at the same moment, and tokens of our own making."""

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import jwt
import psycopg
import pytest
import stripe
from cryptography.hazmat.primitives.serialization import load_der_private_key
from psycopg.rows import dict_row

from tests.conftest import Person, Shop


def all_at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run every act in a thread of its own, all released by one barrier."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.fixture(scope="session")
def at_once() -> Callable[[list[Callable[[], Any]]], list[Any]]:
    return all_at_once


@pytest.fixture(scope="session")
def signing_key(shop: Shop) -> Any:
    """The stack's real private key."""
    encoded = json.loads((shop.state / "secrets.json").read_text())["jwt_private_key"]
    return load_der_private_key(base64.b64decode(encoded), None)


@pytest.fixture
def mint(signing_key: Any) -> Callable[..., str]:
    """`mint(person, exp=…, aud=None)`: the person's access token with claims changed, or left out when None."""

    def make(
        person: Person,
        *,
        algorithm: str = "EdDSA",
        key: Any = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        claims = jwt.decode(person.access, options={"verify_signature": False})
        claims |= {"jti": uuid.uuid4().hex, "iat": int(time.time()), **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {"typ": "at+jwt", "kid": jwt.get_unverified_header(person.access)["kid"], **(header or {})}
        return jwt.encode(claims, signing_key if key is None else key, algorithm=algorithm, headers=headers)

    return make


@pytest.fixture(scope="session")
def bank(shop: Shop) -> stripe.StripeClient:
    """The official client of the Stripe that the shop uses, here its twin."""
    return stripe.StripeClient(shop.status["stripe_secret_key"], base_addresses={"api": shop.status["stripe_api_base"]})


@pytest.fixture
def superuser(shop: Shop) -> Iterator[psycopg.Connection[Any]]:
    """Who may end other people's connections."""
    secret = json.loads((shop.state / "secrets.json").read_text())["superuser"]
    url = urlsplit(shop.status["database_url"])
    with (
        # Sure that this is the tests' database.
        shop.connect(),
        psycopg.connect(
            url._replace(netloc=f"postgres:{secret}@{url.hostname}:{url.port}").geturl(),
            autocommit=True,
            row_factory=dict_row,
        ) as connection,
    ):
        yield connection


@pytest.fixture
def intended(customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Any]:
    """An unpaid order of `customer` with an intent."""
    placed = dict(buy(customer, make_product()))
    made = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": placed["id"]}).json()
    return placed | {"intent": made["payment_intent_id"]}


@pytest.fixture
def order(customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any) -> dict[str, Any]:
    """An order of `customer` that waits for its money: two at 10.00, tax 4.00, delivery 4.95."""
    return dict(buy(customer, make_product(stock_quantity=5), 2))

"""One real stack for the whole run, on free ports and in a folder of its own; and people who act through its port."""

import itertools
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.witness import attend, described, pytest_sessionfinish, pytest_testnodedown, watch  # noqa: F401 for pytest

pytest_plugins = ["tests.figures"]
ROOT = Path(__file__).parents[1]
PGSHOP = str(Path(sys.executable).with_name("pgshop"))
OWN_PLACE = TemporaryDirectory(prefix="pgshop-tests-", ignore_cleanup_errors=True)
PASSWORD = "a long enough password"
# What tests do in a minute, customers do in a day; and they look at what they have just changed.
RELAXED = {
    "LOGIN_ATTEMPTS": "100000",
    "REGISTER_ATTEMPTS": "100000",
    "MAIL_ATTEMPTS": "100000",
    "RATE_PER_SECOND": "5000",
    "CACHE_SECONDS": "0",
}
ADDRESS = {"address_line1": "1 High Street", "city": "York", "postal_code": "YO1 7AA", "country": "UK"}


def pgshop(*arguments: str, check: bool = True, timeout: float = 120, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line. With `check`, a failure shows what it said."""
    done = subprocess.run([PGSHOP, *arguments], capture_output=True, text=True, check=False, timeout=timeout, **more)
    assert not check or done.returncode == 0, f"pgshop {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
    return done


def eventually(look: Callable[[], Any], seconds: float = 120, what: str = "") -> Any:
    """What `look()` answers as soon as it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or look}"
        time.sleep(0.05)


def pytest_configure() -> None:
    """A place of our own for temporary folders: another run beside this one closes the one that pytest shares."""
    if "PYTEST_DEBUG_TEMPROOT" not in os.environ:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = OWN_PLACE.name
        Path(OWN_PLACE.name).chmod(0o755)
    attend()


def pytest_unconfigure() -> None:
    """Leave nothing."""
    OWN_PLACE.cleanup()


@dataclass
class Shop:
    """A running stack."""

    state: Path
    status: dict[str, Any]
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.status["url"])

    def client(self, token: str | None = None) -> httpx.Client:
        """A client of the public port, closed at the end of the run."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.clients.append(httpx.Client(base_url=self.url, headers=headers, timeout=30))
        return self.clients[-1]

    def connect(self, **more: Any) -> psycopg.Connection[Any]:
        """A connection as the owner, once it is sure whose database this is."""
        url = urlsplit(self.status["database_url"])
        superuser = json.loads((self.state / "secrets.json").read_text())["superuser"]
        # Only a superuser may ask where the data lies.
        with psycopg.connect(url._replace(netloc=f"postgres:{superuser}@{url.hostname}:{url.port}").geturl()) as asking:
            row = asking.execute("show data_directory").fetchone()
        assert row and Path(row[0]).is_relative_to(self.state), f"this is not the tests' database: {row}"
        return psycopg.connect(self.status["database_url"], autocommit=True, row_factory=dict_row, **more)

    def create_user(self, email: str, role: str) -> None:
        pgshop("user", "create", "--email", email, "--password", PASSWORD, "--role", role, "--state", str(self.state))

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What has arrived for an address."""
        return list(httpx.get(f"{self.status['mail_url']}/api/email", params={"to.address": to}, timeout=30).json())


class Renewing(httpx.Auth):
    """The access token, renewed before its 15 minutes are over: staff of the tests works for longer."""

    requires_response_body = True

    def __init__(self, url: str, tokens: dict[str, Any]) -> None:
        self.url, self.tokens, self.renew_at = f"{url}/api/v1/auth/refresh/", tokens, time.monotonic() + 600

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if time.monotonic() > self.renew_at:
            answer = yield httpx.Request("POST", self.url, json={"refresh": self.tokens["refresh"]})
            if answer.is_success:  # Else the shop is busy; the one there is holds for five minutes more.
                self.tokens, self.renew_at = answer.json(), time.monotonic() + 600
        request.headers.setdefault("Authorization", f"Bearer {self.tokens['access']}")
        yield request


@dataclass
class Person:
    """Somebody signed in: their client, address, id and tokens."""

    client: httpx.Client
    email: str
    id: str
    access: str
    refresh: str


def start_stack(state: Path, *options: str, demo: bool = False, **environment: str) -> Shop:
    """`pgshop up --detach` on a free port; what it needs beyond the environment is given."""
    environment = {**os.environ, **RELAXED, **environment}
    options = (*options, "--port", "0", "--state", str(state), *(() if demo else ("--no-seed",)))
    pgshop("up", "--detach", *options, env=environment, cwd=state.parent)
    watch((made := Shop(state, json.loads(pgshop("status", "--json", "--state", str(state)).stdout))).url)
    return made


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The stack that most tests share."""
    state = tmp_path_factory.mktemp("shop") / "state"
    # PostgreSQL runs as nobody under root, and pytest's folders are closed.
    for folder in state.parents:
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    running = start_stack(state)
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        pgshop("down", "--state", str(state))


@pytest.fixture
def database(shop: Shop) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the owner."""
    with shop.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def drained(shop: Shop) -> Iterator[None]:
    """For modules that cause thousands of mails: those who come after need not wait behind them."""
    yield
    due = "select 1 from shop.outbox where done_at is null and dead_at is null and available_at <= now() limit 1"
    with shop.connect() as connection:
        eventually(lambda: not connection.execute(due).fetchone(), 300, "all mails are sent")


@pytest.fixture(scope="session")
def acting_as(shop: Shop) -> Callable[..., Person]:
    """`acting_as("staff")` is somebody new of that role, signed in through the port."""
    numbers = itertools.count(1)

    def sign_in(role: str = "customer", email: str | None = None) -> Person:
        email = email or f"{role}-{next(numbers)}-{uuid.uuid4().hex[:6]}@example.com"
        client = shop.client()
        if role == "guest":
            tokens = client.post("/api/v1/auth/guest/").json()
            client.headers["Authorization"] = f"Bearer {tokens['access']}"
            return Person(client, email, tokens["user"]["id"], tokens["access"], tokens["refresh"])
        if role == "customer":
            body = {"email": email, "password": PASSWORD, "password2": PASSWORD, "first_name": "Test"}
            answer = client.post("/api/v1/auth/register/", json=body)
            assert answer.status_code == 201, answer.text
        else:
            shop.create_user(email, role)
        answer = client.post("/api/v1/auth/login/", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        if role == "customer":
            client.headers["Authorization"] = f"Bearer {tokens['access']}"
        else:
            client.auth = Renewing(shop.url, tokens)
        return Person(client, email, tokens["user"]["id"], tokens["access"], tokens["refresh"])

    return sign_in


@pytest.fixture(scope="session")
def staff(acting_as: Callable[..., Person]) -> Person:
    """Somebody who sells."""
    return acting_as("staff")


@pytest.fixture
def customer(acting_as: Callable[..., Person]) -> Person:
    """Somebody new who buys."""
    return acting_as("customer")


@pytest.fixture
def guest(acting_as: Callable[..., Person]) -> Person:
    """Somebody new without an account; the address is what they would give at checkout."""
    return acting_as("guest")


@pytest.fixture(scope="session")
def make_product(staff: Person) -> Callable[..., dict[str, Any]]:
    """`make_product(stock_quantity=5, price="10.00")` by staff, through the port."""

    def make(**fields: Any) -> dict[str, Any]:
        sku = uuid.uuid4().hex[:10]
        body = {"name": f"Thing {sku}", "sku": sku, "price": "10.00", "stock_quantity": 10, **fields}
        answer = staff.client.post("/api/v1/products/", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return make


@pytest.fixture(scope="session")
def buy() -> Callable[..., dict[str, Any]]:
    """`buy(person, product, quantity)`: cart and checkout; answers with the order."""

    def act(person: Person, product: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
        answer = person.client.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": quantity})
        assert answer.status_code == 201, answer.text
        answer = person.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return act


@pytest.fixture(scope="session")
def pay() -> Callable[..., httpx.Response]:
    """`pay(person, order)` with a card that pays."""

    def act(person: Person, order: dict[str, Any], card: str = "pm_card_visa") -> httpx.Response:
        return person.client.post("/api/v1/payments/confirm/", json={"order_id": order["id"], "payment_method": card})

    return act

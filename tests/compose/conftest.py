"""The images, built once, and the shop in containers with the demo profile, on ports of its own."""

import json
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from stack.ports import free_port
from tests.compose import machine
from tests.compose.stack import Compose
from tests.conftest import PASSWORD, RELAXED

# As docs/how-to/run-in-containers.md has it, but for a name that is reached from here.
CERTIFICATE = (
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
    "-addext subjectAltName=DNS:localhost -keyout tls/privkey.pem -out tls/fullchain.pem"
)

# The demo shop has a few of each.
DELIVERY = """
insert into shop.stock_movements (variant_id, quantity, reason) select variant_id, 10000, 'delivery' from shop.stock
"""


@dataclass
class House:
    """The shop in containers, seen from outside."""

    compose: Compose
    http: str
    url: str
    trust: ssl.SSLContext
    took: dict[str, float]
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, token: str | None = None) -> httpx.Client:
        """A browser that trusts the certificate, closed at the end at the latest."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.clients.append(httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=self.trust))
        return self.clients[-1]

    def is_healthy(self) -> bool:
        """As the shop sees itself."""
        try:
            with self.client() as client:
                return bool(client.get("/health/").json()["status"] == "healthy")
        except (httpx.HTTPError, ValueError, KeyError):
            return False

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What the mail catcher has for an address; it is reached from inside only."""
        asked = f"http://mail:1080/api/email?to.address={to}"
        script = f"import urllib.request; print(urllib.request.urlopen({asked!r}).read().decode())"
        return list(json.loads(self.compose.execute("worker", "python", "-c", script)))

    def sql(self, statement: str) -> str:
        """What psql says in the database's container."""
        return self.compose.execute("postgres", "psql", "-U", "postgres", "-Atqc", statement, "pgshop")

    def register(self, email: str) -> httpx.Client:
        """Somebody new, signed in."""
        body = {"email": email, "password": PASSWORD, "password2": PASSWORD, "first_name": "Test"}
        with self.client() as client:
            answer = client.post("/api/v1/auth/register/", json=body)
            assert answer.status_code == 201, answer.text
            answer = client.post("/api/v1/auth/login/", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return self.client(answer.json()["access"])

    def create_user(self, email: str, role: str) -> None:
        """As docs/how-to/run-in-containers.md has it for the first admin."""
        self.register(email).close()
        self.sql(f"select logic.set_role('{email}', '{role}')")


@pytest.fixture(scope="session")
def tree() -> Path:
    """A clean tree and its image. Skips where `make compose-test` was not what was asked for."""
    if os.environ.get("COMPOSE") != "all":
        pytest.skip("run by make compose-test")
    reason = machine.why_not()
    if reason:
        pytest.skip(reason)
    for name in machine.IMAGES:
        machine.make_stand_in(name)
    made = machine.clean_tree()
    machine.build(made, "localhost/pgshop:local", "--target", "pgshop")
    return made


def furnish(tree: Path, http: int, https: int, **more: str) -> None:
    """What an operator does before the first start: secrets, a certificate, and an .env."""
    machine.run("sh", "stack/secrets.sh", "--demo", cwd=tree)
    (tree / "tls").mkdir(exist_ok=True)
    machine.run("openssl", *CERTIFICATE.split(), cwd=tree)
    given = {
        **RELAXED,
        "PUBLIC_URL": f"https://localhost:{https}",
        "HTTP_LISTEN": f"127.0.0.1:{http}",
        "HTTPS_LISTEN": f"127.0.0.1:{https}",
        "ENVIRONMENT": "development",
        "DEMO": "true",
        "STRIPE_API_BASE": "http://twin:8001",
        **more,
    }
    (tree / ".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))


@contextmanager
def settled(tree: Path, compose: Compose, **more: str) -> Iterator[House]:
    """The shop of a tree: up, and gone afterwards with all that it had."""
    http = free_port()
    https = free_port([http])
    furnish(tree, http, https, **more)
    compose.down(volumes=True)
    try:
        took = compose.up()
        compose.execute("postgres", "psql", "-U", "postgres", "-c", DELIVERY, "pgshop")
        trust = ssl.create_default_context(cafile=str(tree / "tls/fullchain.pem"))
        house = House(compose, f"http://localhost:{http}", f"https://localhost:{https}", trust, took)
        yield house
        for client in house.clients:
            client.close()
    finally:
        compose.down(volumes=True)


@pytest.fixture(scope="session")
def house(tree: Path) -> Iterator[House]:
    """The one that most tests share."""
    with settled(tree, Compose(tree)) as made:
        yield made

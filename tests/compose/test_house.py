"""The shop in containers sells, behind TLS, and is closed where it should be."""

import json
import re
import uuid
from typing import Any

import httpx
import pytest

from tests.compose.conftest import House
from tests.compose.machine import IMAGES, podman, run
from tests.compose.trade import buy
from tests.conftest import eventually
from tests.figures import Tell


def is_confirmed(house: House, email: str, order: dict[str, Any]) -> bool:
    """Whether the mail has come that tells of the paid order."""
    wanted = f"Your order {order['order_number']} is confirmed"
    return wanted in [mail["subject"] for mail in house.mails(email)]


def test_a_customer_browses_buys_pays_and_gets_a_mail(house: House, tell: Tell) -> None:
    email = f"buyer-{uuid.uuid4().hex[:8]}@example.com"
    with house.register(email) as client:
        order = buy(client)
    eventually(lambda: is_confirmed(house, email, order), 60, "the mail that confirms the order")
    eventually(house.is_healthy, 60, "healthy")
    size = int(podman("image", "inspect", "localhost/pgshop:local", "--format", "{{.Size}}")) / 1e6
    base = int(podman("image", "inspect", IMAGES["python"], "--format", "{{.Size}}")) / 1e6
    tell(f"compose: image {size:.0f} MB, {size - base:.0f} MB of it on top of its base")
    tell("compose: seconds to healthy " + ", ".join(f"{name} {took:.0f}" for name, took in house.took.items()))


def test_who_comes_by_http_is_sent_to_https(house: House) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(method, f"{house.http}/api/v1/products/?page=2", timeout=10)
        assert (answer.status_code, answer.headers["location"]) == (308, f"{house.url}/api/v1/products/?page=2")
    with house.client() as client:
        answer = client.get("/health/live")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_only_the_gateway_is_published(house: House) -> None:
    published = {name: house.compose.inspect(name)["NetworkSettings"]["Ports"] for name in house.compose.services}
    found = {name for name, ports in published.items() if any(ports.values())}
    assert found == {"gateway"}
    # And the gateway reaches no database.
    answer = run("podman", "exec", house.compose.name("gateway"), "getent", "hosts", "postgres", check=False)
    assert answer.returncode != 0


@pytest.mark.parametrize("service", ["extensions", "worker", "beat", "relay", "postgrest", "twin"])
def test_a_container_is_nobody_and_writes_nowhere(house: House, service: str) -> None:
    shell = (
        "id -u; touch /opt/pgshop/x /etc/x 2>&1 | grep -c 'Read-only'; "
        "for name in gcc pip curl wget npm; do command -v $name; done; grep CapEff /proc/self/status"
    )
    said = house.compose.execute(service, "sh", "-c", shell).splitlines()
    assert said == ["10001", "2", "CapEff:\t0000000000000000"]


def test_no_secret_is_in_an_environment_or_a_command_line(house: House) -> None:
    words = [file.read_text() for file in (house.compose.tree / "secrets").iterdir()]
    passwords = {re.sub(r".*:(.*)@.*", r"\1", word) for word in words if not word.startswith("smtp:")}
    assert len(passwords) > 6
    for name in house.compose.services:
        told = json.dumps(house.compose.inspect(name))
        assert not [word for word in passwords if word in told], name


def test_limits_are_kept(house: House) -> None:
    for name in house.compose.services:
        given = house.compose.inspect(name)["HostConfig"]
        assert given["Memory"] > 0, name
        assert given["RestartPolicy"]["Name"] in ("unless-stopped", "on-failure"), name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "SERVICE_DATABASE_URL=postgresql://service:short@postgres/pgshop",
            "SERVICE_DATABASE_URL has a password of less",
        ),
        ("JWT_PRIVATE_KEY=changeme-changeme-changeme", "JWT_PRIVATE_KEY: too weak"),
        ("PUBLIC_URL=http://localhost", "PUBLIC_URL is no https"),
        ("ENVIRONMENT=production", "has no demo shop"),
    ],
)
def test_a_weak_start_ends_with_its_reason(house: House, given: str, said: str) -> None:
    # Without a name of its own it would take the one of the shop's.
    command = ("run", "--rm", "--no-deps", "--name", "pgshop-weak-start", "-e", given, "migrate")
    assert said in house.compose(*command, check=False)

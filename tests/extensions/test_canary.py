"""A13: no log holds a password, token, key or secret, however much logs are made to say and whatever fails."""

import json
import os
import re
import signal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.conftest import Person, Shop, eventually, pgshop
from tests.databases import scratch, superuser_url

__all__ = ["scratch", "superuser_url"]
AUTH = "/api/v1/auth/"


@pytest.fixture
def talkative(superuser: psycopg.Connection[Any]) -> Iterator[None]:
    """PostgreSQL logs every statement as one that took too long, which on a bad day any can be."""

    def log_from(duration: str) -> None:
        superuser.execute(f"alter system set log_min_duration_statement = '{duration}'")
        superuser.execute("select pg_reload_conf()")
        eventually(lambda: superuser.execute("show log_min_duration_statement").fetchone() is not None)

    log_from("0")
    yield
    log_from("2s")


def mailed(shop: Shop, email: str, subject: str) -> str:
    """The token in the newest mail whose link goes there."""

    def look() -> list[str]:
        return [
            found[1] for mail in shop.mails(email) if (found := re.search(rf"{subject}\?token=([\w-]+)", mail["text"]))
        ]

    return str(eventually(look, 30, f"a mail with {subject}")[-1])


def test_no_log_holds_what_people_keep_secret(
    shop: Shop,
    talkative: None,
    acting_as: Callable[..., Person],
    customer: Person,
    order: Any,
    scratch: Callable[..., Any],
) -> None:
    client, email = shop.client(), f"{uuid.uuid4().hex}@example.com"
    password, wrong, new = (f"canary {uuid.uuid4().hex}" for _ in range(3))
    canaries = {"password": password, "wrong password": wrong, "new password": new}

    def post(path: str, status: int, bearer: str = "", **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = client.post(f"{AUTH}{path}/", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        said = dict(answer.json())
        for name in {"access", "refresh"} & said.keys():
            # Half of a token would be too much, too.
            canaries.update(
                {f"{path} {name} {n}": part for n, part in enumerate(said[name].split(".")) if len(part) > 80}
            )
        return said

    post("register", 201, email=email, password=password, password2=password)
    canaries["verification"] = mailed(shop, email, "/verify")
    post("login", 401, email=email, password=wrong)
    pair = post("login", 200, email=email, password=password)
    rotated = post("refresh", 200, refresh=pair["refresh"])
    post("refresh", 200, refresh=rotated["refresh"])
    post("refresh", 401, refresh=pair["refresh"])
    pair = post("login", 200, email=email, password=password)
    post("logout", 200, pair["access"], refresh=pair["refresh"])
    client.get("/verify", params={"token": canaries["verification"]})
    post("verify", 200, token=canaries["verification"])
    post("password/reset", 202, email=email)
    canaries["reset"] = mailed(shop, email, "/reset")
    client.get("/reset", params={"token": canaries["reset"]})
    client.post("/reset", params={"token": canaries["reset"]}, data={"password": "short", "password2": "short"})
    post("password/reset/confirm", 200, token=canaries["reset"], password=new, password2=new)
    pair = post("login", 200, email=email, password=new)

    made = (
        acting_as("admin").client.post("/api/v1/api-keys/", json={"name": "Canary", "scopes": ["read_orders"]}).json()
    )
    canaries |= {"API key": made["key"], "wrong API key": f"pgk_{uuid.uuid4().hex}{uuid.uuid4().hex}"}
    program = post("token", 200, api_key=made["key"])["access"]
    post("token", 401, api_key=canaries["wrong API key"])

    # What fails, in SQL and before it.
    for token in (pair["access"], program):
        headers = {"Authorization": f"Bearer {token}"}
        for path in ("orders?id=eq.x", "orders?select=nothing", "nothing", "rpc/refund_order?order_id=x"):
            assert client.get(f"/rest/v1/{path}", headers=headers).is_client_error
        client.patch(
            "/rest/v1/customers?id=not.is.null", headers=headers, json={"phone_number": "x", "first_name": "a\nb"}
        )
        assert client.post("/rest/v1/rpc/checkout", headers=headers, content=b'{"a":').is_client_error
    client.get("/rest/v1/orders", headers={"Authorization": f"Bearer {pair['access']}x"})
    for content in (f'{{"email": "{email}", "password": "{wrong}"', f'{{"email": ["{wrong}"], "{wrong}": "{wrong}"}}'):
        assert client.post(f"{AUTH}login/", content=content).is_client_error
    pgshop("user", "create", "--email", f"a{email}", "--password", password, "--state", str(shop.state))
    pgshop("user", "create", "--email", f"a{email}", "--password", password, "--state", str(shop.state), check=False)
    intent = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}).json()
    canaries["client secret"] = intent["client_secret"]
    # Passwords of roles are set anew for each database that is made.
    with scratch():
        canaries |= json.loads((shop.state / "secrets.json").read_text())

    # And a link that is opened while the service is away: nginx complains of that.
    pid = json.loads(pgshop("status", "--json", "--state", str(shop.state)).stdout)["pids"]["service"]
    os.kill(pid, signal.SIGKILL)
    assert client.get("/reset", params={"token": canaries["reset"]}).status_code == 503
    eventually(lambda: client.get("/health/").is_success, 30, "the service is back")
    logs = {log.name: log.read_text(errors="replace") for log in (shop.state / "logs").iterdir()}
    assert "rotate_session" in logs["postgres.log"], "it is as talkative as it can be"
    found = [(log, name) for log, text in logs.items() for name, canary in canaries.items() if canary in text]
    assert found == []

"""A14: people sign in, refresh and sign out while Valkey hangs; mails go out when it is back."""

import json
import os
import signal
import uuid
from collections.abc import Iterator

import pytest

from tests.conftest import PASSWORD, Shop, eventually, pgshop


@pytest.fixture
def without_valkey(shop: Shop) -> Iterator[None]:
    """It is stopped and not killed: killed, it would be back in a second, and one that hangs is worse than none."""
    pid = json.loads(pgshop("status", "--json", "--state", str(shop.state)).stdout)["pids"]["valkey"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_sessions_need_no_valkey(shop: Shop, without_valkey: None) -> None:
    client, email = shop.client(), f"{uuid.uuid4().hex}@example.com"
    body = {"email": email, "password": PASSWORD}
    assert client.post("/api/v1/auth/register/", json={**body, "password2": PASSWORD}).status_code == 201
    pair = client.post("/api/v1/auth/login/", json=body).json()
    pair = client.post("/api/v1/auth/refresh/", json={"refresh": pair["refresh"]}).json()
    client.headers["Authorization"] = f"Bearer {pair['access']}"
    assert client.get("/api/v1/users/me/sessions/").json()["count"] == 1
    assert client.post("/api/v1/auth/logout/", json={"refresh": pair["refresh"]}).status_code == 200
    assert client.get("/api/v1/users/me/").status_code == 401


def test_the_mail_of_that_time_arrives(shop: Shop, without_valkey: None) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    body = {"email": email, "password": PASSWORD, "password2": PASSWORD}
    assert shop.client().post("/api/v1/auth/register/", json=body).status_code == 201
    pid = json.loads(pgshop("status", "--json", "--state", str(shop.state)).stdout)["pids"]["valkey"]
    os.kill(pid, signal.SIGCONT)
    assert eventually(lambda: shop.mails(email), what="the mail")

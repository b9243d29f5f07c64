"""Servers that are given by URL are used instead of embedded ones; settings reach every part from .env."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg import sql

from tests.conftest import Shop, pgshop, start_stack
from tests.stack import processes, selling
from tests.stack.conftest import Attach, status


def database_for(shop: Shop, name: str) -> str:
    """A new database on another stack's server, as a superuser's URL."""
    secret = (shop.state / "secrets.json").read_text()
    superuser = secret.split('"superuser": "')[1].split('"')[0]
    server = f"postgresql://postgres:{superuser}@{shop.status['database_url'].partition('@')[2].partition('/')[0]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return f"{server}/{name}"


def test_the_servers_of_another_stack(shop: Shop, attach: Attach, room: Path) -> None:
    folder = room / "borrower"
    state = folder / "state"
    state.mkdir(parents=True)
    url = database_for(shop, "borrowed")
    # Roles belong to the whole server: with the same passwords both stacks can use them.
    shutil.copy(shop.state / "secrets.json", state)
    (folder / ".env").write_text(
        f"DATABASE_URL={url}\nREDIS_URL={shop.status['redis_url'].removesuffix('0')}1\n"
        f"SMTP_URL={shop.status['smtp_url']}\nSHOP_NAME=Borrowed & Sons\nMAIL_FROM=sons@example.com\n"
    )
    try:
        start_stack(state)
        running = attach(state)
        assert running.status["pids"].keys() == {
            "twin",
            "postgrest",
            "service",
            "worker",
            "beat",
            "relay",
            "metrics",
            "nginx",
        }
        assert not (state / "parts/postgres/data").exists()
        assert running.status["mail_url"] is None
        assert "/borrowed" in running.status["database_url"]
        # Its mails are caught where the other's are.
        running.status["mail_url"] = shop.status["mail_url"]
        mail = selling.sell(running, selling.make_product(running)).mail
        assert mail["from"][0]["address"] == "sons@example.com"
        assert "Borrowed &amp; Sons" in running.client().get("/").text
    finally:
        pgshop("down", "--state", str(state))
    assert not processes.about(folder)
    with psycopg.connect(url.replace("/borrowed", "/postgres"), autocommit=True) as connection:
        connection.execute("drop database borrowed with (force)")
    selling.sell(shop, selling.make_product(shop))


def test_real_keys_replace_the_twin(spare: Path, attach: Attach) -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_" + "a1" * 12, "STRIPE_WEBHOOK_SECRET": "whsec_" + "b2" * 12}
    start_stack(spare, **keys, LISTEN="*")
    seen = status(spare)
    # Who says so is reached on every address of the machine; without it on one alone.
    port = urlsplit(seen["url"]).port
    assert httpx.get(f"http://127.0.0.2:{port}/health/live", timeout=10).status_code == 200
    assert "twin" not in seen["pids"]
    assert [seen[name] for name in ("stripe_api_base", "stripe_secret_key", "stripe_webhook_secret")] == [None] * 3
    assert attach(spare).client().get("/health/live").status_code == 200

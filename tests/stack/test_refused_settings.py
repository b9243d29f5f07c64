"""A start with wrong settings or a taken port says so at once: what, why and the way out. Nothing is left running."""

import base64
import os
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey

from tests.conftest import Shop, eventually, pgshop
from tests.stack.conftest import Refused

KEY, SECRET = "sk_test_0123456789abcdefghijkl", "whsec_0123456789abcdefghijkl"
OTHER_KEY = base64.b64encode(
    Ed448PrivateKey.generate().private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
).decode()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"STRIPE_SECRET_KEY": "changeme_changeme_changeme", "STRIPE_WEBHOOK_SECRET": SECRET},
            ["STRIPE_SECRET_KEY: too weak", "leave it out to have one generated", ".env"],
        ),
        ({"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": "short"}, ["STRIPE_WEBHOOK_SECRET: too weak"]),
        (
            {"STRIPE_SECRET_KEY": KEY},
            ["STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together", "set both or neither"],
        ),
        ({"STRIPE_WEBHOOK_SECRET": SECRET}, ["go together"]),
        ({"JWT_PRIVATE_KEY": "x" * 43}, ["JWT_PRIVATE_KEY is no Ed25519 private key", "openssl genpkey"]),
        ({"JWT_PRIVATE_KEY": "AAAA" * 16}, ["JWT_PRIVATE_KEY is no Ed25519 private key", "Leave it out"]),
        ({"JWT_PRIVATE_KEY": OTHER_KEY}, ["JWT_PRIVATE_KEY is no Ed25519 private key"]),
        ({"ACCESS_TOKEN_SECONDS": "soon"}, ["ACCESS_TOKEN_SECONDS: "]),
        ({"S3_BUCKET": "pictures"}, ["S3_ENDPOINT_URL, S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY go together"]),
        ({"S3_ENDPOINT_URL": "s3.example.com", "UPLOAD_LIMIT": "big"}, ["S3_ENDPOINT_URL: ", "UPLOAD_LIMIT: "]),
        ({"RATE_PER_SECOND": "0", "BODY_LIMIT": "big"}, ["RATE_PER_SECOND: ", "BODY_LIMIT: "]),
        (
            {"DATABASE_URL": "postgresql://somebody:hush-hush@127.0.0.1:1/postgres"},
            ["DATABASE_URL: ", "refused", "leave it out"],
        ),
        (
            {"DATABASE_URL": "postgresq://somebody:hush-hush@127.0.0.1/x"},
            ["DATABASE_URL is no URL of the form postgresql://"],
        ),
        ({"DATABASE_URL": "postgresql://somebody:hush-hush@127.0.0.1:port/x"}, ["DATABASE_URL is no URL"]),
        ({"REDIS_URL": "redis://:hush-hush@127.0.0.1:1/0"}, ["REDIS_URL: ", "refused", "leave it out"]),
        ({"REDIS_URL": "127.0.0.1:6379"}, ["REDIS_URL is no URL of the form redis://"]),
        ({"SMTP_URL": "mail.example.com"}, ["SMTP_URL is no URL of the form smtp://"]),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_settings_that_are_wrong_are_named(
    refused: Refused, tmp_path: Path, environment: dict[str, str], words: list[str]
) -> None:
    said = refused(state=tmp_path / "state", **environment)
    assert [word for word in words if word not in said] == []
    assert not any(value in said for value in (KEY, SECRET, OTHER_KEY, "hush-hush"))


def test_a_database_that_does_not_know_us(refused: Refused, shop: Shop, tmp_path: Path) -> None:
    url = shop.status["database_url"].replace("migrator:", "migrator:wrong")
    assert "DATABASE_URL: connection failed" in (said := refused(state=tmp_path / "state", DATABASE_URL=url))
    assert "password authentication failed" in said
    assert shop.status["database_url"].split(":")[2].split("@")[0] not in said


def test_a_port_in_use_names_its_holder(refused: Refused, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("--port", str(port), state=tmp_path / "state")
    assert f"nginx: port {port} is in use by " in said
    assert f"(pid {os.getpid()})" in said
    assert "--port (0: any free one)" in said


def test_the_port_of_a_running_stack_is_in_use(refused: Refused, shop: Shop, tmp_path: Path) -> None:
    port = shop.url.rpartition(":")[2]
    assert f"nginx: port {port} is in use by nginx (pid " in refused("--port", port, state=tmp_path / "state")


def test_a_running_stack_is_not_started_twice(shop: Shop) -> None:
    done = pgshop("up", "--detach", "--no-seed", "--state", str(shop.state), check=False)
    assert done.returncode == 1
    assert f"running already at {shop.url}" in done.stderr
    assert f"pgshop down --state {shop.state}" in done.stderr
    # Each part is asked for two seconds, which is little on a busy machine.
    eventually(lambda: shop.client().get("/health/").json()["status"] == "healthy", what="all is as it was")

"""`pgshop doctor` finds nothing in a sound shop, and names each thing that was made wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import ROOT, Shop, pgshop
from tests.databases import superuser_url

__all__ = ["superuser_url"]


def examined(shop: Shop, **environment: str) -> tuple[int, str]:
    done = pgshop("doctor", "--state", str(shop.state), check=False, env={**os.environ, **environment})
    return done.returncode, done.stdout


def test_a_sound_shop_has_no_fault(shop: Shop) -> None:
    faults = [line for line in examined(shop)[1].splitlines() if line.startswith(("fault", "advice"))]
    # Other tests may have left work that cannot be done.
    assert [line for line in faults if "work that was given up" not in line] == []


@pytest.fixture
def superuser(superuser_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("alter role service bypassrls", "alter role service nobypassrls", "may pass by row level security: service"),
        (
            "alter table shop.reviews no force row level security",
            "alter table shop.reviews force row level security",
            "without row level security: shop.reviews",
        ),
        (
            "insert into shop.outbox (topic, payload, dead_at) values ('doctor.test', '{}', now())",
            "delete from shop.outbox where topic = 'doctor.test'",
            "work that was given up: doctor.test",
        ),
    ],
)
def test_what_is_wrong_in_the_database_is_named(
    shop: Shop, superuser: psycopg.Connection[Any], wrong: str, right: str, said: str
) -> None:
    superuser.execute(wrong.encode())
    try:
        code, told = examined(shop)
    finally:
        superuser.execute(right.encode())
    assert code == 1
    assert said in told


def test_who_does_not_answer_is_named(shop: Shop) -> None:
    code, told = examined(
        shop,
        SMTP_URL="smtp://127.0.0.1:9",
        STRIPE_SECRET_KEY="sk_test_twin_of_nobody_at_all",
        STRIPE_WEBHOOK_SECRET="whsec_twin_of_nobody_at_all",
        STRIPE_API_BASE=str(shop.status["stripe_api_base"]),
        PUBLIC_URL=shop.url + "/elsewhere",
        ENVIRONMENT="production",
    )
    assert code == 1
    for said in (
        "The mail server does not answer well",
        "401",
        "answers 404",
        "no https",
        "STAFF_MFA",
        "BACKUP_RECIPIENT",
    ):
        assert said in told, told


def test_a_container_knows_what_it_has_been_given(shop: Shop, superuser_url: str, tmp_path: Path) -> None:
    """No state folder: settings from the environment, secrets from files, and pictures that may not be mounted."""
    for name in ("smtp_url", "stripe_secret_key", "stripe_webhook_secret"):
        (tmp_path / name).write_text(shop.status[name])
    (tmp_path / "database_url").write_text(superuser_url)
    (tmp_path / "media").mkdir()
    given = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PUBLIC_URL": shop.url,
        "STRIPE_API_BASE": shop.status["stripe_api_base"],
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }

    def said(place: Path) -> list[str]:
        command = [sys.executable, "-m", "stack.container", "doctor"]
        environment = {**given, "STATE_DIRECTORY": str(place)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return [line for line in done.stdout.splitlines() if line.startswith("fault") and "given up" not in line]

    assert said(tmp_path) == []
    assert said(tmp_path / "nowhere") == [f"fault   There is no folder {tmp_path}/nowhere/media for the pictures."]

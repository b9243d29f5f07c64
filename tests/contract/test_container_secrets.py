"""What containers keep secret is made once, lies in files, and is refused when it is missing or weak."""

import subprocess
from pathlib import Path

import pytest

from extensions.config import Settings
from stack import container
from stack.errors import StackError
from tests.conftest import ROOT
from tests.contract.test_deployment import COMPOSE, SERVICES

KEY = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"
SHORT = "postgresql://service:short@x/y"


def make_secrets(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(ROOT / "stack/secrets.sh"), *options, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_secrets_are_made_once_and_each_service_gets_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    done = make_secrets(folder)
    assert done.returncode == 1
    assert "stripe_secret_key stripe_webhook_secret smtp_url" in done.stderr
    assert make_secrets(folder, "--demo").returncode == 0
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert made.keys() == COMPOSE["secrets"].keys()
    assert len(set(made.values())) == len(made)
    assert folder.stat().st_mode & 0o077 == 0
    assert make_secrets(folder).returncode == 0
    assert {file.name: file.read_text() for file in folder.iterdir()} == made
    Settings(_env_file=None, _secrets_dir=folder)
    # Who may ask as a superuser ends before anybody comes.
    held = {name: set(service.get("secrets", [])) for name, service in SERVICES.items()}
    assert {name for name, given in held.items() if "database_url" in given} == {"migrate"}
    assert {name for name, given in held.items() if "jwt_private_key" in given} == {"migrate", "extensions"}
    assert not held["gateway"] | held["mail"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "JWT_PRIVATE_KEY is missing"),
        ({"jwt_private_key": "not a key of any kind at all"}, "no Ed25519 private key"),
        ({"jwt_private_key": KEY}, "SERVICE_DATABASE_URL is missing"),
        ({"jwt_private_key": KEY, "tls_folder": "/tls"}, "PUBLIC_URL is no https"),
        (
            {"jwt_private_key": KEY, "service_database_url": SHORT},
            "SERVICE_DATABASE_URL has",
        ),
        ({"environment": "production"}, "needs STRIPE_SECRET_KEY and SMTP_URL"),
    ],
)
def test_what_is_missing_or_weak_is_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(StackError, match=said):
        container.prepare(Settings(_env_file=None, **given))

"""Settings, logs, mails, documents and commits are as the contract wants them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from extensions.config import Settings
from tests.conftest import ROOT
from workers.mail import SUBJECTS

# The seed's name and what it is here.
SEED = {
    "DEBUG": "ENVIRONMENT",
    "SECRET_KEY": "JWT_PRIVATE_KEY",
    "DATABASE_URL": "DATABASE_URL",
    "REDIS_URL": "REDIS_URL",
    "STRIPE_API_KEY": "STRIPE_SECRET_KEY",
    "STRIPE_SECRET_KEY": "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET": "STRIPE_WEBHOOK_SECRET",
    "EMAIL_HOST_PASSWORD": "SMTP_URL",
    "ALLOWED_HOSTS": "PUBLIC_URL",
    "CORS_ALLOWED_ORIGINS": "CORS_ORIGINS",
}
CONVENTIONAL = re.compile(r"(feat|fix|docs|test|build|ci|refactor|perf|style|chore|revert)(\([a-z0-9,-]+\))?!?: \S.*")
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob(".github/*.md")]
)


@pytest.mark.parametrize(("old", "new"), SEED.items())
def test_the_settings_of_the_seed_are_there(old: str, new: str) -> None:
    assert new.lower() in Settings.model_fields, old
    assert re.search(rf"(?m)^#{new}=", (ROOT / ".env.example").read_text())


def test_production_logs_an_object_a_line() -> None:
    program = (
        "from extensions import logs; logs.configure(); import structlog; structlog.get_logger().info('sold', sku='A')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "ENVIRONMENT": "production", "LOG_LEVEL": "INFO"},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    told = json.loads(done.stdout)
    assert (told["event"], told["sku"], told["level"]) == ("sold", "A", "info")
    assert re.match(r"\d{4}-\d\d-\d\dT", told["timestamp"])


def test_every_mail_has_its_templates() -> None:
    source = (ROOT / "workers/account_mail.py").read_text()
    named = set(re.findall(r'send_link\(row_id, payload, "[a-z_]+", "(\w+)"', source))
    assert len(named) == 4
    named |= {topic.replace(".", "_") for topic in SUBJECTS}
    folder = ROOT / "workers/templates"
    assert {name for name in named for end in ("txt", "html") if not (folder / f"{name}.{end}").is_file()} == set()


def test_style_and_types_are_checked_before_every_test_run() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"(?m)^test: .*\blint\b", makefile)
    lint = makefile.partition("\nlint:")[2].partition("\n\n")[0]
    assert "ruff check" in lint and "/mypy" in lint and "squawk" in lint
    project = (ROOT / "pyproject.toml").read_text()
    assert "strict = true" in project and '"D1"' in project


def test_commits_say_what_kind_of_change_they_are() -> None:
    command = ["git", "-c", "safe.directory=*", "log", "-40", "--no-merges", "--format=%s"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no history here: {done.stderr.strip()}")
    subjects = done.stdout.splitlines()
    # A machine that lands changes may word one of its own, and what is written cannot be taken back.
    odd = [subject for subject in subjects if not CONVENTIONAL.fullmatch(subject)]
    assert len(odd) <= len(subjects) / 10 + 1, odd
    assert not CONVENTIONAL.fullmatch("Fixed stuff")


def test_a_pull_request_is_asked_for_change_test_and_words() -> None:
    asked = (ROOT / ".github/pull_request_template.md").read_text()
    assert len(re.findall(r"(?m)^- \[ \] ", asked)) >= 5
    for word in ("make test", "rollback", "matrix.toml", "docs/reference"):
        assert word in asked
    assert "conventional" in (ROOT / "CONTRIBUTING.md").read_text()


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert 'license = "MIT"' in (ROOT / "pyproject.toml").read_text()
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    text = re.sub(r"`[^`]*`", "", document.read_text())
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    missing = [
        link
        for link in links
        if not re.match(r"(https?:|mailto:|#)", link) and not (document.parent / link.partition("#")[0]).exists()
    ]
    assert missing == []

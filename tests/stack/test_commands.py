"""Every command: its help, what it does to a running stack, and what it says when it cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, pgshop
from tests.stack.conftest import fails

COMMANDS = ["up", "down", "status", "logs", "psql", "migrate", "seed"]
COMMANDS += [
    "backup",
    "restore",
    "doctor",
    "user",
    "user create",
    "user role",
    "import",
    "import products",
    "export",
    "export products",
]
NEED_A_STACK = [
    "psql",
    "migrate",
    "migrate --list",
    "seed",
    "user role --email a@example.com --role staff",
    "user create --email a@example.com --password wool-blanket-62",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_a_sentence(command: str) -> None:
    said = pgshop(*command.split(), "--help").stdout
    sentence = next(line for line in map(str.strip, said.splitlines()) if line and "Usage" not in line)
    assert sentence[0].isupper()
    assert " " in sentence or command in {"user", "import", "export"}
    assert command in {"user", "import", "export"} or "--state" in said


def test_help_names_every_command() -> None:
    said = pgshop("--help").stdout
    assert all(command.split()[0] in said for command in COMMANDS)
    assert "Usage" in pgshop(check=False).stdout + pgshop(check=False).stderr


@pytest.mark.parametrize("command", NEED_A_STACK)
def test_without_a_stack_the_way_to_one_is_told(tmp_path: Path, command: str) -> None:
    said = fails(*command.split(), "--state", str(tmp_path))
    assert f"No stack is running in {tmp_path}." in said
    assert "pgshop up" in said


def test_an_unknown_command_or_option(tmp_path: Path) -> None:
    assert "No such command" in fails("start", code=2)
    assert "No such option" in fails("status", "--wrong", code=2)
    assert "65535" in fails("up", "--port", "70000", "--state", str(tmp_path), code=2)


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    look = "import stack.cli, sys; print(*{'psycopg', 'pydantic', 'httpx', 'celery', 'PIL'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []

"""Nothing of a stack can be reached from outside, and no secret can be read by others."""

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Shop
from tests.stack import processes, selling
from tests.stack.conftest import status

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


@pytest.fixture(scope="module")
def pids(shop: Shop) -> set[int]:
    """All processes of the shop, after it has sold something."""
    seen = status(shop.state)
    return {seen["supervisor_pid"], *seen["pids"].values(), *processes.about(shop.state)}


@pytest.fixture(scope="module")
def secrets(shop: Shop) -> dict[str, str]:
    return dict(json.loads((shop.state / "secrets.json").read_text()))


def test_only_loopback_is_listened_on(shop: Shop, pids: set[int]) -> None:
    found = processes.listening_addresses(pids)
    assert int(shop.url.rpartition(":")[2]) in {port for _, port in found}
    assert len(found) >= 9, "one for each part that serves"
    assert {address for address, _ in found} <= LOOPBACK


def test_the_public_port_is_refused_from_elsewhere(shop: Shop) -> None:
    port = int(shop.url.rpartition(":")[2])
    # All of 127/8 is this machine, and only one address of it is ours.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=2)


def test_unix_sockets_lie_in_the_state_folder(shop: Shop, pids: set[int]) -> None:
    paths = processes.listening_paths(pids)
    assert paths, "the supervisor's at least"
    for path in paths:
        assert path.startswith((f"{shop.state}/", "/tmp/pgshop-"))
        assert Path(path.partition(".sock")[0] + ".sock").stat().st_mode & 0o077 == 0


def test_no_log_holds_a_secret(shop: Shop, product: dict[str, Any], secrets: dict[str, str]) -> None:
    selling.sell(shop, product)
    logs = {}
    for log in (shop.state / "logs").iterdir():
        # One that has grown large gets another name.
        with suppress(FileNotFoundError):
            logs[log.name] = log.read_text(errors="replace")
    assert {"stack.log", "service.log", "worker.log", "postgres.log", "nginx.log", "twin.log"} <= logs.keys()
    assert [(log, name) for log, text in logs.items() for name, word in secrets.items() if word in text] == []


def test_no_command_line_holds_a_secret(pids: set[int], secrets: dict[str, str]) -> None:
    lines = []
    for pid in pids:
        # One that served for a moment may have ended.
        with suppress(OSError):
            lines.append(Path(f"/proc/{pid}/cmdline").read_bytes())
    assert len(lines) > 10
    assert [name for line in lines for name, word in secrets.items() if word.encode() in line] == []


def test_files_with_secrets_are_the_owners_alone(shop: Shop, secrets: dict[str, str]) -> None:
    holders = {}
    for file in shop.state.rglob("*"):
        # PostgreSQL's folder is closed as a whole, by itself.
        if "data" not in file.relative_to(shop.state).parts and file.is_file():
            # What parts write beside its place and move, or need for a moment, may be gone.
            with suppress(FileNotFoundError):
                text, mode = file.read_bytes(), file.stat().st_mode & 0o777
                if any(word.encode() in text for word in secrets.values()):
                    holders[file.name] = mode
    assert holders.keys() >= {"secrets.json", "stack.json", "valkey.conf", "postgrest.conf"}
    assert set(holders.values()) == {0o600}, holders
    assert (shop.state / "parts/postgres/data").stat().st_mode & 0o077 == 0


def test_what_customers_left_is_the_owners_alone(shop: Shop) -> None:
    def is_open(file: Path) -> bool:
        try:
            return bool(file.stat().st_mode & 0o007 and file.parent.stat().st_mode & 0o005)
        except FileNotFoundError:
            return False

    open_to_others = [
        str(file.relative_to(shop.state))
        for file in (
            *shop.state.glob("stripe-twin.sqlite3*"),
            *shop.state.glob("logs/*"),
            *shop.state.glob("parts/mail/mails/*"),
        )
        if is_open(file)
    ]
    assert open_to_others == []

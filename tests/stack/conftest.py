"""A second stack, for tests that start, stop and break one."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PGSHOP, RELAXED, Shop, eventually, pgshop, start_stack
from tests.stack import processes, selling


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that everybody may pass through, as PostgreSQL must when we are root."""
    folder = tmp_path_factory.mktemp("stacks")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def prepared(room: Path) -> Path:
    """The state of a stack that ran once, so that the next start is quick.

    Its name holds what scripts stumble over, and is too long for a unix socket to lie in it.
    """
    state = room / ("ein schöner Laden (2) " + "x" * 60)
    start_stack(state)
    pgshop("down", "--state", str(state))
    return state


@pytest.fixture
def spare(prepared: Path) -> Iterator[Path]:
    """That state at rest; whatever the test starts on it is stopped, and nothing may be left."""
    yield prepared
    pgshop("down", "--state", str(prepared))
    eventually(lambda: not processes.about(prepared), what="no orphans")


@pytest.fixture(scope="session")
def product(shop: Shop) -> dict[str, Any]:
    """Something that the shared shop sells."""
    return selling.make_product(shop)


Attach = Callable[[Path], Shop]
Start = Callable[..., Shop]


@pytest.fixture
def attach() -> Iterator[Attach]:
    """`attach(state)` is the shop that runs there; its clients are closed in the end."""
    attached: list[Shop] = []

    def act(state: Path) -> Shop:
        attached.append(Shop(state, status(state)))
        return attached[-1]

    yield act
    for running in attached:
        for client in running.clients:
            client.close()


@pytest.fixture
def start(attach: Attach) -> Start:
    """`start(state, *options, **environment)` is a shop that has just been started there."""

    def act(state: Path, *options: str, **environment: str) -> Shop:
        start_stack(state, *options, **environment)
        return attach(state)

    return act


def status(state: Path) -> dict[str, Any]:
    """What `status --json` says."""
    return dict(json.loads(pgshop("status", "--json", "--state", str(state), check=False).stdout))


def all_run(state: Path) -> dict[str, int]:
    """The pids once every part runs: what was killed before, or lost what was killed, comes back in its own time."""
    seen = eventually(lambda: {*(now := status(state))["parts"].values()} == {"running"} and now, what="all parts run")
    return dict(seen["pids"])


def fails(*arguments: str, code: int = 1) -> str:
    """What a command says that must fail, in one line."""
    done = pgshop(*arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


Refused = Callable[..., str]


@pytest.fixture
def refused(room: Path) -> Refused:
    """`refused("--port", "80", state=…, NAME="value")` is what an `up` says that must fail, in one line."""

    def attempt(*options: str, state: Path, **environment: str) -> str:
        done = subprocess.run(
            [PGSHOP, "up", "--detach", "--no-seed", "--port", "0", "--state", str(state), *options],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=room,
            env={**os.environ, **RELAXED, **environment},
        )
        assert done.returncode == 1, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        assert not done.stdout
        assert not processes.about(state)
        return " ".join(done.stderr.split())

    return attempt

"""A stack runs as root and as anybody else, and in closed folders."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RELAXED, Shop, pgshop
from tests.stack import processes, selling
from tests.stack.conftest import Attach, all_run, status

RUN = [sys.executable, "-c", "from stack.cli import main; main()"]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


# A private view of the file system in which Python can be reached although it lies in root's closed home.
OPENED = """
set -e
mount --bind '{python}' '{spare}'
mount -t tmpfs -o mode=755 tmpfs '{closed}'
mkdir -p '{python}'
mount --bind '{spare}' '{python}'
exec "$@"
"""


@pytest.fixture
def nobody(tmp_path: Path) -> list[str]:
    """The beginning of a command that runs as an unprivileged user."""
    user = pwd.getpwnam("nobody")
    command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    python = Path(sys.base_prefix).resolve()
    closed = next((folder for folder in reversed(python.parents) if not folder.stat().st_mode & 0o001), None)
    if closed:
        (tmp_path / "python").mkdir()
        script = OPENED.format(python=python, spare=tmp_path / "python", closed=closed)
        command = ["unshare", "--mount", "/bin/sh", "-c", script, "sh", *command]
    try:
        # Once more from a shell: only then are root's capabilities really gone.
        subprocess.run([*command, "/bin/sh", "-c", f"'{sys.executable}' -c 'import stack'"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"nobody cannot run this Python: {error}")
    return command


def run(prefix: list[str], *arguments: str, state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, *RUN, *arguments, "--state", str(state)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
        env={**os.environ, **RELAXED, "HOME": "/nonexistent", **environment},
    )


@as_root
def test_an_ordinary_user(nobody: list[str], room: Path, attach: Attach) -> None:
    user = pwd.getpwnam("nobody")
    home = room / "nobody"
    home.mkdir(mode=0o700)
    os.chown(home, user.pw_uid, user.pw_gid)
    state = home / "state"
    try:
        done = run(nobody, "up", "--detach", "--no-seed", "--port", "0", state=state)
        assert done.returncode == 0, done.stderr
        running = Shop(state, json.loads(run(nobody, "status", "--json", state=state).stdout))
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes.about(state)} == {user.pw_uid}
        assert (state / "parts/postgres/data").stat().st_uid == user.pw_uid
        selling.sell(attach(state), selling.make_product(running))
        for client in running.clients:
            client.close()
    finally:
        assert run(nobody, "down", state=state).returncode == 0
    assert not processes.about(state)


@as_root
def test_a_folder_or_port_that_is_not_ours(nobody: list[str], tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = run(nobody, "up", "--detach", "--no-seed", "--port", "0", state=tmp_path / "state")
    assert done.returncode == 1
    assert f"The state folder {tmp_path}/state cannot be used: Permission denied" in done.stderr
    assert "choose another with --state" in done.stderr
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) > 80:
        (tmp_path / "own").mkdir()
        shutil.chown(tmp_path / "own", "nobody")
        done = run(nobody, "up", "--detach", "--no-seed", "--port", "80", state=tmp_path / "own")
        assert done.returncode == 1
        assert "nginx: port 80 is for root only." in done.stderr
    assert not processes.about(tmp_path)


@as_root
def test_somebody_elses_stack_is_left_alone(nobody: list[str], shop: Shop) -> None:
    before = all_run(shop.state)
    for command in ("down", "status", "psql"):
        done = run(nobody, command, state=shop.state)
        assert done.returncode in {1, 2, 3}, command
        # A long path breaks the line, within a box.
        said = " ".join(done.stderr.replace("│", " ").split())
        assert "Permission denied" in said or "not readable" in said
        assert "Traceback" not in done.stderr
        assert "migrator" not in done.stdout
    assert all_run(shop.state) == before
    assert len(before) == 11


@as_root
def test_root_below_a_closed_folder(room: Path, attach: Attach) -> None:
    closed = room / "closed"
    closed.mkdir(mode=0o700)
    state = closed / "state"
    data: Path | None = None
    try:
        # A strict umask must not close to PostgreSQL what it needs.
        done = subprocess.run(
            [*RUN, "up", "--detach", "--no-seed", "--port", "0", "--state", str(state)],
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            env={**os.environ, **RELAXED},
        )
        assert done.returncode == 0, done.stderr
        running = attach(state)
        data = Path(json.loads((state / "stack.json").read_text())["data_folder"])
        assert not data.is_relative_to(closed)
        assert data.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        selling.sell(running, selling.make_product(running))
    finally:
        pgshop("down", "--purge", "--state", str(state))
    assert data is not None
    assert not data.parent.exists()
    assert not state.exists()


@as_root
def test_what_runs_as_somebody_else_gets_no_secrets(shop: Shop) -> None:
    environment = Path(f"/proc/{status(shop.state)['pids']['postgres']}/environ").read_bytes().decode()
    assert "PATH=" in environment
    secrets: dict[str, Any] = json.loads((shop.state / "secrets.json").read_text())
    assert [name for name, word in secrets.items() if word in environment] == []

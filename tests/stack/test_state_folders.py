"""What in a state folder is ours to end and to remove."""

import os
import pty
from pathlib import Path

from tests.conftest import eventually, pgshop
from tests.stack import processes


def test_purge_removes_what_is_ours_only(room: Path) -> None:
    state = room / "mixed"
    (state / "parts").mkdir(parents=True)
    (state / "logs").mkdir()
    (state / "stack.json").write_text("{}")
    (state / "thesis.txt").write_text("years of work")
    pgshop("down", "--purge", "--state", str(state))
    assert [path.name for path in state.iterdir()] == ["thesis.txt"]


def test_a_person_who_looks_around_is_not_ended(spare: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(spare / "parts/nginx")
        os.execvp("sleep", ["sleep", "600"])
    try:
        eventually(lambda: pid in processes.about(spare))
        pgshop("down", "--state", str(spare))
        assert processes.is_alive(pid)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)

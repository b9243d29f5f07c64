"""What a state folder may be called, and what in it is ours to end and to remove."""

import os
import pty
from pathlib import Path

from tests.conftest import eventually, pgshop
from tests.stack import processes, selling
from tests.stack.conftest import Start


def test_a_folder_with_an_awkward_name(start: Start, room: Path) -> None:
    # Too long for a unix socket, with a blank and an umlaut.
    folder = room / ("mein schöner Laden " + "x" * 60)
    folder.mkdir()
    try:
        running = start(folder / "state")
        selling.sell(running, selling.make_product(running))
        assert not (folder / "state/supervisor.sock").exists()
    finally:
        pgshop("down", "--purge", "--state", str(folder / "state"))
    assert not processes.about(folder)


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
        os.execvp("sleep", ["sleep", "60"])
    try:
        eventually(lambda: pid in processes.about(spare))
        pgshop("down", "--state", str(spare))
        assert processes.is_alive(pid)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)

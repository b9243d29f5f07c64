"""Whoever watches may be killed too: what was watched goes with it, and the next start works."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.conftest import eventually, pgshop
from tests.stack import processes, selling
from tests.stack.conftest import Start, status


def test_a_killed_supervisor_takes_its_parts_along(start: Start, spare: Path) -> None:
    running = start(spare)
    product = selling.make_product(running)
    os.kill(running.status["supervisor_pid"], signal.SIGKILL)
    eventually(lambda: not processes.about(spare), 60, "no orphans")
    done = pgshop("status", "--json", "--state", str(spare), check=False)
    assert done.returncode == 3
    assert status(spare)["pids"] == {}
    selling.sell(start(spare), product)


def test_a_start_right_after_the_kill_works(start: Start, spare: Path) -> None:
    killed = start(spare).status
    for pid in (killed["supervisor_pid"], *killed["pids"].values()):
        # The supervisor takes its parts along, by and by.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    again = start(spare)
    assert not {*killed["pids"].values()} & set(processes.about(spare))
    selling.sell(again, selling.make_product(again))


def test_a_supervisor_without_its_socket_is_stopped_all_the_same(start: Start, spare: Path) -> None:
    (socket,) = processes.listening_paths({start(spare).status["supervisor_pid"]})
    # The folder's path is too long for a socket; /tmp is cleaned by others.
    assert socket.startswith("/tmp/pgshop-")
    Path(socket.partition(".sock")[0] + ".sock").unlink()
    assert "everything has stopped" in pgshop("down", "--state", str(spare)).stderr
    eventually(lambda: not processes.about(spare), 60, "no orphans")

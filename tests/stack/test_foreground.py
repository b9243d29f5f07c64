"""`pgshop up` in the foreground: what is told, and how it ends."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import PGSHOP, RELAXED, eventually, pgshop
from tests.stack import processes, selling
from tests.stack.conftest import Attach, Start
from tests.stack.test_lifecycle import PARTS


@contextmanager
def foreground(state: Path, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running `pgshop up`, as the leader of its own group, like a shell starts it."""
    command = [PGSHOP, "up", "--no-seed", "--port", "0", "--state", str(state)]
    with (
        output.open("wb") as file,
        subprocess.Popen(
            command, stdout=file, stderr=file, env={**os.environ, **RELAXED}, process_group=0, cwd=state.parent
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def tells(output: Path, word: str) -> bool:
    """Whether it was told by now; what is told may end within a letter."""
    return word in output.read_text(errors="replace")


def is_up(output: Path) -> bool:
    return tells(output, "pgshop is up")


@pytest.mark.parametrize(("number", "codes"), [(signal.SIGINT, {0, 130}), (signal.SIGTERM, {0, 143})])
def test_a_signal_stops_everything(
    attach: Attach, spare: Path, tmp_path: Path, number: signal.Signals, codes: set[int]
) -> None:
    output = tmp_path / "output"
    with foreground(spare, output) as process:
        eventually(lambda: is_up(output), what="up")
        running = attach(spare)
        selling.sell(running, selling.make_product(running))
        eventually(lambda: tells(output, "POST /api/v1/orders/"), what="the order's line in the log")
        begun = time.monotonic()
        os.kill(process.pid, number)
        assert process.wait(30) in codes
        assert time.monotonic() - begun < 10
        assert not processes.about(spare), "it ends after its parts have"
    said = output.read_text()
    told, _, logged = said.partition("pgshop is up")
    for part in (*PARTS, "migrate"):
        assert re.search(rf"✓ +{part} .* after \d+\.\d s", told), part
    assert running.url in logged
    assert running.status["mail_url"] in logged
    assert said.rstrip().endswith("everything has stopped")
    assert not re.search(r"\x1b|Traceback|\.> transport|__    -", said)
    assert f"next: pgshop status --state '{spare}'" in logged
    for line in logged.split(", down\n", 1)[1].partition("stopping …")[0].splitlines():
        assert re.match(r" *(stack|" + "|".join(PARTS) + r") │ ", line) or not line, line


def test_a_killed_foreground_takes_everything_along(start: Start, spare: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with foreground(spare, output) as process:
        eventually(lambda: is_up(output), what="up")
        process.kill()
    eventually(lambda: not processes.about(spare), 60, "no orphans")
    again = start(spare)
    assert httpx.get(f"{again.url}/health/live").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_broken_off_leaves_nothing(spare: Path, tmp_path: Path, number: signal.Signals) -> None:
    output = tmp_path / "output"
    with foreground(spare, output) as process:
        eventually(lambda: tells(output, "postgres"), what="the first part")
        os.kill(process.pid, number)
        assert process.wait(30) in {1, 130, 143}
        assert not processes.about(spare)
    assert "Traceback" not in output.read_text()
    assert "pgshop is up" not in output.read_text()


def test_down_ends_a_foreground_too(spare: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with foreground(spare, output) as process:
        eventually(lambda: is_up(output), what="up")
        pgshop("down", "--state", str(spare))
        assert process.wait(60) == 0
    assert "Traceback" not in output.read_text()

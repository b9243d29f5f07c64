"""A worker that is alive and does nothing is ended by its own watchdog; the one that follows does what waited."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, eventually
from tests.stack import selling
from tests.stack.conftest import Start, status
from tests.workers.outbox import children


def test_a_worker_that_does_nothing_makes_room_for_another(start: Start, spare: Path) -> None:
    shop = start(spare, WORKER_PATIENCE_SECONDS="15")
    before = shop.status["pids"]
    # Its hands are held, and it does not notice: it goes on taking tasks from the queue.
    for pid in children(before["worker"]):
        os.kill(pid, signal.SIGSTOP)
    eventually(lambda: status(spare)["pids"].get("worker", before["worker"]) != before["worker"], what="another worker")
    selling.sell(shop, selling.make_product(shop))
    assert "worker does nothing any more and ends" in (spare / "logs/worker.log").read_text()
    # One that has something to do stays.
    now = status(spare)["pids"]
    for _ in range(3):
        selling.sell(shop, selling.make_product(shop))
    assert status(spare)["pids"] == now
    assert {name for name, pid in now.items() if before[name] != pid} == {"worker"}


def test_a_lost_acknowledgement_ends_the_worker_after_its_work() -> None:
    """How Celery tells of one, in a process of its own; the whole is seen by tests/stack/test_buyers_in_flight.py."""
    script = """
import signal
from celery.worker.request import logger
from workers.watchdog import EndOnLostAcknowledgement
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append("TERM"))
EndOnLostAcknowledgement()
logger.error("a task failed")
assert told == []
for _ in range(3):
    logger.critical("Couldn't ack %r, reason:%r", 1, "network")
print(*told)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["TERM"]

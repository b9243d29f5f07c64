"""Any part may be killed: it is there again, and the shop sells."""

import os
import signal
from typing import Any

import httpx
import pytest

from tests.conftest import Shop, eventually
from tests.stack import processes, selling
from tests.stack.conftest import all_run, status

PARTS = ("postgres", "valkey", "mail", "twin", "postgrest", "service", "worker", "beat", "relay", "metrics", "nginx")


def is_healthy(shop: Shop) -> bool:
    """Whether every part answers, as the shop itself sees it, and the page of mails, which the shop does not need."""
    try:
        page = httpx.get(f"{shop.status['mail_url']}/api/healthz", timeout=5)
        return page.is_success and httpx.get(f"{shop.url}/health/", timeout=5).json()["status"] == "healthy"
    except (httpx.HTTPError, ValueError, KeyError):
        return False


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_is_back_and_the_shop_sells(shop: Shop, product: dict[str, Any], part: str) -> None:
    before = all_run(shop.state)
    os.kill(before[part], signal.SIGKILL)
    eventually(lambda: status(shop.state)["pids"].get(part, before[part]) != before[part], what=f"{part} is back")
    assert not processes.is_alive(before[part])
    eventually(lambda: is_healthy(shop), what="healthy")
    selling.sell(shop, product)
    after = all_run(shop.state)
    # A worker that loses Valkey is started anew, on purpose.
    renewed = {part, "worker"} if part == "valkey" else {part}
    assert {name for name, pid in after.items() if before[name] != pid} == renewed

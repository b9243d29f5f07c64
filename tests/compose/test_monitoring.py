"""Prometheus of the profile `monitoring` asks every part of the shop, and knows the alerts.

Of Grafana there is no package to make a stand-in of; tests/monitoring/test_dashboard.py asks Prometheus what it would.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from tests.compose.conftest import House
from tests.conftest import ROOT, eventually
from tests.figures import Tell

PARTS = {"database", "postgrest", "service", "valkey", "worker", "relay", "beat"}
RULES = yaml.safe_load((ROOT / "monitoring/alerts.yml").read_text())


@pytest.fixture(scope="module")
def prometheus(house: House) -> Iterator[House]:
    house.compose("up", "--detach", "--no-deps", "--no-build", "prometheus")
    house.compose.wait("prometheus")
    yield house
    house.compose.remove("prometheus")


def ask(house: House, path: str, **parameters: str) -> Any:
    """What it says; it is reached from inside only, and so asked where it runs."""
    asked = httpx.URL(f"http://127.0.0.1:9090/api/v1/{path}", params=parameters)
    answer = json.loads(house.compose.execute("prometheus", "wget", "-q", "-O", "-", str(asked)))
    assert answer["status"] == "success"
    return answer["data"]


def test_it_hears_from_every_part(prometheus: House, tell: Tell) -> None:
    def up() -> set[str]:
        return {each["metric"]["part"] for each in ask(prometheus, "query", query="pgshop_up == 1")["result"]}

    eventually(lambda: up() == PARTS, 120, "every part is up")
    tell(f"compose: Prometheus sees {', '.join(sorted(PARTS))}")


def test_it_knows_the_alerts(prometheus: House) -> None:
    def found() -> dict[str, str]:
        groups = ask(prometheus, "rules")["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    wanted = {rule["alert"]: "ok" for group in RULES["groups"] for rule in group["rules"]}
    eventually(lambda: found() == wanted, 120, "every rule has been looked at, and can be")

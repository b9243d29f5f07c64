"""A real Prometheus, in a hurry: of the machine, or of the packages of its Debian; and the shop that it looks at."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from stack.ports import free_port
from stack.state import State
from tests.conftest import ROOT, Shop, eventually

RULES = ROOT / "monitoring/alerts.yml"
# What takes minutes in the rules is over in seconds here; nothing else is changed.
HURRY = (
    (r"\n\s+for: \w+", ""),
    (r"\[5m\]", "[10s]"),
    (r"transaction_age_seconds > 300", "transaction_age_seconds > 2"),
)


def programs(folder: Path) -> Path:
    """The folder with `prometheus` and `promtool`. Skips the test where they cannot be had."""
    found = shutil.which("prometheus")
    if found and shutil.which("promtool"):
        return Path(found).parent
    get = ["apt-get", "download", "prometheus"]
    if not shutil.which("apt-get") or subprocess.run(get, cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("there is no Prometheus here, and apt-get cannot bring it")
    (package,) = folder.glob("prometheus_*.deb")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return folder / "usr/bin"


def rules_in_a_hurry() -> str:
    text = RULES.read_text()
    for pattern, instead in HURRY:
        text, count = re.subn(pattern, instead, text)
        assert count, pattern
    return text


@dataclass
class Watched:
    """A shop, and what Prometheus says of it."""

    shop: Shop
    url: str
    fired: set[str] = field(default_factory=set)

    def firing(self) -> set[str]:
        alerts = httpx.get(f"{self.url}/api/v1/alerts", timeout=30).json()["data"]["alerts"]
        now = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
        self.fired |= now
        return now

    def expect(self, alert: str) -> None:
        """It fires, within the time that scrapes and rules want."""
        eventually(lambda: alert in self.firing(), what=f"{alert} fires")

    def recovers(self) -> None:
        """Nothing fires any more."""
        eventually(lambda: not self.firing(), what="no alert is left")

    def control(self, act: str, *parts: str) -> None:
        """supervisorctl."""
        program = Path(sys.executable).with_name("supervisorctl")
        command = [program, "-s", f"unix://{State.at(self.shop.state).socket}", act, *parts]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    @contextmanager
    def without(self, *parts: str) -> Iterator[None]:
        self.control("stop", *parts)
        try:
            yield
        finally:
            self.control("start", *parts)


@contextmanager
def watching(shop: Shop, folder: Path, program: Path) -> Iterator[Watched]:
    """Prometheus with the rules of the repository, asking the shop every other second."""
    (folder / "alerts.yml").write_text(rules_in_a_hurry())
    target = shop.status["metrics_url"].split("/")[2]
    configuration = (
        (ROOT / "monitoring/prometheus.yml").read_text().replace("15s", "2s").replace("metrics:9100", target)
    )
    (folder / "prometheus.yml").write_text(configuration)
    address = f"127.0.0.1:{free_port()}"
    command = [program, "--config.file", folder / "prometheus.yml"]
    options = [f"--web.listen-address={address}", f"--storage.tsdb.path={folder / 'data'}", "--log.level=warn"]
    with (folder / "prometheus.log").open("w") as log:
        running = subprocess.Popen([*command, *options], stdout=log, stderr=log)
    watched = Watched(shop, f"http://{address}")

    def answers() -> bool:
        assert running.poll() is None, (folder / "prometheus.log").read_text()
        try:
            return bool(
                httpx.get(f"{watched.url}/api/v1/query", params={"query": "pgshop_up"}).json()["data"]["result"]
            )
        except (httpx.TransportError, ValueError):
            return False

    try:
        eventually(answers, what="Prometheus has seen the shop")
        yield watched
    finally:
        running.terminate()
        running.wait()

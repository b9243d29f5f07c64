"""Headless Chromium, that of the system; and the example storefront, built and served before the shared shop."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from stack.ports import free_port
from tests.conftest import ROOT, Shop, eventually

STOREFRONT = ROOT / "examples/storefront"
# Nothing but the page's own requests: Chromium asks its maker this and that otherwise.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
# What is slow on a busy machine is no fault of a page.
SLOWEST = 90_000
expect.set_options(timeout=SLOWEST)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: as long as it is driven, nothing else in this process can have an event loop."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        # .ci/run installs one, and does not go on without.
        pytest.skip("no Chromium on the PATH; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A visitor's window: what it asked of whom, and what its console complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self.heard)
        self.page.on("request", lambda request: self.asked.append(request.url))

    def heard(self, message: Any) -> None:
        """Keep what is wrong; that an answer was an error is told by the page, and checked there."""
        if message.type in {"error", "warning"} and "server responded with a status of" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """`visit("phone")` opens a window of somebody who was never here."""
    contexts = []

    def enter(size: str = "desktop", **more: Any) -> Visit:
        width, height = SIZES[size]
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **more))
        contexts[-1].set_default_timeout(SLOWEST)
        return Visit(contexts[-1])

    yield enter
    for context in contexts:
        context.close()


def npm(*arguments: str, cwd: Path) -> None:
    """Run npm, and show what it said if that failed."""
    done = subprocess.run(["npm", *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def served(folder: Path, shop_url: str) -> Iterator[str]:
    """The built storefront on a port of its own, before a shop."""
    port = free_port()
    command = ["node", "node_modules/vite/bin/vite.js", "preview", "--port", str(port), "--strictPort"]
    with (folder / "preview.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PGSHOP_URL": shop_url}, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "preview.log").read_text()
        try:
            return httpx.get(url).status_code == 200
        except httpx.TransportError:
            return False

    try:
        eventually(answers, what="the storefront answers")
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def storefront(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As its README says, from the locked packages, in a copy without anything else; its build checks the types."""
    folder = tmp_path_factory.mktemp("repository") / "examples/storefront"
    shutil.copytree(STOREFRONT, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "schema.d.ts"))
    (folder.parents[1] / "docs/reference").mkdir(parents=True)
    shutil.copy(ROOT / "docs/reference/openapi.json", folder.parents[1] / "docs/reference")
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    npm("run", "build", cwd=folder)
    with served(folder, shop.url) as url:
        yield url

"""The site is built of every page, all that is linked is there, and reading it asks nothing of anybody else."""

import http.server
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from handbook.site import ROOMS, build
from tests.browser.conftest import browser, visit  # noqa: F401 for pytest
from tests.conftest import ROOT, eventually


class Links(HTMLParser):
    """What a page links to and loads, and what can be linked to in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {found["id"] or ""} if "id" in found else set()
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        elif address := found.get("src") or (found.get("href") if tag == "link" else None):
            self.loaded.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(ROOT, folder)
    return folder / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Served as files are."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_every_page_of_docs_is_in_the_site(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 30
    assert [str(page) for page in pages if not (site / page.with_suffix(".html")).exists()] == []
    assert {page.parts[0] for page in pages if len(page.parts) > 1} == ROOMS.keys() - {"repository"}


@pytest.mark.parametrize("room", ["how-to", "decisions"])
def test_the_first_page_of_a_room_names_all_others(room: str) -> None:
    pages = {path.name for path in (ROOT / "docs" / room).glob("*.md")}
    assert {*re.findall(r"\]\(([\w.-]+)\)", (ROOT / f"docs/{room}/index.md").read_text())} == pages - {"index.md"}


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    pages = {page: Links(page) for page in site.rglob("*.html")}
    broken, followed = [], 0
    for page, what in pages.items():
        for link in what.links + what.loaded:
            url = urlsplit(link)
            if page.name == "404.html" or url.scheme or url.netloc:
                continue
            target = (page.parent / unquote(url.path)).resolve() if url.path else page
            target = target / "index.html" if target.is_dir() else target
            followed += 1
            anchors = pages[target].ids if target in pages else {url.fragment}
            if not target.is_file() or (url.fragment and unquote(url.fragment) not in anchors):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert followed > 2000
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert [link for link in Links(page).loaded if urlsplit(link).netloc] == [], page


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What of the repository can be linked to."""

    def needless(_: str, names: list[str]) -> set[str]:
        # Beside folders that are large, those in which tools that run meanwhile write and rename.
        tools = {".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache", "__pycache__"}
        return ({".git", ".venv", "node_modules", "build", ".pgshop", "tests"} | tools) & {*names}

    return Path(shutil.copytree(ROOT, tmp_path / "copy", ignore=needless))


def test_links_to_no_file_fail_the_build(copy: Path, tmp_path: Path) -> None:
    pages = {"docs/index.md": "no-page.md", "docs/how-to/rotate-keys.md": "../../no.toml", "db/README.md": "no.sql"}
    for page, link in pages.items():
        with (copy / page).open("a") as file:
            file.write(f"\n[lost]({link})\n")
    with pytest.raises(ValueError, match="no such file") as broken:
        build(copy, tmp_path / "build")
    assert sorted(str(broken.value).splitlines()[1:]) == sorted(f"  {page}: {link}" for page, link in pages.items())


def test_links_to_no_anchor_fail_the_build(copy: Path, tmp_path: Path) -> None:
    pages = {"docs/reference/errors.md": "#nowhere", "docs/explanation/security.md": "../index.md#nowhere"}
    for page, link in pages.items():
        with (copy / page).open("a") as file:
            file.write(f"\n[lost]({link})\n")
    with pytest.raises(ValueError, match="anchor does not exist") as broken:
        build(copy, tmp_path / "build")
    assert all(Path(page).name in str(broken.value) for page in pages), broken.value


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_reading_searching_and_pictures_ask_nobody_else(
    address: str,
    visit: Callable[..., Any],  # noqa: F811 the fixture
    size: str,
) -> None:
    reader = visit(size)
    reader.page.goto(f"{address}/reference/schema.html")
    # Drawn: Mermaid's picture is in a shadow root, in place of its source.
    reader.page.wait_for_function("document.querySelectorAll('div.mermaid').length >= 9")
    words = reader.page.get_by_role("combobox", name="Search")

    def is_open() -> bool:
        """Whoever presses before the page listens presses again."""
        if not words.is_visible():
            reader.page.keyboard.press("Control+k")
        return words.is_visible()

    eventually(is_open, what="the search opens")
    expect(words).to_be_focused()
    reader.page.keyboard.type("coupon")
    reader.page.wait_for_selector("a[href*='give-discounts']:visible")
    width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    for page in ("index.html", "reference/settings.html", "explanation/security.html"):
        reader.page.goto(f"{address}/{page}")
        assert reader.page.evaluate(width), f"{page} is wider than the screen"
    assert [url for url in reader.asked if not url.startswith((address, "data:", "blob:"))] == []
    assert reader.complaints == []

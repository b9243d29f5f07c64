"""What pages show is executed, page by page, as somebody who pastes it; what they say of commands is so."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from stack.cli import app
from tests.conftest import ROOT, Shop, pgshop, start_stack
from tests.docs.pages import Block, blocks, perform

PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs/how-to").glob("*.md")),
    *sorted((ROOT / "docs/explanation").glob("*.md")),
    *(ROOT / f"docs/reference/{name}.md" for name in ("errors", "guests", "second-factor")),
]
# A block with a line that begins so is read by the shell, and not executed.
NOT_EXECUTED = {
    "docker ": "wants a container engine; make compose-test does what those pages say",
    "pgshop up [": "a synopsis, whose commands and options are looked up below",
    "git clone ": "the repository has no address that is known here; tests/compose runs stack/secrets.sh",
    "apt-get ": "wants to be root of a server of its own; see what the page says was tried",
    "cp ": "likewise",
    "systemctl ": "likewise",
    "runuser ": "likewise",
    "kubectl ": "wants a cluster; see what the page says was tried",
    "git pull": "the repository under test is what is newest; the page was followed by hand, in a clone that was older",
    "git checkout ": "likewise",
    "certbot ": "wants a name that the internet knows",
    "stripe ": "Stripe's own program, and an account there",
    "make up": "goes on until Ctrl-C; tests/stack/test_foreground.py does it; here a shop runs already",
    "age-keygen ": "a program that not every machine has; tests/stack/test_backups.py encrypts and restores",
    "pgshop down": "stops the shop of the other pages; followed by hand",
    "pgshop restore ": "takes the place of the shop of the other pages; tests/stack/test_backups.py does it",
}
READ = {"json": json.loads, "toml": tomllib.loads}
# Drawn, or shown for its look alone.
OTHERS = {"mermaid", "text", "ini", "csv", ""}


def why_not(block: Block) -> list[str]:
    return [start for start in NOT_EXECUTED if any(line.startswith(start) for line in block.text.splitlines())]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The demo shop that the pages speak of."""
    folder = tmp_path_factory.mktemp("demo")
    for above in [folder, *folder.parents]:
        if str(above).startswith("/tmp/") and above.stat().st_uid == os.geteuid():
            above.chmod(0o755)
    running = start_stack(folder / ".pgshop", demo=True)
    yield running
    pgshop("down", "--purge", "--state", str(running.state))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_can_be_pasted(demo: Shop, tmp_path: Path, page: Path) -> None:
    story = blocks(page)
    for block in story:
        if block.language in READ:
            READ[block.language](block.text)
        elif why_not(block) or block.language == "console":
            assert why_not(block), f"line {block.line}: give a reason not to execute it, or let it be bash"
            done = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"line {block.line}: {done.stderr}"
        else:
            assert block.language in {"bash", "sql", "python", "js"} | OTHERS, f"line {block.line}: {block.language}"
    executed = [block for block in story if not why_not(block)]
    if not any(block.language == "bash" for block in executed):
        return
    (tmp_path / ".pgshop").symlink_to(demo.state)
    program = Path(sys.executable).with_name("pgshop")
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    # What the shop refuses is a mistake of the page; what runs already is not started anew.
    before = 'curl() { command curl --fail-with-body "$@"; }\n'
    if page.parent.name != ROOT.name and page.name != "index.md":
        before += blocks(ROOT / "docs/how-to/index.md")[0].text
    told = [Block(b.language, b.title, b.text.replace("http://127.0.0.1:8000", demo.url), b.line) for b in executed]
    perform(page, told, tmp_path, environment, before)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```bash\necho one\nfalse\necho two\n```\n", "1 in the block at line 1:\none"),
        ("```bash\ntrue | cat $nowhere\n```\n", "nowhere: unbound variable"),
        ('```bash\necho \'{"paid": true}\'\n```\n\n```text\n{"paid": false … }\n```\n', "is shown, but it is"),
        ('```toml title="list.toml"\n[things]\n# …\nb = 2\n```\n', "has 0 times '\\[things\\]'"),
        ("```python\nassert 1 == 2\n```\n", "AssertionError"),
    ],
)
def test_a_page_that_is_wrong_fails(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "list.toml").write_text("[others]\na = 1\n")
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(AssertionError, match=told):
        perform(tmp_path / "page.md", blocks(tmp_path / "page.md"), tmp_path, {**os.environ})


def test_lines_for_a_file_go_below_the_line_that_is_shown(tmp_path: Path) -> None:
    (tmp_path / "list.toml").write_text("[things]\na = 1\n")
    page = tmp_path / "page.md"
    more = '```toml title="list.toml"\n# … at the end\nc = 3\n```\n'
    page.write_text('```toml title="list.toml"\n[things]\n# …\nb = 2\n```\n' + more)
    perform(page, blocks(page), tmp_path, {**os.environ})
    assert (tmp_path / "list.toml").read_text() == "[things]\nb = 2\na = 1\nc = 3\n"


def test_each_reason_not_to_execute_is_needed() -> None:
    used = {start for page in PAGES for block in blocks(page) for start in why_not(block)}
    assert used == set(NOT_EXECUTED)


def test_pages_name_commands_and_options_that_exist() -> None:
    root = get_command(app)
    seen, wrong = set(), []
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "db/README.md", *(ROOT / "docs/tutorial").glob("*.md")]:
        text = page.read_text()
        said = re.findall(r"`(pgshop [^`\n]+)`", text) + re.findall(r"(?m)(?:^|    )(pgshop [^#\n]+?)(?:   |#|$)", text)
        for line in said:
            words = [word.strip("[]") for word in shlex.split(re.sub(r"\$\(.*|\|.*", "", line))[1:]]
            command: Any = root
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]
            options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
            if command is root or [w for w in words if w.startswith("-") and w.partition("=")[0] not in options]:
                wrong.append(f"{page.name}: {line}")
            seen.add(command.name)
    assert "\n".join(wrong) == ""
    assert len(seen) > 10

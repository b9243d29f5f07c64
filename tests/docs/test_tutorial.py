"""The tutorial, done word for word in a copy of the repository, on a stack of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.ports import free_port
from tests.conftest import ROOT, pgshop
from tests.docs.pages import blocks, perform
from tests.rules.test_repository import tracked

PAGE = ROOT / "docs/tutorial/workshops.md"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A copy of the repository with the packages that are installed here: `make install` has no more to do."""
    for folder in [tmp_path, *tmp_path.parents]:
        if str(folder).startswith("/tmp/") and folder.stat().st_uid == os.geteuid():
            folder.chmod(0o755)
    copy = tmp_path / "pgshop"
    for path in tracked():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (copy / "stack/node_modules").symlink_to(ROOT / "stack/node_modules")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(copy / ".venv")], check=True)
    packages = Path(sysconfig.get_path("purelib"))
    own = copy / ".venv" / packages.relative_to(sys.prefix)
    (own / "installed.pth").write_text(f"{copy}\n{packages}\n")
    program = copy / ".venv/bin/pgshop"
    program.write_text(f"#!{copy}/.venv/bin/python\nfrom stack.cli import main\nmain()\n")
    program.chmod(0o755)
    for mark in ("uv", "installed"):
        (copy / ".venv" / mark).touch()
    try:
        yield copy
    finally:
        pgshop("down", "--purge", "--state", str(copy / ".pgshop"), check=False)


def test_the_tutorial_is_true_word_for_word(clone: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PGSHOP"))}
    story = blocks(PAGE)
    assert {block.language for block in story} == {"bash", "text", "sql", "toml", "python", "jinja"}
    assert [block.line for block in story if block.language not in {"bash", "text"} and not block.title] == []
    perform(PAGE, story, clone, {**environment, "PGSHOP_PORT": str(free_port())})
    assert not (clone / ".pgshop").exists(), "nothing is left"

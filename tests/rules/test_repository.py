"""What is in the repository, and what is not: machines, secrets, other people's words."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt", "requirements-node.txt")
PACKAGES = ("db", "extensions", "workers", "stack", "gateway")
UNWANTED = {
    "a note to oneself": r"\b(TODO|FIXME|XXX|HACK)\b",
    "a number that only a tracker knows": r"(?i)\b(issue|ticket|pull request|pr) ?#\d+",
    "somebody's machine": r"(?<![\w.])/(home/\w+|Users/\w+|work/\w+|root/\w+|mnt/\w+)",
    "a key of Stripe's": r"\b[sr]k_(live|test)_(?=\w*[0-9])(?=\w*[a-z])(?=\w*[A-Z])\w{24,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a token of a service": r"\b(gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|xox[bap]-[0-9A-Za-z-]{20,})",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "a conflict": r"(?m)^(<{7}|>{7}) ",
}
EXAMPLES = {
    "a note to oneself": "# TODO: later",
    "a number that only a tracker knows": "see issue #12",
    "somebody's machine": "cd /home/ann/shop",
    "a key of Stripe's": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "a private key": "-----BEGIN PRIVATE KEY-----",
    "a token of a service": "ghp_" + "a1" * 18,
    "a signed token": ".".join(["eyJ" + "a" * 30, "b" * 30, "c" * 30]),
    "a conflict": "<" * 7 + " HEAD",
}


def tracked() -> list[Path]:
    """Every file of the repository; a repository of another user is read all the same."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this is no repository of git: {done.stderr.strip()}")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> dict[str, str]:
    """What can be read as text, but for the locks, which are hashes, and this file, which says it all."""
    found = {}
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if name in LOCKS or name.endswith("package-lock.json") or path == Path(__file__):
            continue
        try:
            found[name] = path.read_text()
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("what", UNWANTED)
def test_the_repository_is_free_of_it(what: str) -> None:
    pattern = re.compile(UNWANTED[what])
    assert pattern.search(EXAMPLES[what])
    seen = texts()
    assert len(seen) > 200
    assert [name for name, text in seen.items() if pattern.search(text)] == []


def test_nothing_made_by_a_run_is_tracked() -> None:
    made = re.compile(
        r"(^|/)(\.env|\.venv|\.pgshop|node_modules|__pycache__|secrets\.json)(/|$)|\.(pyc|pid|log|sqlite3)$"
    )
    assert [path for path in tracked() if made.search(str(path.relative_to(ROOT)))] == []


@pytest.mark.parametrize("name", LOCKS)
def test_python_packages_are_locked_by_version_and_hash(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text).strip())
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", entry, re.IGNORECASE), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text
    assert "--index-url" not in text


def test_development_and_production_lock_the_same_versions() -> None:
    def versions(name: str) -> dict[str, str]:
        return dict(re.findall(r"(?m)^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", (ROOT / name).read_text()))

    production, development = versions("requirements.txt"), versions("requirements-dev.txt")
    assert production.items() <= development.items()


def test_node_packages_are_locked_by_hash_and_name_no_host() -> None:
    lock = json.loads((ROOT / "stack/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "stack/.npmrc").read_text()


def test_modules_are_named_after_a_subject() -> None:
    modules = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]
    nameless = {"utils", "util", "helpers", "helper", "common", "base", "misc", "shared", "tools", "lib"}
    assert len(modules) > 40
    assert [path for path in modules if nameless & {path.stem, *path.relative_to(ROOT).parts[:-1]}] == []


def test_every_target_of_make_explains_itself() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):(?!=)(.*)$", text, re.MULTILINE)
    assert {"help", "up", "test", "lint"} <= {name for name, _ in targets}
    assert [name for name, rest in targets if not re.search(r"## \w+", rest)] == []
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == {name for name, _ in targets}


def test_make_alone_lists_every_target() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^  make (\S+) ", said, re.MULTILINE) == targets

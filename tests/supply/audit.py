"""Ask the advisory services of PyPI and npm for known holes in what is locked: `make audit`.

Fails for what they know and accepted.toml does not. Where a service cannot be asked, that is said, and is no failure.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

ACCEPTED = Path(__file__).with_name("accepted.toml")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "requirements-uv.txt")


class UnaskedError(Exception):
    """The service gave no answer."""


@dataclass(frozen=True)
class Advisory:
    """A known hole: its names, the package that has it, and the version in which it is closed, as far as known."""

    names: frozenset[str]
    package: str
    fixed: str


def said(*command: str, cwd: Path = ROOT) -> Any:
    """What a program says in JSON, whatever its exit code. Raises UnaskedError when it says something else."""
    # Where there is no npm, the one beside our Python.
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:{Path(sys.executable).parent}"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise UnaskedError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it says nothing") from None


def of_python(answer: Any) -> Iterator[Advisory]:
    """What pip-audit has found. Raises UnaskedError when it knew no package at all: it calls that a success."""
    asked = [package for package in answer["dependencies"] if "skip_reason" not in package]
    if not asked:
        raise UnaskedError(answer["dependencies"][0]["skip_reason"])
    for package in asked:
        for hole in package["vulns"]:
            names = frozenset([hole["id"], *hole["aliases"]])
            yield Advisory(names, f"{package['name']} {package['version']}", ", ".join(hole["fix_versions"]))


def of_node(answer: Any) -> Iterator[Advisory]:
    """What npm has found. Raises UnaskedError when it was refused."""
    if "vulnerabilities" not in answer:
        raise UnaskedError(answer.get("message") or "an answer of another kind")
    for package in answer["vulnerabilities"].values():
        fix = package["fixAvailable"]
        # What is no object is the name of another package, which has an entry of its own.
        for hole in [via for via in package["via"] if isinstance(via, dict)]:
            name = hole["url"].rpartition("/")[2]
            yield Advisory(frozenset([name]), f"{hole['name']} {hole['range']}", "there is a fix" if fix else "")


def judge(found: list[Advisory], accepted: dict[str, Any], *, is_whole: bool) -> list[str]:
    """What is wrong: holes that are not accepted, and, when everybody was asked, entries that are needed no more."""
    wrong = [
        f"{hole.package}: {', '.join(sorted(hole.names))} (fixed in: {hole.fixed or 'nothing yet'})"
        for hole in found
        if not hole.names & accepted.keys()
    ]
    known = {name for hole in found for name in hole.names}
    return wrong + [
        f"accepted.toml: {name} is known no more; take it out" for name in accepted.keys() - known if is_whole
    ]


def main() -> int:
    """Ask both and say what came of it."""
    found: list[Advisory] = []
    is_whole = True
    locks = [word for name in LOCKS for word in ("-r", name)]
    python = [sys.executable, "-m", "pip_audit", *locks, "--no-deps", "--disable-pip", "-f", "json"]
    for service, command, cwd, read in (
        ("PyPI", [*python, "--progress-spinner", "off"], ROOT, of_python),
        ("npm", ["npm", "audit", "--json"], ROOT / "stack", of_node),
    ):
        try:
            told = list(read(said(*command, cwd=cwd)))
            print(f"audit: {service}'s advisory service knows {len(told)} holes in what is locked")
            found += told
        except (UnaskedError, OSError) as error:
            is_whole = False
            print(f"audit: {service}'s advisory service could NOT be asked, so this says nothing: {error}")
    wrong = judge(found, tomllib.loads(ACCEPTED.read_text()), is_whole=is_whole)
    print("\n".join(wrong or ["audit: nothing that is not accepted" if is_whole else "audit: incomplete"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

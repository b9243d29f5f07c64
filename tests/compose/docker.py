"""Stands in for docker where a script for operators is run: `docker compose …` is done by podman-compose.

PROJECT names the project. Images are there already, and what needs a terminal has none.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.compose.machine import environment, run
from tests.compose.stack import Compose
from tests.conftest import ROOT

PROGRAM = """#!/bin/sh
echo "$(date +%T) $*" >>"$(dirname "$0")/said"
exec "{python}" -m tests.compose.docker "$@"
"""


def operate(compose: Compose, script: str, *, check: bool = True, **given: str) -> tuple[str, str]:
    """What somebody types where the shop's tree is: its output, and what docker was asked for."""
    place = compose.tree / "in-place-of"
    place.mkdir(exist_ok=True)
    (place / "docker").write_text(PROGRAM.format(python=sys.executable))
    (place / "docker").chmod(0o755)
    (place / "said").write_text("")
    given = {
        "PATH": f"{place}:{environment()['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONSAFEPATH": "1",
        "PROJECT": compose.project,
        **given,
    }
    told = (f"{name}={value}" for name, value in given.items())
    done = run("env", *told, "sh", "-euc", script, check=check, cwd=compose.tree)
    return done.stdout + done.stderr, (place / "said").read_text()


def main(arguments: list[str]) -> int:
    """One command of docker's; its exit code."""
    compose = Compose(Path.cwd(), os.environ["PROJECT"])
    match [word for word in arguments[1:] if word not in ("--profile", "upgrade")]:
        case ["build", *_]:
            return 0
        case ["up", *options]:
            services = [word for word in options if not word.startswith("-")]
            compose.renew(*services, anew="--force-recreate" in options)
            return 0
        case ["rm", *options]:
            for name in [word for word in options if not word.startswith("-")]:
                compose.remove(name)
            return 0
        case ["run", *rest]:
            # Without a name of its own it would take that of the shop's.
            command = ["run", "--name", f"{compose.project}_once", *rest]
        case command:
            pass
    return subprocess.run(
        compose.command(*command), env=environment(), stdin=subprocess.DEVNULL, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

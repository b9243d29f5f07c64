"""Redocly finds nothing to complain of in the document, nor in any role's part of it."""

import subprocess
from pathlib import Path

import httpx
import pytest

from stack.binaries import find_node, npm_file
from tests.conftest import ROOT, Shop

RULES = ROOT / "tests/contract/redocly.yaml"


def lint(file: Path) -> str:
    """What it says about a file; raises AssertionError for errors and warnings."""
    command = [find_node(), npm_file("@redocly/cli/bin/cli.js"), "lint", str(file), "--config", str(RULES)]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([*command, "--format=stylish"], capture_output=True, text=True, check=False, env=quiet)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "warning" not in done.stdout.lower(), said
    return said


@pytest.mark.parametrize("role", ["anon", "staff"])
def test_redocly_has_neither_errors_nor_warnings(shop: Shop, tmp_path: Path, role: str) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(httpx.get(f"{shop.url}/api/schema/", params={"role": role}, timeout=60).text)
    assert "valid" in lint(file)


def test_it_would_say_so(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text('{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": {}}}}')
    with pytest.raises(AssertionError, match="operation-summary"):
        lint(file)

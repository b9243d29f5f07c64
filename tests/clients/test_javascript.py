"""Clients from npm, unmodified: supabase-js with its sign-in, postgrest-js, and openapi-fetch with generated types."""

import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stack.binaries import find_node, npm_file
from tests.conftest import PASSWORD, Person, Shop, pgshop

HERE = Path(__file__).parent
COMPILER = "typescript/bin/tsc"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The journeys beside the packages, which Node looks for there."""
    for file in HERE.glob("*[jt]s*"):
        shutil.copy(file, tmp_path)
    (tmp_path / "node_modules").symlink_to(Path(npm_file(COMPILER)).parents[2])
    return tmp_path


def node(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([find_node(), *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_supabase_signs_in_and_both_clients_shop(
    shop: Shop, folder: Path, make_product: Callable[..., dict[str, Any]]
) -> None:
    product = make_product(stock_quantity=10)
    email = f"supabase-{uuid.uuid4().hex[:8]}@example.com"
    done = node(folder, "journey.mjs", shop.url, email, PASSWORD, product["slug"])
    assert done.stdout == "done\n", done.stderr


def test_generated_types_compile_strictly_and_shop(
    shop: Shop, folder: Path, customer: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    product = make_product(stock_quantity=10)
    pgshop("gen", "types", str(folder / "schema.d.ts"), "--state", str(shop.state), timeout=300)
    compiled = node(folder, npm_file(COMPILER), "-p", ".")
    assert compiled.returncode == 0, compiled.stdout
    (folder / "made/journey.js").rename(folder / "made.mjs")
    done = node(folder, "made.mjs", shop.url, customer.email, PASSWORD, product["slug"])
    assert done.stdout == "done\n", done.stderr

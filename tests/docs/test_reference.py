"""Pages that are made of the code are what the code makes; PGSHOP_RENEW=1 writes them anew."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from db import migrate
from handbook import reference
from stack.cli import app
from tests.conftest import ROOT
from tests.databases import scratch, superuser_url  # noqa: F401 for pytest

DOCS = ROOT / "docs"


def compare(name: str, made: str) -> None:
    """Hold a committed page against what is made now."""
    if os.environ.get("PGSHOP_RENEW"):
        (DOCS / name).write_text(made)
    assert (DOCS / name).read_text() == made, f"docs/{name} is old: PGSHOP_RENEW=1 python -m pytest tests/docs"


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    compare(name, reference.PAGES[name]())


def test_the_schema_is_that_of_a_migrated_database(scratch: Callable[..., Any]) -> None:  # noqa: F811 the fixture
    with scratch() as urls:
        migrate.migrate(urls["migrator"])
        compare("reference/schema.md", reference.schema(urls["migrator"]))


def test_every_command_and_every_option_stands_in_the_page() -> None:
    page = (DOCS / "reference/cli.md").read_text()
    commands = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    groups = [group.name for group in app.registered_groups]
    assert len(commands) > 7
    assert [name for name in [*commands, *groups] if f"## `pgshop {name}`" not in page] == []
    assert "`--rollback <int range>`: Undo the newest N migrations instead." in page
    assert "### `pgshop user create`" in page

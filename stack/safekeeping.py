"""The commands that an operator needs on bad days: `backup`, `restore`, `doctor`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stack.errors import StackError

StateOption = Annotated[Path, typer.Option("--state", help="The folder that holds everything of this stack.")]
HERE = Path(".pgshop")
err = Console(stderr=True, highlight=False)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; a file that is there is replaced when the new one is whole.")],
    state: StateOption = HERE,
) -> None:
    """Write database and pictures into one file; encrypted, when BACKUP_RECIPIENT is set. The shop goes on selling."""
    from stack.admin import database_url
    from stack.backup import back_up
    from stack.environment import plan, read_settings
    from stack.state import State

    database_url(state)
    settings, stack = read_settings(), State.at(state)
    size = back_up(plan(stack, settings).admin_url, stack.media, file, settings.backup_recipient)
    how = "encrypted" if settings.backup_recipient else "NOT encrypted, since BACKUP_RECIPIENT is not set"
    print(f"{file}: {size / 1e6:.1f} MB, {how}")
    err.print("Keep secrets.json with it, apart: without it second factors and sessions are lost.")


def restore(
    file: Annotated[Path, typer.Argument(exists=True, help="What `pgshop backup` wrote.")],
    identity: Annotated[
        Path | None, typer.Option(exists=True, help="File with the secret key of age, when it is encrypted.")
    ] = None,
    state: StateOption = HERE,
) -> None:
    """Put a backup in the place of what the running shop has; the database that was there is kept beside it."""
    import psycopg

    from stack.admin import database_url
    from stack.backup import restore as put_back
    from stack.database import prepare_database
    from stack.environment import plan, read_settings
    from stack.state import State

    database_url(state)
    stack = State.at(state)
    todo = plan(stack, read_settings())
    stack.data["demo"] = False
    try:
        before = put_back(todo.admin_url, stack.media, file, identity)
        prepare_database(stack, todo, lambda part, what: err.print(f"{part}: {what}"))
    except psycopg.Error as error:
        raise StackError(f"restore: {error}") from None
    print(f"restored; what was there is the database {before}")


def doctor(state: StateOption = HERE) -> None:
    """Look at the running installation: what is wrong with it, and what to do. Exit code 1 when something is."""
    from stack.admin import database_url
    from stack.environment import plan, read_settings
    from stack.state import State

    database_url(state)
    stack = State.at(state)
    todo = plan(stack, read_settings())
    os.environ.update(todo.environment)
    from stack.doctor import tell

    if not tell(read_settings(), todo.admin_url, stack.media):
        raise typer.Exit(1)

"""The command line `pgshop`: the commands that start, stop and show a stack."""

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stack.errors import StackError

if TYPE_CHECKING:
    from stack.state import State
    from stack.supervision import Supervisor

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="A headless shop that is declared in Postgres.",
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

StateOption = Annotated[Path, typer.Option("--state", help="The folder that holds everything of this stack.")]
HERE = Path(".pgshop")


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready.")] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, envvar="PGSHOP_PORT", help="The public port; 0 takes a free one.  [default: 8000]"
        ),
    ] = None,
    state: StateOption = HERE,
    no_seed: Annotated[bool, typer.Option("--no-seed", help="Start with an empty shop.")] = False,
) -> None:
    """Start the shop: every server, the database brought up to date, and on the first start a demo shop."""
    from stack.startup import up as start
    from stack.state import State
    from stack.summary import print_summary

    stack = State.at(state)
    # Asked to end by whomever, it ends in the same good order as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with err.status("starting …") as progress:

            def report(part: str, what: str) -> None:
                err.print(f"[green]✓[/] [bold]{part:>9}[/]  {escape(what)}")
                progress.update(f"{part} is {what.split(' after', maxsplit=1)[0]}, waiting for the others …")

            supervisor = start(stack, port, demo=not no_seed, foreground=not detach, report=report)
    except KeyboardInterrupt:
        err.print("the start was broken off, everything has stopped")
        raise typer.Exit(130) from None
    print_summary(stack, out)
    if not detach:
        _attend(stack, supervisor)


def _attend(stack: "State", supervisor: "Supervisor") -> None:
    """Show the logs until Ctrl-C, or until somebody else ends the stack."""
    from stack.lifecycle import down as stop
    from stack.logs import follow

    parts = ["stack", *supervisor.processes()]
    try:
        follow(stack, out, parts=parts, last_lines=None, until=lambda: supervisor.exit_code() is not None)
    except KeyboardInterrupt:
        err.print("\nstopping …")
    stop(stack, purge=False)
    if supervisor.exit_code():
        raise StackError("The supervisor was killed, and all parts with it.", f"See {stack.log('stack')}.")
    err.print("everything has stopped")


@app.command()
def down(
    state: StateOption = HERE,
    purge: Annotated[bool, typer.Option("--purge", help="Remove the state too: data, secrets, pictures.")] = False,
) -> None:
    """Stop the shop and wait until every part is gone. Stopping what does not run is fine."""
    from stack.lifecycle import down as stop
    from stack.state import State

    ran = stop(State.at(state), purge=purge)
    err.print("everything has stopped" if ran else "nothing was running")


@app.command()
def status(
    state: StateOption = HERE,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs; holds the database URL with its password.")
    ] = False,
) -> None:
    """Show what runs, where it is reached and under which pids. Exit code 3 when nothing runs."""
    from stack.lifecycle import status as look
    from stack.state import State

    seen = look(State.at(state))
    if as_json:
        print(json.dumps(seen, indent=2))
    elif seen["running"]:
        table = Table("part", "state", "pid", box=None)
        for part, what in seen["parts"].items():
            table.add_row(part, what, str(seen["pids"].get(part, "")), style=None if what == "running" else "red")
        out.print(table)
        out.print(f"\nshop {seen['url']}\nmail {seen['mail_url'] or 'by SMTP_URL'}")
    else:
        err.print(f"nothing is running in {seen['state']}")
    if not seen["running"]:
        raise typer.Exit(3)


@app.command()
def logs(
    part: Annotated[str | None, typer.Argument(help="One part; all of them when left out.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("-n", min=0, help="Last lines of each log to begin with.")] = 20,
    state: StateOption = HERE,
) -> None:
    """Show the logs of the parts."""
    from stack.logs import follow as show
    from stack.state import PARTS, State

    known = ["stack", *PARTS]
    if part and part not in known:
        raise StackError(f"There is no part {part!r}.", f"The parts are {', '.join(known)}.")
    stack = State.at(state)
    if not stack.log("stack").exists():
        raise StackError(f"No stack was ever started in {stack.folder}.", "Name another --state.")
    with suppress(KeyboardInterrupt):
        show(stack, out, parts=[part] if part else known, last_lines=lines, until=lambda: not follow)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context, state: StateOption = HERE) -> None:
    """Open psql on the shop's database, as its owner. What follows is handed to psql."""
    from stack.admin import database_url
    from stack.postgres import find_binaries

    program = str(find_binaries() / "psql")
    url = urlsplit(database_url(state))
    bare = url._replace(netloc=f"{url.username}@{url.netloc.rpartition('@')[2]}").geturl()
    # Anybody may read a command line, but not an environment.
    environment = {**os.environ, "PGPASSWORD": unquote(url.password or "")}
    os.execve(program, [program, "--dbname", bare, *context.args], environment)


def _add_administration() -> None:
    from stack.admin import add_to

    add_to(app)


_add_administration()


def main() -> None:
    """Run the command line; what goes wrong is told in a line or two, never as a traceback."""
    try:
        app(prog_name="pgshop")
    except StackError as error:
        # Not wrapped: paths and commands in it are there to be copied.
        err.print(f"[bold red]✗[/] {escape(str(error).rstrip())}", soft_wrap=True)
        if error.log:
            err.print(error.log, style="dim", markup=False, soft_wrap=True)
        if error.hint:
            err.print(f"[yellow]→[/] {escape(error.hint)}", soft_wrap=True)
        sys.exit(1)

"""`make replay`: every invoice of the file, on a fresh stack of its own or on the one in --state."""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from tests.journeys.invoices import FILE, Plan, choose_slice, read_lines
from tests.journeys.retail import Replay, import_products, pgshop

out = Console(highlight=False)
# One address buys for everybody here, so what a shop allows one address would end the replay.
RAISED = {"REGISTER_ATTEMPTS": "1000000", "LOGIN_ATTEMPTS": "1000000", "RATE_PER_SECOND": "100000"}


@contextmanager
def stack(state: Path | None) -> Iterator[tuple[dict[str, Any], Path]]:
    """The stack in `state`, or a fresh one that is removed afterwards."""
    folder = state or Path(tempfile.mkdtemp(prefix="pgshop-replay-"))
    try:
        if state is None:
            os.environ |= RAISED
            out.print("starting a stack for the replay …")
            pgshop("up", "--detach", "--no-seed", "--port", "0", "--state", str(folder))
        yield json.loads(pgshop("status", "--json", "--state", str(folder))), folder
    finally:
        if state is None:
            pgshop("down", "--purge", "--state", str(folder))
            shutil.rmtree(folder, ignore_errors=True)


def table_of(plan: Plan) -> Table:
    """Lines in = replayed + rejected by reason."""
    counts = {
        f"replayed in {len(plan.sales)} orders of {len(plan.acts)} customers": sum(
            len(sale.lines) for sale in plan.sales
        ),
        "replayed as refunds": len(plan.returns),
        **{f"rejected: {reason}": count for reason, count in plan.rejected.most_common()},
    }
    assert plan.lines_in == sum(counts.values()), (plan.lines_in, counts)
    table = Table("what became of the lines", "lines", show_footer=True)
    table.columns[0].footer, table.columns[1].footer = "lines in the file", str(plan.lines_in)
    for what, count in counts.items():
        table.add_row(what, str(count))
    return table


def main(
    state: Annotated[Path | None, typer.Option(help="A running stack, with its limits raised.")] = None,
    file: Annotated[Path, typer.Option(help="The order lines.")] = FILE,
    invoices: Annotated[int | None, typer.Option(help="Only a slice of about so many invoices.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Customers at a time.")] = 4,
) -> None:
    """Import every product and replay the invoices; then hold the books against them."""
    if not file.exists():
        out.print(f"{file} is not there: nothing to replay.")
        sys.exit(2)
    lines = read_lines(file)
    lines = choose_slice(lines, invoices) if invoices else lines
    with stack(state) as (running, folder), tempfile.TemporaryDirectory() as reports:
        begun = time.monotonic()
        out.print(import_products(folder, Path(reports) / "rejected.csv", file))
        imported = time.monotonic()
        columns = (
            TextColumn("replaying"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=out) as bar:
            task = bar.add_task("lines", total=len(lines))
            plan = Replay(running, folder, lambda count: bar.advance(task, count)).go(lines, workers)
        out.print(table_of(plan))
        out.print(f"imported in {imported - begun:.1f} s, replayed and checked in {time.monotonic() - imported:.1f} s")


if __name__ == "__main__":
    typer.run(main)

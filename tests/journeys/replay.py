"""`make replay`: every invoice of the file, on a fresh stack of its own or on the one in --state."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from tests.conftest import Shop, pgshop, start_stack
from tests.journeys.invoices import FILE, Plan, choose_slice, read_lines
from tests.journeys.retail import Replay, import_products

out = Console(highlight=False)


@contextmanager
def stack(state: Path | None) -> Iterator[Shop]:
    """The running stack in `state`, or a fresh one that is removed afterwards."""
    if state is not None:
        yield Shop(state, json.loads(pgshop("status", "--json", "--state", str(state)).stdout))
        return
    with TemporaryDirectory(prefix="pgshop-replay-", ignore_cleanup_errors=True) as folder:
        # Under root PostgreSQL runs as nobody, who must be able to pass.
        Path(folder).chmod(0o755)
        out.print("starting a stack for the replay …")
        shop = start_stack(Path(folder) / "state")
        try:
            yield shop
        finally:
            pgshop("down", "--purge", "--state", str(shop.state))


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
    with stack(state) as shop, TemporaryDirectory() as reports:
        begun = time.monotonic()
        out.print(import_products(shop, Path(reports) / "rejected.csv", file))
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
            plan = Replay(shop, lambda count: bar.advance(task, count)).go(lines, workers)
        out.print(table_of(plan))
        out.print(f"imported in {imported - begun:.1f} s, replayed and checked in {time.monotonic() - imported:.1f} s")


if __name__ == "__main__":
    typer.run(main)

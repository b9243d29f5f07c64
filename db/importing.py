"""The command `pgshop import products`: a CSV file becomes products, a transaction a batch, every bad line reported."""

import csv
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from db.csv_records import Record, read_records
from db.product_fields import Mapping, RejectedError
from stack.errors import StackError

if TYPE_CHECKING:
    import psycopg

    from db.picture_files import Pictures

app = typer.Typer(no_args_is_help=True, help="Bring data in from files.")
out, err = Console(highlight=False), Console(stderr=True, highlight=False)
HERE = Path(".pgshop")
MOST_REASONS = 1_000
OUTCOMES = ("created", "updated", "unchanged", "repeated", "rejected")


@app.command()
def products(  # noqa: PLR0917 options, not arguments
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8, with a header line.")],
    columns: Annotated[list[str] | None, typer.Option("--map", help="field=Column, once a field.")] = None,
    constants: Annotated[list[str] | None, typer.Option("--set", help="field=value where the line has none.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="TOML: tables map and set, and sku_pattern.")] = None,
    sku_pattern: Annotated[str | None, typer.Option(help="What a whole SKU must match; else it is no product.")] = None,
    delimiter: Annotated[str, typer.Option(help="What is between columns.")] = ",",
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Lines a transaction.")] = 500,
    correct_stock: Annotated[
        bool, typer.Option("--correct-stock", help="Count stock_quantity for what is there already, too.")
    ] = False,
    allow_free: Annotated[bool, typer.Option("--allow-free", help="Take a price of 0.")] = False,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the pictures.  [default: FILE-images, else FILE's own]")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="What was wrong, as CSV; FILE.rejected.csv if not given.")] = None,
    state: Annotated[Path, typer.Option("--state", help="The folder that holds everything of this stack.")] = HERE,
) -> None:
    """Make products of the lines of a CSV file; products that are there are updated by their SKU, whatever its case.

    One line a variant or picture: those after a product's first line repeat its sku, and what else they say of the
    product does not count. A column named like a field needs no --map; an empty cell changes nothing.

    Of the product: sku, name, slug, description, category (slug, name, id, or a path such as Clothing > Shirts, made
    where it is not there), brand, price, compare_price, cost_price, stock_quantity, is_featured, is_active, barcode,
    weight, length, width, height, low_stock_threshold, meta_title, meta_description.
    Of a variant: variant_sku, variant_name, option1_name, option1_value and so on, price_modifier or variant_price,
    stock_quantity, variant_is_active. Of a picture: image (a file), image_alt, image_is_primary, image_order.

    Stock is given to what is new. A line that says nothing new of a SKU is `repeated`. Lines that are one quoted field
    holding the whole line are repaired. No bad line ends the run.
    """
    import psycopg

    from db.picture_files import Pictures, folder_beside
    from stack.admin import database_url

    meaning = Mapping(columns or [], constants or [], sku_pattern, mapping, allow_free)
    folder = images or (folder_beside(file) if folder_beside(file).is_dir() else file.parent)
    try:
        with file.open("rb") as source:
            records = read_records(source, delimiter)
            header = next(records, Record(1, "", fault="it is empty"))
            if header.fault:
                raise StackError(
                    f"{file} cannot be read: {header.fault}.", "Expected: CSV in UTF-8 with a header line."
                )
            meaning.read_header(header.cells)
            with psycopg.connect(database_url(state), autocommit=True) as connection:
                be_alone(connection)
                path, reporting = open_report(report, file)
                with reporting, Pictures(connection, folder, state) as pictures, progress_bar() as bar:
                    run = Run(connection, meaning, pictures, correct_stock, reporting)
                    task = bar.add_task("importing", total=file.stat().st_size)
                    while chunk := list(islice(records, batch)):
                        run.take(chunk)
                        bar.update(task, completed=source.tell())
                    bar.update(task, completed=file.stat().st_size)
    except (OSError, TypeError) as error:
        raise StackError(f"{file} cannot be read: {error}") from None
    except psycopg.Error as error:
        raise StackError(f"The import stopped: {error}", "What was counted is kept; run it again to go on.") from None
    run.show(path)


def be_alone(connection: "psycopg.Connection") -> None:
    """Keep other imports out, and prepare the list of what this run has seen. Raises StackError."""
    row = connection.execute("select pg_try_advisory_lock(hashtext('import_products'))").fetchone()
    if not (row and row[0]):
        raise StackError("Another import is running.", "Try again when it has ended.")
    connection.execute("create temporary table imported_skus (sku text primary key)")


def open_report(wanted: Path | None, file: Path) -> tuple[Path, TextIO]:
    """The report at `wanted`, else beside the file, else in the current folder. Raises StackError."""
    beside = file.with_name(file.name.removesuffix(".csv") + ".rejected.csv")
    for path in [wanted] if wanted else [beside, Path(beside.name)]:
        try:
            return path, path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            err.print(f"{path} cannot be written ({error.strerror})", markup=False)
    raise StackError("The report cannot be written.", "Name a file for it by --report.")


def progress_bar() -> Progress:
    """A bar over the bytes of the file, on stderr."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=err
    )


class Run:
    """One import under way: what was counted, and the report."""

    def __init__(
        self,
        connection: "psycopg.Connection",
        meaning: Mapping,
        pictures: "Pictures",
        correct_stock: bool,
        report: TextIO,
    ) -> None:
        self.connection, self.meaning, self.pictures = connection, meaning, pictures
        self.correct_stock = correct_stock
        self.report = csv.writer(report)
        self.report.writerow(["line", "outcome", "reason", "text"])
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def take(self, records: list[Record]) -> None:
        """Import a batch in one transaction; then report what was wrong with it, in the file's order."""
        from psycopg.types.json import Jsonb

        faults = {record.number: record.fault for record in records if record.fault}
        lines = []
        self.pictures.fresh.clear()
        for record in records:
            try:
                if not record.fault:
                    fields = self.meaning.fields_of(record.cells)
                    if "image" in fields:
                        self.pictures.take(fields)
                    lines.append({"line": record.number, "fields": fields})
            except RejectedError as reason:
                faults[record.number] = str(reason)
        query = "select line, outcome, reason from logic.import_products(%s, %s)"
        for line, outcome, why in self.connection.execute(query, [Jsonb(lines), self.correct_stock]):
            if outcome == "rejected":
                faults[line] = why
            else:
                self.counts[outcome] += 1
        for record in records:
            if record.is_repaired:
                self.counts["repaired"] += 1
            if record.number in faults:
                self.counts["rejected"] += 1
                # Some reasons hold a name, and the memory of a run has bounds.
                known = faults[record.number] in self.reasons or len(self.reasons) < MOST_REASONS
                self.reasons[faults[record.number] if known else "other reasons"] += 1
                self.report.writerow([record.number, "rejected", faults[record.number], record.text])
            elif record.is_repaired:
                self.report.writerow([record.number, "repaired", "the whole line was one quoted field", record.text])

    def show(self, path: Path) -> None:
        """Print what became of the lines; a report with nothing in it is removed."""
        table = Table("lines", str(sum(self.counts[outcome] for outcome in OUTCOMES)), box=None)
        for outcome in OUTCOMES:
            table.add_row(outcome, str(self.counts[outcome]))
        for reason, count in self.reasons.most_common(12):
            table.add_row(escape(f"  {reason}"), str(count), style="dim")
        out.print(table)
        if self.counts["repaired"]:
            out.print(f"Of these, {self.counts['repaired']} were repaired: the whole line was one quoted field.")
        if self.reasons or self.counts["repaired"]:
            out.print(f"Each line that was rejected or repaired is in {path}", soft_wrap=True, markup=False)
        else:
            path.unlink(missing_ok=True)

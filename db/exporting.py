"""The command `pgshop export products`: the whole catalogue as a CSV file and a folder of pictures, for an import."""

import csv
import hashlib
import json
from collections.abc import Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from db.csv_records import guarded
from db.importing import progress_bar
from stack.errors import StackError

app = typer.Typer(no_args_is_help=True, help="Write data to files.")
err = Console(stderr=True, highlight=False)
HERE = Path(".pgshop")
PRODUCT = [
    *("sku", "name", "slug", "category", "brand", "description", "price", "compare_price", "cost_price"),
    *("is_featured", "is_active", "barcode", "weight", "length", "width", "height", "low_stock_threshold"),
    *("meta_title", "meta_description"),
]
VARIANT = ["variant_sku", "variant_name", "price_modifier", "variant_is_active", "stock_quantity"]
IMAGE = ["image", "image_alt", "image_is_primary", "image_order"]
# Not the deleted ones; their number, and how many options a variant has at most.
COUNTS = """select count(*), coalesce(max((
    select max((select count(*) from jsonb_object_keys(v.attributes)))
    from shop.product_variants v where v.product_id = p.id and not v.is_default
)), 0) from shop.products p where p.deleted_at is null"""
PRODUCTS = """select logic.exported_product(p) from shop.products p
where p.deleted_at is null order by p.created_at, lower(p.sku)"""
Row = dict[str, Any]


@app.command()
def products(
    file: Annotated[Path, typer.Argument(help="The CSV to write; what is there is replaced.")],
    images: Annotated[Path | None, typer.Option(help="Folder for the pictures.  [default: FILE-images]")] = None,
    state: Annotated[Path, typer.Option("--state", help="The folder that holds everything of this stack.")] = HERE,
) -> None:
    """Write all products, variants and pictures as `pgshop import products` reads them; deleted ones are left out.

    One line a variant or picture; the product's own columns stand on its first line. A text that a spreadsheet would
    take for a formula has an apostrophe before it, which the import takes away. An import into an empty shop, exported
    again, gives the same files.
    """
    import psycopg
    from psycopg.types.json import set_json_loads

    from db.picture_files import folder_beside
    from stack.admin import database_url

    unfinished = file.with_name(file.name + ".part")
    folder = images or folder_beside(file)
    try:
        with psycopg.connect(database_url(state)) as connection, progress_bar() as bar:
            # One picture of the shop, however long it takes; and numbers as they are written.
            connection.execute("set transaction isolation level repeatable read, read only")
            set_json_loads(partial(json.loads, parse_float=str), connection)
            total, most = connection.execute(COUNTS).fetchone() or (0, 0)
            options = [f"option{number}_{part}" for number in range(1, most + 1) for part in ("name", "value")]
            task = bar.add_task("exporting", total=total)
            catalogue = Catalogue(state, folder)
            with unfinished.open("w", encoding="utf-8", newline="") as target, connection.cursor("exported") as cursor:
                cursor.itersize = 200
                writer = csv.DictWriter(target, [*PRODUCT, *VARIANT[:2], *options, *VARIANT[2:], *IMAGE])
                writer.writeheader()
                for (exported,) in cursor.execute(PRODUCTS):
                    writer.writerows(catalogue.lines(exported))
                    bar.advance(task)
        unfinished.replace(file)
    except OSError as error:
        raise StackError(f"{error.filename or file} cannot be written: {error.strerror or error}") from None
    except psycopg.Error as error:
        raise StackError(f"The export stopped: {error}") from None
    for image in catalogue.missing[:10]:
        err.print(f"{image} is named by a product and is not there; it was left out", markup=False)
    print(f"{total} products, {catalogue.pictures} pictures" + (f" in {folder}" if catalogue.pictures else ""))


class Catalogue:
    """Makes lines of products, and copies their pictures."""

    def __init__(self, state: Path, folder: Path) -> None:
        from db.picture_files import storage_of

        self.storage, self.folder = storage_of(state), folder
        self.pictures, self.missing = 0, list[str]()

    def lines(self, exported: Row) -> Iterator[Row]:
        """The lines of one product: its columns, beside them its first variant and picture, then the rest."""
        product = {name: exported["product"][name] for name in (*PRODUCT, "stock_quantity")}
        images = self.copied(product["slug"], exported["images"])
        for variant, image in zip_longest(map(with_options, exported["variants"]) or [{}], images):
            yield cells(product | (variant or {}) | (image or {}))
            product = {"sku": product["sku"]}
        if "name" in product:
            yield cells(product)

    def copied(self, slug: str, images: list[Row]) -> list[Row]:
        """The pictures of a product, each in the folder under its slug and number."""
        from extensions.storage import name_of

        found: dict[str, tuple[Row, bytes]] = {}
        for image in images:
            try:
                data = self.storage.get(name_of(image["image"]))
            except FileNotFoundError:
                self.missing.append(image["image"])
            else:
                # The same picture twice is one picture.
                found.setdefault(hashlib.sha256(data).hexdigest(), (image, data))
        # Alike in all that is said of them, they need an order all the same.
        order = sorted(found, key=lambda digest: (*place(found[digest][0]), digest))
        for number, (image, data) in enumerate((found[digest] for digest in order), 1):
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{slug}-{number}{Path(image['image']).suffix}"
            path.write_bytes(data)
            image["image"] = path.name
            self.pictures += 1
        return [found[digest][0] for digest in order]


def place(image: Row) -> tuple[int, bool, str]:
    """Where a picture stands among those of its product."""
    return image["image_order"], not image["image_is_primary"], image["image_alt"]


def with_options(variant: Row) -> Row:
    """A variant with a pair of columns for each option that has a name and a value."""
    pairs = [pair for pair in variant.pop("options") or [] if all(text.strip() for text in pair)]
    for number, (name, value) in enumerate(pairs, 1):
        variant[f"option{number}_name"], variant[f"option{number}_value"] = name, value
    return variant


def cells(row: Row) -> Row:
    """Values as an import reads them: true and false, nothing for null, no blanks around a text, and no formulas."""
    return {name: cell(name, value) for name, value in row.items()}


def cell(name: str, value: object) -> object:
    """One of them. Amounts may begin with a minus, and are no text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value.strip()) if isinstance(value, str) and name != "price_modifier" else value

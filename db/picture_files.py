"""Pictures that lie in a folder beside a CSV file, on their way into the shop, and out of it."""

import asyncio
import hashlib
from functools import cached_property
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from db.demo import read
from db.drawings import Drawings
from db.product_fields import RejectedError
from stack.state import State

if TYPE_CHECKING:
    import psycopg

    from extensions.storage import Storage

# As uploads through nginx, whose default this is.
LARGEST_BYTES = 12 << 20


def storage_of(state: Path) -> "Storage":
    """Where the pictures of the stack in a state folder lie."""
    # Late: most imports have no pictures.
    from extensions.storage import storage_at  # noqa: PLC0415

    return storage_at(State.at(state).media)


def folder_beside(file: Path) -> Path:
    """The folder of pictures that belongs to a CSV file: goods-images for goods.csv."""
    return file.with_name(file.name.removesuffix(".csv") + "-images")


class Pictures:
    """Takes local files as uploads are taken: cleaned by a program of its own, stored, and then written down."""

    def __init__(self, connection: "psycopg.Connection", folder: Path, state: Path) -> None:
        self.connection, self.folder, self.state = connection, folder.resolve(), state
        self.runner = asyncio.Runner()
        # What this batch has stored, by product and content: no row names it yet.
        self.fresh: dict[str, dict[str, object]] = {}

    def __enter__(self) -> "Pictures":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.runner.close()

    @cached_property
    def storage(self) -> "Storage":
        """Opened when the first picture comes."""
        return storage_of(self.state)

    @cached_property
    def drawn(self) -> dict[str, tuple[str, str]]:
        """The demo shop's drawings by their text."""
        pairs = product(self.drawings.motifs, self.drawings.palettes)
        return {self.drawings.render(*pair): pair for pair in pairs}

    @cached_property
    def drawings(self) -> Drawings:
        """Whoever drew them."""
        return Drawings(State.at(self.state).media, read("shop.toml")["palettes"])

    def take(self, fields: dict[str, object]) -> None:
        """Put the path of the stored picture, and its size, in the place of the file's name. Raises RejectedError."""
        raw = self.read(str(fields["image"]))
        if raw.startswith(b"<svg") and (drawing := self.drawn.get(raw.decode(errors="replace"))):
            # An SVG may hold a program, so no other one is taken.
            fields["image"] = self.drawings.draw(*drawing)
            return
        sku = str(fields["sku"]).lower()
        # Part of the stored name, so that a file which came before is known without decoding it.
        mark = hashlib.sha256(f"{sku}\0".encode() + raw).hexdigest()[:24]
        if mark not in self.fresh:
            query = """select g.image from shop.product_images g join shop.products p on p.id = g.product_id
                where lower(p.sku) = %s"""
            there = [str(row[0]) for row in self.connection.execute(query, [sku])]
            known = next((image for image in there if f"/{mark}" in image), None) or self.same(there, raw)
            self.fresh[mark] = {"image": known} if known else self.store(mark, raw, there)
        fields.update(self.fresh[mark])

    def read(self, name: str) -> bytes:
        """The bytes of a file in the folder. Raises RejectedError."""
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder):
            raise RejectedError("image is outside of the folder of pictures")
        try:
            if not path.is_file():
                raise RejectedError("image: there is no such file")
            if path.stat().st_size > LARGEST_BYTES:
                raise RejectedError(f"image is larger than {LARGEST_BYTES >> 20} MiB")
            return path.read_bytes()
        except (OSError, ValueError) as error:
            raise RejectedError(f"image cannot be read: {getattr(error, 'strerror', error)}") from None

    def same(self, images: list[str], raw: bytes) -> str | None:
        """The stored picture with the same bytes: what was exported comes back so."""
        from extensions.storage import name_of  # noqa: PLC0415

        for image in images:
            try:
                if self.storage.get(name_of(image)) == raw:
                    return image
            except FileNotFoundError:
                continue
        return None

    def store(self, mark: str, raw: bytes, there: list[str]) -> dict[str, object]:
        """Clean and keep a file, unless the product has what it becomes. Raises RejectedError, OSError."""
        from extensions.pictures import clean  # noqa: PLC0415
        from extensions.problems import Problem  # noqa: PLC0415
        from extensions.storage import name_of  # noqa: PLC0415

        try:
            # Had it been uploaded, it would have been made anew.
            if there and (known := self.same(there, self.runner.run(clean(raw))[-1])):
                return {"image": known}
            extension, width, height, made = self.runner.run(clean(raw, "keep"))
        except Problem as problem:
            raise RejectedError(f"image: {problem}") from None
        query = "select logic.name_picture('products', %s, %s)"
        row = self.connection.execute(query, [extension, mark]).fetchone()
        image = str(row[0]) if row else ""
        self.storage.put(name_of(image), made)
        return {"image": image, "image_width": width, "image_height": height}

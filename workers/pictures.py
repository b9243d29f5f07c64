"""Copies of pictures in smaller sizes, and the end of files that no row names any more."""

from pathlib import PurePosixPath
from typing import Any

from extensions.imaging import shrink
from extensions.storage import PREFIX, name_of, storage
from workers.database import call

WIDTHS = (160, 480, 960)


def copies_of(image: str) -> dict[int, str]:
    """The names of the copies, by width."""
    stem = PurePosixPath(name_of(image)).with_suffix("")
    return {width: f"{stem}-{width}.webp" for width in WIDTHS}


def make_copies(row_id: str, payload: dict[str, Any]) -> None:
    """Made anew each time, to the same names; what belongs to no row by then is removed. Raises OSError."""
    names = copies_of(payload["image"])
    if call("has_picture", image=payload["image"]):
        for width, data in shrink(storage().get(name_of(payload["image"])), WIDTHS).items():
            storage().put(names[width], data)
        made = {str(width): PREFIX + name for width, name in names.items()}
        if call("set_thumbnails", image=payload["image"], thumbnails=made):
            return
    for name in names.values():
        storage().delete(name)


def drop(row_id: str, payload: dict[str, Any]) -> None:
    """Remove a picture and its copies, unless a row still names it. Raises OSError."""
    if not call("has_picture", image=payload["image"]):
        for name in (name_of(payload["image"]), *copies_of(payload["image"]).values()):
            storage().delete(name)

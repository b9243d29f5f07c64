"""Where pictures lie: the folder that nginx serves, or a bucket of S3. Names are paths like products/x.jpg."""

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from extensions.config import settings

PREFIX = "/media/"
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def name_of(path: str) -> str:
    """The name of the file that a row shows as `path`."""
    return path.removeprefix(PREFIX)


def type_of(name: str) -> str:
    """The content type that a name stands for."""
    return TYPES[name.rpartition(".")[2]]


class Storage(Protocol):
    """Files by name. Each raises OSError when the storage does not answer."""

    def put(self, name: str, data: bytes) -> None:
        """Keep a file; when this returns, it is there for good, and whoever reads it reads all of it."""

    def get(self, name: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""


class Folder:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, data: bytes) -> None:
        """Written beside its place, brought to the disk, then moved."""
        path = self.root / name
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def get(self, name: str) -> bytes:
        """Raises FileNotFoundError."""
        return (self.root / name).read_bytes()

    def delete(self, name: str) -> None:
        """Gone afterwards, and with it what somebody who was killed began to write."""
        path = self.root / name
        for file in (path, *path.parent.glob(f".{path.name}.*")):
            file.unlink(missing_ok=True)


def storage_at(folder: Path) -> Storage:
    """The bucket that the settings name, else the folder."""
    if settings().s3_endpoint_url:
        # Loaded when wanted: most shops have a folder.
        from extensions.bucket import Bucket  # noqa: PLC0415

        return Bucket(settings())
    return Folder(folder)


@lru_cache
def storage() -> Storage:
    """The storage of the service and the workers."""
    return storage_at(Path(settings().media_root))

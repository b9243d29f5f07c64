"""A backup is put back into an empty shop, and everything is there."""

import io
import os
import subprocess
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest

from stack.backup import unpack
from stack.errors import StackError
from tests.conftest import Shop, eventually, pgshop, start_stack
from tests.figures import Tell
from tests.soak import books
from tests.stack import selling

KEY = pyrage.x25519.Identity.generate()
COUNTED = ("shop.orders", "shop.payments", "shop.customers", "shop.stock_movements", "auth.accounts")


def counts(database: psycopg.Connection[Any]) -> dict[str, int]:
    found = {name: database.execute(f"select count(*) as n from {name}").fetchone() for name in COUNTED}
    return {name: row["n"] for name, row in found.items() if row}


def pictures(shop: Shop) -> dict[str, bytes]:
    """Those that are whole: one that a worker has in hand begins with a dot, and may be gone when it is read."""
    found = {}
    for path in (shop.state / "media").rglob("*.*"):
        if not path.name.startswith("."):
            with suppress(FileNotFoundError):
                found[str(path.relative_to(shop.state))] = path.read_bytes()
    return found


def is_at_rest(shop: Shop) -> bool:
    """Whether workers have done what they can: what they do meanwhile would be in the shop and not in the backup."""
    due = "select 1 from shop.outbox where done_at is null and dead_at is null and available_at <= now()"
    with shop.connect() as database:
        return not database.execute(due).fetchone()


def unfinished(database: psycopg.Connection[Any]) -> list[str]:
    """Orders that other tests have left in the midst of something, such as a refund that nobody makes."""
    orders = [str(row["id"]) for row in database.execute("select id from shop.orders")]
    return sorted(map(str, books.wrong(database, [], orders)))


def test_a_backup_fills_an_empty_shop(shop: Shop, room: Path, tmp_path: Path, tell: Tell) -> None:
    product = selling.make_product(shop)
    email, client = selling.register(shop)
    order = selling.place_order(client, product)
    body = {"order_id": order["id"], "payment_method": "pm_card_visa"}
    assert client.post("/api/v1/payments/confirm/", json=body).status_code == 200
    picture = shop.state / "media/products" / f"{'0' * 32}.png"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(b"a picture")
    file, identity = tmp_path / "shop.backup", tmp_path / "key.txt"
    identity.write_text(f"# created by age-keygen\n{KEY}\n")
    eventually(lambda: is_at_rest(shop), 300, "all work is done")
    begun = time.monotonic()
    said = pgshop("backup", str(file), "--state", str(shop.state), env=given(str(KEY.to_public()))).stdout
    backing = time.monotonic() - begun
    assert "encrypted" in said and "NOT" not in said
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    # Neither in its head nor in its body: a mail address is not to be read in it.
    assert email.encode() not in file.read_bytes()
    with shop.connect() as database:
        before, shown, known = counts(database), pictures(shop), unfinished(database)
    empty = start_stack(room / "empty")
    try:
        begun = time.monotonic()
        arguments = ("restore", str(file), "--identity", str(identity), "--state", str(empty.state))
        assert "pgshop_before_restore" in pgshop(*arguments).stdout
        restoring = time.monotonic() - begun
        with empty.connect() as database:
            assert counts(database) == before
            variants = [str(row["id"]) for row in database.execute("select id from shop.product_variants")]
            assert books.wrong(database, variants, []) == []
            assert unfinished(database) == known
        assert pictures(empty).items() >= shown.items()
        # It sells, also what was there before, and who had an account has one.
        eventually(lambda: is_serving(empty), what="the parts have found the new database")
        selling.sign_in(empty, email)
        selling.sell(empty, product)
    finally:
        for used in empty.clients:
            used.close()
        pgshop("down", "--purge", "--state", str(empty.state))
    size = file.stat().st_size / 1e6
    tell(f"backup: {size:.1f} MB in {backing:.1f} s; restored into an empty shop in {restoring:.1f} s")


def given(recipient: str = "") -> dict[str, str]:
    """An environment for backups."""
    return {**os.environ, "BACKUP_RECIPIENT": recipient}


def is_serving(shop: Shop) -> bool:
    return bool(shop.client().get("/health/").json()["status"] == "healthy")


def test_what_is_no_backup_or_not_ours_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    whole, cut, other = tmp_path / "whole", tmp_path / "cut", tmp_path / "other.txt"
    said = pgshop("backup", str(whole), "--state", str(shop.state), env=given()).stdout
    assert "NOT encrypted" in said
    cut.write_bytes(whole.read_bytes()[:100_000])
    other.write_text(str(pyrage.x25519.Identity.generate()))
    locked = tmp_path / "locked"
    pyrage.encrypt_file(str(whole), str(locked), [KEY.to_public()])
    for file, more, reason in (
        (cut, (), "no backup"),
        (locked, (), "is encrypted"),
        (locked, ("--identity", str(other)), "cannot be decrypted"),
    ):
        done = pgshop("restore", str(file), *more, "--state", str(shop.state), check=False)
        assert done.returncode == 1
        assert reason in done.stderr.replace("\n", " ")
    # Each part is asked for two seconds, which is little on a busy machine.
    eventually(lambda: is_serving(shop), what="all is as it was")


def test_age_itself_can_read_a_backup(tmp_path: Path) -> None:
    """So no word of ours is needed to get at the data."""
    plain, made, identity = tmp_path / "plain", tmp_path / "made", tmp_path / "key.txt"
    plain.write_text("rows")
    identity.write_text(f"{KEY}\n")
    pyrage.encrypt_file(str(plain), str(made), [KEY.to_public()])
    try:
        done = subprocess.run(["age", "-d", "-i", str(identity), str(made)], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("no age on this machine")
    assert done.stdout == "rows"


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no backup"):
        (tmp_path / "x").write_text("words")
        unpack(tmp_path / "x", tmp_path, None)


@pytest.mark.parametrize("name", ["../outside", "media/../../outside", "/outside", "elsewhere"])
def test_an_archive_cannot_write_elsewhere(tmp_path: Path, name: str) -> None:
    folder, made, source = tmp_path / "folder", tmp_path / "made", tmp_path / "source"
    folder.mkdir()
    source.write_text("rows")
    with tarfile.open(made, "w") as archive:
        archive.add(source, "database.dump")
        member = tarfile.TarInfo(name)
        archive.addfile(member, io.BytesIO())
    with pytest.raises(StackError, match="no backup"):
        unpack(made, folder, None)
    assert list(folder.iterdir()) == []

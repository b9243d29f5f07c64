"""What was kept is put back: the whole from a file, and the database to the second before a mistake."""

import time
from pathlib import Path

import pyrage

from tests.compose.conftest import House
from tests.compose.machine import podman
from tests.compose.stack import PROJECT
from tests.compose.trade import buy
from tests.conftest import eventually
from tests.figures import Tell
from tests.soak import books

MISTAKE = """
set session_replication_role = replica; delete from shop.order_items; delete from shop.payments; delete from shop.orders
"""
COUNT = "select count(*), coalesce(max(order_number), '') from shop.orders"


def contradictions(house: House) -> str:
    """What the books say about everything."""
    found = ""
    for question in (books.STOCK, books.ORDERS, books.MONEY):
        variants = question.replace("%(variants)s::uuid[]", "(select id from shop.product_variants)")
        found += house.sql(variants.replace("%(orders)s::uuid[]", "(select id from shop.orders)"))
    return found


def test_the_database_goes_back_to_the_second_before_a_mistake(house: House, tell: Tell) -> None:
    with house.register("before@example.com") as client:
        buy(client)
        archive = f"/archive/base-{house.sql('select current_date')}"
        base = ("pg_basebackup", "-U", "postgres", "-D", archive, "-Ft", "-z", "-X", "none", "--checkpoint=fast")
        begun = time.monotonic()
        podman("exec", "--user", "postgres", house.compose.name("postgres"), *base)
        basing = time.monotonic() - begun
        order = buy(client)
        eventually(lambda: not contradictions(house), 60, "the books are in order")
        before = house.sql(COUNT)
        moment = house.sql("select clock_timestamp()")
        time.sleep(1)
        house.sql(MISTAKE)
        assert house.sql(COUNT) == "0|"
        begun = time.monotonic()
        house.compose.down()
        said = house.compose("run", "--rm", "--no-deps", "--entrypoint", "sh", "postgres", "/recover.sh", moment)
        assert archive in said, said
        house.compose.up()
        eventually(house.is_healthy, 120, "healthy")
        recovering = time.monotonic() - begun
        assert house.sql(COUNT) == before
        assert contradictions(house) == ""
        answer = client.get(f"/api/v1/orders/{order['id']}/")
        assert (answer.status_code, answer.json()["status"]) == (200, "confirmed")
        buy(client)
        # The archive goes on, on a new line of time.
        house.sql("select pg_switch_wal()")
        eventually(lambda: house.sql("select last_archived_wal like '00000002%' from pg_stat_archiver") == "t", 60)
    tell(
        f"compose: base backup in {basing:.1f} s; back to the second before a DELETE in {recovering:.0f} s (RTO), "
        "no order lost before it (RPO 0 s; after the loss of a disk at most archive_timeout, 60 s)"
    )


def test_a_backup_is_made_and_put_back_in_containers(house: House, tmp_path: Path, tell: Tell) -> None:
    key = pyrage.x25519.Identity.generate()
    tmp_path.chmod(0o777)
    (tmp_path / "key.txt").write_text(f"{key}\n")
    shared = ("run", "--rm", "--no-deps", "-v", f"{tmp_path}:/backups", "-e", f"BACKUP_RECIPIENT={key.to_public()}")
    command = ("migrate", "python", "-m", "stack.container")
    with house.register("kept@example.com") as client:
        order = buy(client)
        begun = time.monotonic()
        house.compose(*shared, *command, "backup", "/backups/shop.backup")
        backing = time.monotonic() - begun
        assert (tmp_path / "shop.backup").read_bytes().startswith(b"age-encryption.org/v1")
        house.sql(MISTAKE)
        begun = time.monotonic()
        house.compose(*shared, *command, "restore", "/backups/shop.backup", "/backups/key.txt")
        eventually(house.is_healthy, 120, "healthy")
        restoring = time.monotonic() - begun
        assert contradictions(house) == ""
        assert client.get(f"/api/v1/orders/{order['id']}/").json()["status"] == "confirmed"
        buy(client)
    tell(f"compose: backup in {backing:.1f} s, restored and healthy after {restoring:.1f} s, project {PROJECT}")

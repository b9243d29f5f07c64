"""`pgshop migrate` on a running stack."""

import json
import subprocess
from pathlib import Path

import jwt

from tests.conftest import PGSHOP, ROOT, Person, Shop, eventually, pgshop
from tests.stack import selling
from tests.stack.conftest import Start


def test_migrations_down_and_up_again(start: Start, spare: Path) -> None:
    shop = start(spare)
    state = ("--state", str(shop.state))

    def listed() -> dict[str, str]:
        return {name: what for what, name in map(str.split, pgshop("migrate", "--list", *state).stdout.splitlines())}

    files = sorted(file.stem for file in (ROOT / "db/migrations").glob("[0-9]*.sql") if ".rollback" not in file.name)
    assert list(listed()) == files
    assert set(listed().values()) == {"applied"}
    done = pgshop("migrate", "--rollback", "1", *state)
    assert done.stdout.split() == ["undone", files[-1]]
    assert "until the next `pgshop migrate`" in done.stderr
    assert {name for name, what in listed().items() if what == "pending"} == {files[-1]}
    assert pgshop("migrate", *state).stdout.split() == ["applied", files[-1]]
    assert pgshop("migrate", *state).stdout == ""
    selling.sell(shop, selling.make_product(shop))


def test_functions_are_not_taken_from_a_request_that_is_half_done(shop: Shop, customer: Person) -> None:
    claims = jwt.decode(customer.access, options={"verify_signature": False})
    queued = "select 1 from pg_locks where relation = 'auth.api_keys'::regclass and not granted"
    known = "select 'logic.check_request'::regproc::oid"
    with shop.connect() as onlooker, shop.connect() as request:
        before = onlooker.execute(known).fetchone()
        with request.transaction():
            request.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
            request.execute("select logic.check_request()")
            migrating = subprocess.Popen([PGSHOP, "migrate", "--state", str(shop.state)])
            eventually(lambda: onlooker.execute(queued).fetchone(), 120, "migrating waits for the request")
            request.execute("select logic.check_request()")
            assert onlooker.execute(known).fetchone() == before
        assert migrating.wait(120) == 0
        assert onlooker.execute(known).fetchone() != before

"""`pgshop migrate` on a running stack."""

from pathlib import Path

from tests.conftest import ROOT, pgshop
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

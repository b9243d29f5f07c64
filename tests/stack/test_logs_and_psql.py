"""Look into a running stack: `pgshop logs` and `pgshop psql`."""

from pathlib import Path

from tests.conftest import Shop, pgshop
from tests.stack.conftest import fails


def test_logs(shop: Shop) -> None:
    def lines(*options: str) -> list[str]:
        return pgshop("logs", *options, "--state", str(shop.state)).stdout.splitlines()

    for _ in range(6):
        shop.client().get("/health/")
    assert [line.split("│")[0].strip() for line in lines("nginx", "-n", "5")] == ["nginx"] * 5
    assert lines("worker", "-n", "0") == []
    everything = {line.split("│")[0].strip() for line in lines("-n", "3")}
    assert {"stack", "postgres", "nginx", "service"} <= everything
    assert not any("\x1b" in line for line in lines())
    with (shop.state / "logs/nginx.log").open(errors="replace") as file:
        known = file.read().splitlines()[-1]
        told = lines("nginx", "-n", "1")[0]
        # Or one that has come since.
        assert any(told.endswith(line) for line in (known, *file.read().splitlines()))


def test_logs_of_what_is_not_there(shop: Shop, tmp_path: Path) -> None:
    said = fails("logs", "wroker", "--state", str(shop.state))
    assert "There is no part 'wroker'." in said
    assert "postgres, valkey, mail, twin, postgrest, service, worker, beat, relay, metrics, nginx" in said
    assert f"No stack was ever started in {tmp_path}" in fails("logs", "--state", str(tmp_path))


def test_psql_is_the_owner_and_hands_on_its_options(shop: Shop) -> None:
    state = ("--state", str(shop.state))
    assert "owner" in pgshop("psql", *state, "--", "-c", "select current_user").stdout
    assert pgshop("psql", *state, "-Atc", "select current_user", "-c", "select 1 + 1").stdout == "owner\n2\n"
    assert pgshop("psql", *state, "-f", "-", input="\\pset tuples_only\nselect 40 + 2;").stdout.split()[-1] == "42"
    assert "syntax error" in fails("psql", *state, "-c", "selec")


def test_no_command_line_of_psql_holds_the_password(shop: Shop) -> None:
    look = "\\! tr '\\0' ' ' < /proc/$PPID/cmdline"
    said = pgshop("psql", "--state", str(shop.state), "-c", look).stdout
    assert "migrator@127.0.0.1" in said
    assert shop.status["database_url"].split(":")[2].split("@")[0] not in said

"""The version is changed while the shop sells, and back again, as docs/how-to/upgrade.md has it: no answer is a 5xx.

The version before is FROM (a revision of git), else what there was before the newest migration.
"""

import copy
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.compose import machine
from tests.compose.conftest import House, settled
from tests.compose.docker import operate
from tests.compose.machine import PLACE, podman, run
from tests.compose.stack import Compose
from tests.compose.trade import Trade, Visit
from tests.conftest import ROOT, eventually
from tests.figures import Tell

GIT = ("git", "-C", str(ROOT))
PROJECT = "pgshop-compose-upgrade"
ADDRESSING = ("networks", "extra_hosts")
KEPT = (".env", "secrets", "tls")
MIGRATIONS = "select count(*) from migrations._yoyo_migration"


def revision() -> str:
    """What is upgraded from."""
    newest = max(path for path in (ROOT / "db/migrations").glob("*.sql") if ".rollback." not in path.name)
    came = run(*GIT, "log", "--follow", "--diff-filter=A", "-1", "--format=%H", "--", str(newest)).stdout.strip()
    return os.environ.get("FROM") or f"{came}^"


def lend(older: Path, newer: Path) -> None:
    """A version from before stack/upgrade.sh gets that, the addresses, and how migrating waits for requests."""
    compose, wanted = (yaml.safe_load((tree / "docker-compose.yml").read_text()) for tree in (older, newer))
    services = compose["services"]
    if "extensions-next" in services:
        return
    compose["networks"] = wanted["networks"]
    for name in ("postgres", "valkey", "postgrest", "extensions", "metrics"):
        services[name] |= {key: given for key, given in wanted["services"][name].items() if key in ADDRESSING}
    for name in ("postgrest", "extensions"):
        services[f"{name}-next"] = other = copy.deepcopy(services[name]) | {"profiles": ["upgrade"]}
        other["networks"]["front"] = wanted["services"][f"{name}-next"]["networks"]["front"]
    services["extensions-next"]["environment"]["POSTGREST_URL"] = "http://postgrest-next:3000"
    (older / "docker-compose.yml").write_text(yaml.safe_dump(compose, sort_keys=False))
    script = (newer / "stack/upgrade.sh").read_text()
    (older / "stack/upgrade.sh").write_text(script if "metrics" in services else script.replace(" metrics ", " "))
    shutil.copy(newer / "db/migrations/post-apply.py", older / "db/migrations/post-apply.py")


@pytest.fixture(scope="module")
def older(tree: Path) -> Path:
    """The tree of the version before, and both images."""
    made = PLACE / "older"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    archive = PLACE / "older.tar"
    run(*GIT, "archive", "--output", str(archive), revision())
    run("tar", "-C", str(made), "-xf", str(archive))
    lend(made, tree)
    machine.build(made, "localhost/pgshop:older", "--target", "pgshop", "--build-arg", "VERSION=older")
    podman("tag", "localhost/pgshop:local", "localhost/pgshop:newer")
    return made


@pytest.fixture(scope="module")
def site(older: Path) -> Iterator[House]:
    """A server on which the version before runs."""
    place = PLACE / "site"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(older, place)
    with settled(
        place, Compose(place, PROJECT), DATA_SUBNET="10.87.33", FRONT_SUBNET="10.87.32", VERSION="older"
    ) as made:
        yield made


def check_out(tree: Path, place: Path) -> None:
    """`git checkout`, where what is not in git stays."""
    for path in place.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(tree, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*KEPT))


def change(house: House, tree: Path, version: str) -> str:
    """What an operator does, with a program in docker's place. Returns what that was asked for, and when."""
    place = house.compose.tree
    check_out(tree, place)
    _, said = operate(house.compose, "sh stack/secrets.sh --demo && sh stack/upgrade.sh", VERSION=version)
    assert f"VERSION={version}" in (place / ".env").read_text().splitlines()
    return said


def images(house: House) -> set[str]:
    """Which of ours are running."""
    running = podman("ps", "--filter", f"name={PROJECT}_", "--format", "{{.Names}} {{.Image}}").splitlines()
    assert not [line for line in running if "-next" in line]
    # The twin is no part of the shop, and a version that goes back leaves those behind that it does not know.
    ours = [line.split() for line in running if not re.search("_(twin|metrics)_", line)]
    return {image for _, image in ours if "localhost/pgshop:" in image}


def why(house: House) -> str:
    """What those have to say who stand between a visitor and the database."""
    gateway = [
        line for line in house.compose.logs("gateway", 20000).splitlines() if re.search(r'"status": 5|error\]', line)
    ]
    return "\n".join([*gateway[-20:], house.compose.logs("postgrest"), house.compose.logs("extensions", 10)])


def sells(buyers: list[Trade]) -> None:
    """Each buys once more, from begin to end."""
    counts = [len(buyer.paid) for buyer in buyers]
    eventually(lambda: all(b.sold_after(n + 1) for b, n in zip(buyers, counts, strict=True)), 120, "it sells")


def is_kept(buyer: Trade) -> bool:
    """Whether all that was promised is there."""
    return not buyer.lost() and not buyer.unmailed()


def test_the_version_is_changed_and_back_while_the_shop_sells(site: House, tree: Path, older: Path, tell: Tell) -> None:
    assert images(site) == {"localhost/pgshop:older"}
    before = int(site.sql(MIGRATIONS))
    with ExitStack() as stack:
        people = [stack.enter_context(kind(site)) for kind in (Trade, Trade, Visit)]
        buyers = people[:2]
        sells(buyers)
        for version, there in (("newer", tree), ("older", older)):
            gateway, begun = site.compose.inspect("gateway")["Id"], time.monotonic()
            seen = sum((person.answers for person in people), Counter())
            said = change(site, there, version)
            took = time.monotonic() - begun
            sells(buyers)
            eventually(site.is_healthy, 120, "healthy")
            assert images(site) == {f"localhost/pgshop:{version}"}
            answers = sum((person.answers for person in people), Counter()) - seen
            replaced = site.compose.inspect("gateway")["Id"] != gateway
            tell(
                f"compose: changed to the {version} version in {took:.0f} s, {site.sql(MIGRATIONS)} migrations "
                f"({before} before), the gateway {'replaced' if replaced else 'stays'}; answers {dict(answers)}"
            )
            assert [fault for person in people for fault in person.faults] == [], said + why(site)
            assert replaced or not answers["ConnectError"]
        assert int(site.sql(MIGRATIONS)) > before or "FROM" in os.environ
        for buyer in buyers:
            buyer.stop()
            eventually(partial(is_kept, buyer), 120, "nothing lost, one mail each")

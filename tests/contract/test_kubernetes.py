"""The manifests of deploy/kubernetes are what docker-compose.yml says, and what Kubernetes takes."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from extensions.config import Settings
from tests.conftest import ROOT
from tests.contract.test_container_secrets import make_secrets
from tests.contract.test_deployment import COMPOSE, DOCKERFILE, MONITORING, OURS, SERVICES
from tests.contract.test_images import NAMED

HERE = ROOT / "deploy/kubernetes"
CHOSEN: dict[str, Any] = yaml.safe_load((HERE / "kustomization.yaml").read_text())
RESOURCES = [one for name in CHOSEN["resources"] for one in yaml.safe_load_all((HERE / name).read_text())]
PODS: dict[str, Any] = {
    one["metadata"]["name"]: one["spec"]["template"]
    for one in RESOURCES
    if one["kind"] in ("Deployment", "StatefulSet", "Job")
}
PARTS = sorted(OURS.keys() - {"twin"} | {"gateway", "valkey"})
VERSION = "1.34"


def one(kind: str, name: str) -> Any:
    (found,) = [each for each in RESOURCES if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def container(part: str) -> dict[str, Any]:
    (found,) = PODS[part]["spec"]["containers"]
    assert found["name"] == part
    return dict(found)


def test_every_part_runs() -> None:
    assert sorted(PODS) == PARTS
    assert PODS.keys() | {"postgres"} == SERVICES.keys() - {"twin", "mail", *MONITORING}
    assert one("Cluster", "postgres")["spec"]["managed"]["services"]["additional"][0]["selectorType"] == "rw"


@pytest.mark.parametrize("part", PARTS)
def test_a_pod_is_what_the_container_is(part: str) -> None:
    told, pod = container(part), PODS[part]
    default = re.findall(r'"([^"]+)"', re.findall(r"(?m)^CMD (.*)$", DOCKERFILE)[-1])
    assert told["command"] == SERVICES[part].get("command", default)
    image = SERVICES[part]["image"]
    assert told["image"] == ("localhost/pgshop" if part in OURS else re.sub(r".*:-(.*)}", r"\1", image))
    held = [each["secret"]["items"] for each in pod["spec"]["volumes"] if each["name"] == "secrets"]
    assert [item["key"] for items in held for item in items] == SERVICES[part].get("secrets", [])
    networks = {name.removeprefix("network.") for name in pod["metadata"]["labels"] if name.startswith("network.")}
    assert networks == set(SERVICES[part]["networks"])
    assert told["resources"]["limits"]["memory"] == SERVICES[part]["mem_limit"].replace("m", "Mi")
    if part in OURS and part != "migrate":
        assert told["readinessProbe"]["exec"]["command"] == SERVICES[part]["healthcheck"]["test"][1:]
        assert {"livenessProbe", "startupProbe"} <= told.keys()


@pytest.mark.parametrize("part", PARTS)
def test_a_pod_may_do_no_more_than_it_must(part: str) -> None:
    spec = PODS[part]["spec"]
    assert not spec["automountServiceAccountToken"] and not spec["enableServiceLinks"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in [*spec["containers"], *spec.get("initContainers", [])]:
        context = each["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert each["resources"]["limits"]["memory"] and each["resources"]["requests"]["cpu"]
    # Of the gateway, which is reached from outside, nothing has a secret.
    assert part != "gateway" or not any("secret" in volume for volume in spec["volumes"])


def test_the_settings_are_those_of_the_containers() -> None:
    wanted = {name: str(value) for name, value in SERVICES["postgrest"]["environment"].items()}
    given = {item["name"]: item["value"] for item in container("postgrest")["env"] if "value" in item}
    here = {"PGRST_OPENAPI_SERVER_PROXY_URI": "$(PUBLIC_URL)/rest/v1"}
    assert given == wanted | here
    (settings,) = CHOSEN["configMapGenerator"]
    told = dict(line.split("=", 1) for line in settings["literals"])
    told |= dict(line.split("=", 1) for line in (HERE / "settings.env").read_text().splitlines())
    assert {name.lower() for name in told} <= Settings.model_fields.keys()
    wanted = SERVICES["migrate"]["environment"]
    assert [name for name in told.keys() - {"ENVIRONMENT", "PUBLIC_URL"} if told[name] != str(wanted[name])] == []


def test_postgresql_is_set_as_in_the_container() -> None:
    spec = one("Cluster", "postgres")["spec"]
    wanted = dict(option.removeprefix("-c").split("=", 1) for option in SERVICES["postgres"]["command"][1:])
    given = dict(spec["postgresql"]["parameters"])
    if libraries := spec["postgresql"].get("shared_preload_libraries"):
        given["shared_preload_libraries"] = ",".join(libraries)
    # Archiving is the operator's business.
    assert given == {name: value for name, value in wanted.items() if not name.startswith("archive_")}
    version = re.sub(r".*:([\d.]+)-.*", r"\1", NAMED["POSTGRES_IMAGE"])
    assert f":{version}-" in spec["imageName"]


def test_only_the_networks_of_the_containers_are_open() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in RESOURCES if each["kind"] == "NetworkPolicy"}
    assert policies.keys() == COMPOSE["networks"].keys() | {"nothing", "names", "gateway", "operator"}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name in ("data", "front", "monitoring"):
        label = {"matchLabels": {f"network.{name}": "true"}}
        assert policies[name]["ingress"] == [{"from": [{"podSelector": label}]}]
        assert policies[name]["egress"] == [{"to": [{"podSelector": label}]}]
    assert one("Cluster", "postgres")["spec"]["inheritedMetadata"]["labels"] == {"network.data": "true"}
    assert one("Namespace", "pgshop")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_kubernetes_knows_every_field() -> None:
    """By its own schemas; CloudNativePG's has been asked by hand."""
    assert len(RESOURCES) > 20
    for each in RESOURCES:
        if each["kind"] != "Cluster":
            kubernetes_validate.validate(each, VERSION, strict=True)


def test_kustomize_puts_it_together(tmp_path: Path) -> None:
    program = [["kustomize", "build"], ["kubectl", "kustomize"]]
    found = next((words for words in program if shutil.which(words[0])), None)
    if found is None:
        pytest.skip("neither kustomize nor kubectl is here")
    copy = Path(shutil.copytree(HERE, tmp_path / "kubernetes"))
    make_secrets(copy / "secrets", "--demo")
    made = subprocess.run([*found, str(copy)], capture_output=True, text=True, check=True).stdout
    built = list(yaml.safe_load_all(made))
    assert len(built) == len(RESOURCES) + 3
    names = {each["metadata"]["name"]: each for each in built if each["kind"] in ("Secret", "ConfigMap")}
    secrets = {key for each in names.values() if each["kind"] == "Secret" for key in each["data"]}
    assert secrets == COMPOSE["secrets"].keys() - {"postgres_password", "grafana_password"} | {"username", "password"}
    # What pods ask for by name is there under that name, which changes with what is in it.
    assert set(re.findall(r"secretName: (secrets\S*)", made)) <= names.keys()
    assert set(re.findall(r"name: (settings\S*)", made)) <= names.keys()
    assert "localhost/" not in made

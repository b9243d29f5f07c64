"""Images of others are pinned by exact tag, and by digest where somebody asks a registry for one."""

import os
import re
import subprocess
from pathlib import Path

from tests.conftest import ROOT
from tests.contract.test_deployment import DOCKERFILE, OURS, SERVICES, TEXT

# A tag that is not moved: a version of three numbers, or what the image's makers call their releases.
EXACT = re.compile(r"docker\.io/[\w/-]+:v?(\d+\.\d+\.\d+|17\.\d+)(-\w+)*")
NAMED = dict(re.findall(r"(\w+_IMAGE)(?:=|:-)([^\s}]+)", DOCKERFILE + TEXT))


def test_every_image_of_others_has_an_exact_tag_and_can_be_given() -> None:
    assert len(NAMED) == 8
    assert [image for image in NAMED.values() if not EXACT.fullmatch(image)] == []
    assert not any(map(EXACT.fullmatch, ("docker.io/library/postgres:17", "docker.io/library/nginx:1.28-alpine")))
    given = {name: service["image"] for name, service in SERVICES.items() if name not in OURS}
    assert [image for image in given.values() if not re.fullmatch(r"\$\{\w+_IMAGE:-[^}]+\}", image)] == []
    # What a stage begins with is an argument, or another stage.
    stages = re.findall(r"(?m)^FROM (\S+) AS (\w+)$", DOCKERFILE)
    assert len(stages) == DOCKERFILE.count("\nFROM ")
    assert {start.strip("${}") for start, _ in stages} == {"PYTHON_IMAGE", "POSTGREST_IMAGE"}
    assert set(re.findall(r"--from=(\S+)", DOCKERFILE)) <= {stage for _, stage in stages}
    assert set(OURS["worker"]["build"]["args"]) == {"PYTHON_IMAGE", "POSTGREST_IMAGE"}


def test_digests_are_asked_of_the_registry(tmp_path: Path) -> None:
    """There is none to be reached here; a program in docker's place says what it is asked for."""
    docker = tmp_path / "docker"
    for answer, code in (("sha256:0123", 0), ("nothing", 1)):
        docker.write_text(f'#!/bin/sh\n[ "$3" = inspect ] && echo {answer}\n')
        docker.chmod(0o755)
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = ["sh", str(ROOT / "stack/digests.sh")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        if code == 0:
            lines = dict(line.split("=", 1) for line in done.stdout.splitlines())
            assert lines == {name: f"{image}@sha256:0123" for name, image in NAMED.items()}

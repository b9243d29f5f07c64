"""The shop of docker-compose.yml, brought up by podman-compose, and what can be done to its containers."""

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.compose.machine import podman, run

PROJECT = "pgshop-compose-test"
PATIENCE = 300.0


@dataclass
class Compose:
    """One project. Podman checks health only where systemd has timers, so here the tests ask by its own commands."""

    tree: Path
    project: str = PROJECT

    @property
    def services(self) -> dict[str, Any]:
        """Those that are always there, and those of the demo."""
        services = yaml.safe_load((self.tree / "docker-compose.yml").read_text())["services"]
        return {name: each for name, each in services.items() if "demo" in each.get("profiles", ["demo"])}

    def command(self, *arguments: str) -> list[str]:
        """podman-compose with every profile."""
        profiles = [f"--profile={name}" for name in ("demo", "monitoring", "upgrade")]
        return ["podman-compose", *profiles, "-p", self.project, *arguments]

    def __call__(self, *arguments: str, check: bool = True) -> str:
        done = run(*self.command(*arguments), check=check, cwd=self.tree)
        return done.stdout + done.stderr

    def name(self, service: str) -> str:
        return f"{self.project}_{service}_1"

    def inspect(self, service: str) -> dict[str, Any]:
        found = podman("inspect", self.name(service), check=False)
        return dict(json.loads(found)[0]) if found not in ("", "[]") else {}

    def is_healthy(self, service: str) -> bool:
        """By the check that the compose file gives."""
        seen = self.inspect(service)
        if not seen.get("State", {}).get("Running"):
            return False
        return run("podman", "healthcheck", "run", self.name(service), check=False).returncode == 0

    def is_met(self, service: str, condition: str) -> bool:
        if condition != "service_completed_successfully":
            return self.is_healthy(service)
        state = self.inspect(service).get("State", {})
        assert state.get("Status") != "exited" or state["ExitCode"] == 0, self.logs(service)
        return bool(state.get("Status") == "exited")

    def waves(self) -> Iterator[tuple[list[str], set[tuple[str, str]]]]:
        """The services in groups, each when those that it depends on were started, with the conditions of the group."""
        left = self.services
        done: set[str] = set()
        while left:
            group = [name for name in left if left[name].get("depends_on", {}).keys() <= done]
            needed = [left.pop(name).get("depends_on", {}) for name in group]
            done |= set(group)
            yield group, {(other, how["condition"]) for each in needed for other, how in each.items()}

    def up(self) -> dict[str, float]:
        """Everything, each when its conditions are met, as compose does it; seconds until each is healthy.

        podman-compose leaves conditions out where podman is older than 4.6, so they are waited for here.
        """
        begun, took = time.monotonic(), dict[str, float]()
        for group, conditions in self.waves():
            for other, condition in conditions:
                self.wait(other, condition)
                took.setdefault(other, time.monotonic() - begun)
            self("up", "--detach", "--no-deps", "--no-build", *group)
        for name in self.services:
            self.wait(name, "service_completed_successfully" if name == "migrate" else "service_healthy")
            took.setdefault(name, time.monotonic() - begun)
        return took

    def renew(self, *services: str, anew: bool = False) -> None:
        """`docker compose up --no-deps` of a few, those that have changed made anew.

        podman-compose would do so with all that depend on them.
        """
        said = self("--verbose", "--dry-run", "up", "--detach", "--no-deps", "--no-build", *services)
        for name in filter(self.inspect, services):
            if anew or f"podman create --name={self.name(name)} " in said:
                self.remove(name)
        self("up", "--detach", "--no-deps", "--no-build", *services)
        for name in services:
            self.wait(name)

    def remove(self, service: str) -> None:
        """Asked to end, with the time that it has for that."""
        podman("stop", self.name(service))
        podman("rm", self.name(service))

    def wait(self, service: str, condition: str = "service_healthy") -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.is_met(service, condition):
            assert time.monotonic() < deadline, f"{service} is not {condition}:\n{self.logs(service)}"
            # Each question is a process of its own in the container.
            time.sleep(1)

    def logs(self, service: str, lines: int = 40) -> str:
        done = run("podman", "logs", "--tail", str(lines), self.name(service), check=False)
        return done.stdout + done.stderr

    def execute(self, service: str, *command: str) -> str:
        """What a command says in a container."""
        return podman("exec", self.name(service), *command)

    def crash(self, service: str) -> None:
        """End all its processes from outside, as the kernel would: `podman kill` counts as being stopped on purpose."""
        # With `init`, the first process is no more than the parent of the one that is meant.
        os.kill(self.inspect(service)["State"]["Pid"], signal.SIGKILL)

    def down(self, *, volumes: bool = False) -> None:
        self("down", *(["--volumes"] if volumes else []), check=False)

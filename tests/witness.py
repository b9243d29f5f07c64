"""Looks on at every answer of a shop in the whole run, and holds it against the document of the API.

What is not as described fails the test that asked, unless that is marked as `undescribed`, with the reason. Operations
that nobody ever called well fail the run, when it was the whole suite.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from tests.contract.described import Description

COPY = Path(__file__).parents[1] / "docs/reference/openapi.json"
# Whom the document describes; tests forge tokens of other roles, which no shop issues.
ISSUED = {"customer", "staff", "admin", "integration"}


def is_forged(request: httpx.Request) -> bool:
    """Whether it comes with a token of a role that nobody can have."""
    try:
        token = request.headers.get("authorization", "").partition(" ")[2]
        role = jwt.decode(token, options={"verify_signature": False}).get("role")
    except jwt.InvalidTokenError:
        return False
    return not isinstance(role, str) or role not in ISSUED


class Witness:
    """What was seen."""

    def __init__(self) -> None:
        self.origins: set[str] = set()
        self.faults: list[str] = []
        self.checked: Counter[str] = Counter()
        self.seconds = 0.0

    @cached_property
    def description(self) -> Description:
        """Of everything; the copy, which another test holds against the database."""
        return Description(json.loads(COPY.read_text()))

    def see(self, answer: httpx.Response) -> None:
        """Note what is wrong with an answer of one of the shops."""
        url = answer.request.url
        if f"{url.scheme}://{url.netloc.decode()}" not in self.origins or not answer.is_closed:
            return
        if is_forged(answer.request):
            return
        start = time.perf_counter()
        try:
            self.description.check(answer)
        except AssertionError as fault:
            self.faults.append(str(fault).partition("\nassert")[0])
        self.checked[f"{answer.status_code // 100}xx"] += 1
        self.seconds += time.perf_counter() - start

    def take(self) -> list[str]:
        """The faults since it was asked last."""
        found, self.faults = self.faults, []
        return found

    def unexercised(self) -> set[str]:
        """Operations that nobody has called with success."""
        operations = [o for path in self.description.document["paths"].values() for o in path.values()]
        return {operation["operationId"] for operation in operations} - self.description.exercised


WITNESS = Witness()


def watch(url: str) -> None:
    """Look on at this shop from now on."""
    parts = urlsplit(url)
    WITNESS.origins.add(f"{parts.scheme}://{parts.netloc}")


def attend() -> None:
    """See whatever httpx sends, and whoever sends it by httpx."""
    plain: Callable[..., httpx.Response] = httpx.Client.send
    waiting = httpx.AsyncClient.send

    def send(self: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:
        answer = plain(self, request, **more)
        WITNESS.see(answer)
        return answer

    async def send_later(self: httpx.AsyncClient, request: httpx.Request, **more: Any) -> httpx.Response:
        answer = await waiting(self, request, **more)
        WITNESS.see(answer)
        return answer

    httpx.Client.send = send  # type: ignore[method-assign, assignment]
    httpx.AsyncClient.send = send_later  # type: ignore[method-assign, assignment]


@pytest.fixture(autouse=True)
def described(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every answer that a test gets is as the document of the API says."""
    yield
    found = WITNESS.take()
    if request.node.get_closest_marker("undescribed"):
        return
    assert not found, "\n".join(["answers are not as described:", *found])


def pytest_testnodedown(node: Any) -> None:
    """What one of the run's processes has seen."""
    seen = getattr(node, "workeroutput", {}).get("witness", {})
    WITNESS.checked.update(seen.get("checked", {}))
    WITNESS.seconds += seen.get("seconds", 0)
    WITNESS.description.exercised.update(seen.get("exercised", []))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell what the whole run has shown, or tell it to the process that leads the run."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["witness"] = {
            "checked": dict(WITNESS.checked),
            "seconds": WITNESS.seconds,
            "exercised": sorted(WITNESS.description.exercised) if WITNESS.checked else [],
        }
        return
    if not WITNESS.checked:
        return
    options = session.config.option
    is_whole = session.config.args == session.config.getini("testpaths") and not (options.keyword or options.markexpr)
    print(f"\n{WITNESS.checked.total()} answers held against the document in {WITNESS.seconds:.1f} s")
    if is_whole and session.exitstatus == pytest.ExitCode.OK and (missing := WITNESS.unexercised()):
        print(f"FAILED: no test called these operations with success: {', '.join(sorted(missing))}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

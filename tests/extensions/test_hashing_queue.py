"""A8: hashing is bounded: off the event loop, behind the shop, a core less than there are, a queue that ends."""

import asyncio
import os
import threading

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from extensions import problems
from extensions.accounts import login
from extensions.passwords import AT_ONCE, LOGINS, LONGEST_LINE, in_pool
from extensions.problems import Problem


def test_of_two_hundred_at_once_few_work_and_some_are_told_to_come_again() -> None:
    lock, all_work, may_end = threading.Lock(), threading.Event(), threading.Event()
    seen = {"now": 0, "most": 0}

    def work() -> None:
        with lock:
            seen["now"] += 1
            seen["most"] = max(seen["most"], seen["now"])
            seen["nice"] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
            if seen["now"] == AT_ONCE:
                all_work.set()
        assert may_end.wait(60)
        with lock:
            seen["now"] -= 1

    async def all_at_once() -> list[BaseException | None]:
        tasks = [asyncio.create_task(in_pool(work)) for _ in range(200)]
        # The event loop is free meanwhile: it is here that the catalogue's requests would be served.
        done: set[object] = set()
        while len(done) < 200 - LONGEST_LINE:
            done |= (await asyncio.wait(set(tasks) - done, return_when=asyncio.FIRST_COMPLETED))[0]
        # Threads begin when they get a processor, which may be later than others are refused.
        assert await asyncio.to_thread(all_work.wait, 60)
        may_end.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    refused = [answer for answer in answers if isinstance(answer, Problem)]
    assert seen["most"] == AT_ONCE == max(1, min(4, (os.cpu_count() or 1) - 1))
    assert seen["nice"] == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    assert answers.count(None) == LONGEST_LINE
    assert {(answer.status, answer.headers["Retry-After"]) for answer in refused} == {(503, "2")}
    assert len(refused) == 200 - LONGEST_LINE
    # Who was refused has left no trace: the queue is open again.
    assert asyncio.run(in_pool(len, "four")) == 4


def test_a_login_waits_for_its_turn_before_it_asks_the_database() -> None:
    """In a line as short as that of hashing;"""
    inside, most = 0, 0

    async def enter() -> None:
        nonlocal inside, most
        async with LOGINS:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def all_at_once() -> list[BaseException | None]:
        return await asyncio.gather(*(enter() for _ in range(200)), return_exceptions=True)

    answers = asyncio.run(all_at_once())
    assert (most, answers.count(None), LOGINS.length) == (AT_ONCE, LONGEST_LINE, 0)


def test_a_login_that_finds_the_line_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it has cost anything: there is no database here that it could have asked."""
    monkeypatch.setattr(LOGINS, "length", LONGEST_LINE)
    route = Route("/", login, methods=["POST"])
    alone = httpx.ASGITransport(Starlette(routes=[route], exception_handlers={Problem: problems.answer}))

    async def sign_in() -> httpx.Response:
        async with httpx.AsyncClient(transport=alone, base_url="http://shop.invalid") as client:
            return await client.post("/", json={"email": "a@example.com", "password": "four long words here"})

    answer = asyncio.run(sign_in())
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "unavailable", "2")

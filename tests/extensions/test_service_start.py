"""A service that has just started knows no keys yet, and does not call anybody's good token a bad one."""

import os
import signal
from collections.abc import Callable

from tests.conftest import Person, eventually
from tests.workers.conftest import pids

__all__ = ["pids"]


def test_a_good_token_is_never_refused_while_the_service_starts(
    acting_as: Callable[..., Person], pids: Callable[[], dict[str, int]]
) -> None:
    person, answers = acting_as(), list[int]()
    for _ in range(3):
        os.kill(pids()["service"], signal.SIGKILL)

        def is_back() -> bool:
            answers.append(person.client.post("/api/v1/payments/create-intent/", json={}).status_code)
            return answers[-1] == 422

        eventually(is_back, what="the service")
    assert set(answers) == {422, 503}

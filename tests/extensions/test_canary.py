"""A13: no log holds a password, token, key or secret, however much logs are made to say and whatever fails."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Person, Shop, eventually, pgshop
from tests.databases import scratch, superuser_url
from tests.extensions.canaries import texts_in
from tests.extensions.secrets_used import Life, dresses, missing, told, told_in

__all__ = ["scratch", "superuser_url"]


@pytest.fixture
def talkative(superuser: psycopg.Connection[Any]) -> Iterator[None]:
    """PostgreSQL logs every statement as one that took too long, which on a bad day any can be."""

    def log_from(duration: str) -> None:
        superuser.execute(f"alter system set log_min_duration_statement = '{duration}'")
        superuser.execute("select pg_reload_conf()")
        shown = {"log_min_duration_statement": duration}
        eventually(lambda: superuser.execute("show log_min_duration_statement").fetchone() == shown, what="reloaded")

    log_from("0")
    yield
    log_from("2s")


def test_no_log_holds_what_people_keep_secret(
    shop: Shop,
    talkative: None,
    acting_as: Callable[..., Person],
    customer: Person,
    order: Any,
    scratch: Callable[..., Any],
    tmp_path: Path,
) -> None:
    life = Life(shop, acting_as)
    life.of_sessions()
    life.of_programs()
    # Passwords of roles are set anew for each database that is made.
    with scratch():
        life.of_the_shop(order, customer)
    # And a link that is opened while the service is away: nginx complains of that.
    status = json.loads(pgshop("status", "--json", "--state", str(shop.state)).stdout)
    pids = status["pids"]
    # It stays away until that was asked for.
    os.kill(status["supervisor_pid"], signal.SIGSTOP)
    try:
        os.kill(pids["service"], signal.SIGKILL)
        assert life.client.get("/reset", params={"token": life.good["reset"]}).status_code == 503
    finally:
        os.kill(status["supervisor_pid"], signal.SIGCONT)
    eventually(lambda: life.client.get("/health/").is_success, what="the service is back")

    # All at one moment: they grow, and what has become too long is turned over.
    logs = {path.name: text for path, text in texts_in(shop.state / "logs").items()}
    assert missing(life.secrets) == []
    assert {f"{part}.log" for part in pids} <= logs.keys(), "each part has a log"
    database = "".join(text for name, text in logs.items() if name.startswith("postgres.log"))
    assert "rotate_session" in database, "it is as talkative as it can be"
    assert {(name, secret) for name, text in logs.items() for secret in told(text, life.secrets)} == set()

    # It would have been found: each secret in a copy of the logs, in each part's and however it is written.
    for number, (name, secret) in enumerate(life.secrets.items()):
        log = sorted(logs)[number % len(pids)]
        for dress in {secret} if len(secret) < 8 else {*dresses(secret)}:
            said = f'{{"level": "info", "said": "{dress}"}}\n'
            (tmp_path / log).write_text(logs[log] + said, encoding="latin-1")
            assert (log, name) in told_in(tmp_path, {name: secret}), f"{name} as {dress}"
            (tmp_path / log).unlink()

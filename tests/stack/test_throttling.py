"""A8: guessing is slowed down by account and by place, in Postgres; and nobody can lock another person out."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from stack.state import State
from tests.conftest import PASSWORD, Shop, eventually, pgshop, start_stack
from tests.stack.conftest import fails, status
from tests.stack.selling import register

# As in production, and with a proxy in front that tells where people are.
LIMITS = {"LOGIN_ATTEMPTS": "10", "REGISTER_ATTEMPTS": "60", "MAIL_ATTEMPTS": "2", "TRUSTED_PROXIES": "127.0.0.1"}
LIMITS |= {"ARGON2_TIME_COST": "3"}
HOME, AWAY = "198.51.100.7", "203.0.113.9"


@pytest.fixture(scope="module")
def strict(prepared: Path) -> Iterator[Shop]:
    shop = start_stack(prepared, **LIMITS)
    try:
        yield shop
    finally:
        for client in shop.clients:
            client.close()
        pgshop("down", "--state", str(prepared))


@pytest.fixture
def owner(strict: Shop) -> str:
    """Somebody who has signed in from home."""
    email, _ = register(strict)
    return email


def login(shop: Shop, email: str, place: str, password: str = PASSWORD) -> httpx.Response:
    body = {"email": email, "password": password}
    return shop.client().post("/api/v1/auth/login/", json=body, headers={"X-Forwarded-For": place})


def hammer(shop: Shop, email: str, place: str, times: int) -> list[int]:
    return [login(shop, email, place, f"a wrong guess {number}").status_code for number in range(times)]


def bursts(shop: Shop) -> list[dict[str, Any]]:
    with shop.connect() as connection:
        return connection.execute("select * from shop.audit_log where action = 'login.burst' order by id").fetchall()


def test_ten_wrong_ones_wait_and_others_do_not(strict: Shop, owner: str) -> None:
    """A8: 10 wrong → 429 with Retry-After; the right password from elsewhere works; one line in the audit log."""
    before = len(bursts(strict))
    assert hammer(strict, owner, AWAY, 13) == [401] * 10 + [429] * 3
    refused = login(strict, owner, AWAY)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert login(strict, owner, HOME).status_code == 200
    (burst,) = bursts(strict)[before:]
    assert (burst["object_type"], burst["after"]) == ("account", {"attempts": 10, "kind": "from one place"})
    with strict.connect() as connection:
        row = connection.execute("select id::text from shop.customers where email = %s", [owner]).fetchone()
    assert row == {"id": burst["object_id"]}
    # An unknown address is counted and told alike.
    assert hammer(strict, "nobody@example.com", AWAY, 11) == [401] * 10 + [429]
    assert bursts(strict)[-1]["object_id"] == "unknown"


def test_what_was_counted_survives_the_service_and_redis(strict: Shop, owner: str) -> None:
    """A8, A14: a restart of the service forgives nobody, and without Redis everything here goes on."""
    assert hammer(strict, owner, AWAY, 10) == [401] * 10
    pid = strict.status["pids"]["service"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: status(strict.state)["pids"].get("service", pid) != pid, what="another service")
    eventually(lambda: strict.client().get("/.well-known/jwks.json").status_code == 200, what="it answers")
    control = [Path(sys.executable).with_name("supervisorctl"), "-s", f"unix://{State.at(strict.state).socket}"]
    subprocess.run([*control, "stop", "valkey"], check=True, capture_output=True)
    try:
        assert login(strict, owner, AWAY).status_code == 429
        assert login(strict, owner, HOME).status_code == 200
        assert strict.client().post("/api/v1/auth/password/reset/", json={"email": owner}).status_code == 202
    finally:
        subprocess.run([*control, "start", "valkey"], check=True, capture_output=True)


def test_many_places_at_once_are_slowed_and_the_owner_is_not(strict: Shop, owner: str) -> None:
    """A8: five places use the account's attempts up: strangers get one more each, the owner's own place ten."""
    before = len(bursts(strict))
    assert login(strict, owner, HOME).status_code == 200
    for number in range(5):
        assert hammer(strict, owner, f"192.0.2.{number}", 10) == [401] * 10
    assert hammer(strict, owner, "192.0.2.100", 2) == [401, 429]
    waiting = login(strict, owner, "192.0.2.100")
    assert 300 < int(waiting.headers["retry-after"]) <= 3600
    # From home as ever, with a slip; and from a journey, if the first attempt is right.
    assert hammer(strict, owner, HOME, 2) == [401] * 2
    assert login(strict, owner, HOME).status_code == 200
    assert login(strict, owner, "192.0.2.101").status_code == 200
    assert hammer(strict, owner, "192.0.2.101", 2) == [401] * 2
    # All addresses of one line of IPv6 are one place.
    assert [*hammer(strict, owner, "2001:db8::1", 1), *hammer(strict, owner, "2001:db8::2", 1)] == [401, 429]
    assert "from many places" in {burst["after"]["kind"] for burst in bursts(strict)[before:]}


@pytest.mark.parametrize("path", ["password/reset/", "verify/resend/"])
def test_mails_are_throttled_without_telling(strict: Shop, owner: str, path: str) -> None:
    """A8: the third link in an hour is not sent, and the answer is the same."""
    answers = [strict.client().post(f"/api/v1/auth/{path}", json={"email": owner}) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    with strict.connect() as connection:
        row = connection.execute(
            "select count(*) from shop.outbox o join shop.customers c on c.id::text = o.payload ->> 'customer_id'"
            " where c.email = %s and o.topic in ('account.reset_password', 'account.verify_email')",
            [owner],
        ).fetchone()
    assert row == {"count": 2}


def test_who_asks_for_everybody_waits(strict: Shop) -> None:
    """A8: by place, whichever addresses are asked about."""
    place = {"X-Forwarded-For": "192.0.2.200"}

    def ask(number: int) -> int:
        body = {"email": f"n{number}@example.com"}
        return strict.client().post("/api/v1/auth/password/reset/", json=body, headers=place).status_code

    assert [ask(number) for number in range(62)] == [202] * 60 + [429] * 2


def as_django(password: str) -> str:
    made = base64.b64encode(hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1000)).decode()
    return f"pbkdf2_sha256$1000$salt${made}"


@pytest.mark.parametrize("made", [as_django, PasswordHasher(2, 19_456, 1).hash], ids=["django", "weaker"])
def test_hashes_that_are_brought_along_are_renewed_when_parameters_rise(
    strict: Shop, made: Callable[[str], str]
) -> None:
    """A6: not less than m=19456, t=2, p=1; this shop asks for t=3, and who signs in is hashed anew."""
    email, state = f"import-{uuid.uuid4().hex[:6]}@example.com", ("--state", str(strict.state))
    pgshop("user", "create", "--email", email, "--password-hash", made(PASSWORD), *state)
    assert login(strict, email, HOME, PASSWORD + " ").status_code == 401
    assert login(strict, email, HOME).status_code == 200
    with strict.connect() as connection:
        row = connection.execute(
            "select a.password_hash from auth.accounts a join shop.customers c using (id) where c.email = %s", [email]
        ).fetchone()
    assert row and row["password_hash"].startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    assert login(strict, email, HOME).status_code == 200
    assert "no known kind" in fails("user", "create", "--email", "x@example.com", "--password-hash", "md5$x$y", *state)

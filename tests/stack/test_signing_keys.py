"""A11: keys that sign are followed by others under load, and taken away at once, at PostgREST and the service alike."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from extensions.keys import read_keys
from stack.state import new_signing_key
from tests.conftest import PASSWORD, Shop, eventually, pgshop
from tests.figures import Tell
from tests.stack.conftest import Start, fails

PLACES = {"/api/v1/users/me/": 200, "/rest/v1/customers": 200, "/api/v1/auth/logout/": 422}
BUYERS = 4


def sign_in(shop: Shop, email: str) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD}
    shop.client().post("/api/v1/auth/register/", json={**body, "password2": PASSWORD})
    answer = shop.client().post("/api/v1/auth/login/", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def renew(client: httpx.Client, tokens: dict[str, str]) -> dict[str, str]:
    answer = client.post("/api/v1/auth/refresh/", json={"refresh": tokens["refresh"]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ask(client: httpx.Client, access: str, place: str) -> int:
    headers = {"Authorization": f"Bearer {access}"}
    return (
        client.post(place, json={}, headers=headers) if "auth" in place else client.get(place, headers=headers)
    ).status_code


def seen(shop: Shop, access: str) -> list[int]:
    """What an access token gets: of PostgREST in each dress, and of the service, whose 422 lets it in."""
    return [ask(shop.client(), access, place) for place in PLACES]


WELCOME, REFUSED = [200, 200, 422], [401, 401, 401]


def kid(tokens: dict[str, str]) -> str:
    return str(jwt.get_unverified_header(tokens["access"])["kid"])


def keys(shop: Shop, *arguments: str) -> str:
    return pgshop("keys", *arguments, "--state", str(shop.state)).stdout


class Load:
    """People who buy without a pause and renew their tokens now and then, as frontends do."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.is_over = shop, threading.Event()
        self.asked, self.renewed, self.wrong = 0, 0, list[Any]()
        self.kids: dict[int, str] = {}
        people = [sign_in(shop, f"buyer-{number}@example.com") for number in range(BUYERS)]
        self.threads = [threading.Thread(target=self.buy, args=[n, person]) for n, person in enumerate(people)]

    def buy(self, number: int, tokens: dict[str, str]) -> None:
        client = httpx.Client(base_url=self.shop.url, timeout=30)
        with client:
            while not self.is_over.is_set():
                for place, expected in PLACES.items():
                    status = ask(client, tokens["access"], place)
                    if status != expected:
                        self.wrong.append((place, status, kid(tokens)))
                    self.asked += 1
                tokens = renew(client, tokens)
                self.renewed += 1
                self.kids[number] = kid(tokens)

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()


class Watch:
    """Asks in each place without a pause, and remembers when an access token was taken last."""

    def __init__(self, shop: Shop, access: str) -> None:
        self.is_over, self.asked, self.taken = threading.Event(), dict.fromkeys(PLACES, 0), dict.fromkeys(PLACES, 0.0)
        self.threads = [threading.Thread(target=self.look, args=[shop.client(), access, place]) for place in PLACES]

    def look(self, client: httpx.Client, access: str, place: str) -> None:
        while not self.is_over.is_set():
            # When the question was put, since on a busy machine its answer may be long in coming.
            begun = time.time()
            if ask(client, access, place) != 401:
                self.taken[place] = begun
            self.asked[place] += 1

    def __enter__(self) -> "Watch":
        for thread in self.threads:
            thread.start()
        eventually(lambda: all(self.taken.values()), what="it is taken everywhere")
        return self

    def __exit__(self, *_: object) -> None:
        asked = dict(self.asked)
        try:
            eventually(lambda: all(self.asked[place] > asked[place] + 5 for place in PLACES), what="each asked on")
        finally:
            self.is_over.set()
            for thread in self.threads:
                thread.join()


def test_keys_change_under_load_without_one_failed_request(spare: Path, start: Start, tell: Tell) -> None:
    """A11: rotation and removal fail no request; a removed key's tokens are refused within a second."""
    shop = start(spare)
    begun, idle = time.perf_counter(), sign_in(shop, "idle@example.com")
    first = kid(idle)
    with Load(shop) as load:
        eventually(lambda: len(load.kids) == BUYERS)
        second = keys(shop, "rotate").strip()
        eventually(lambda: set(load.kids.values()) == {second}, what="all renewed")
        # Who did not renew is served on, until the key is taken away.
        assert seen(shop, idle["access"]) == WELCOME
        with Watch(shop, idle["access"]) as watch:
            keys(shop, "remove", first)
            returned = time.time()
        with shop.connect() as connection:
            row = connection.execute("select verifies_until from auth.signing_keys where kid = %s", [first]).fetchone()
        removed = row["verifies_until"].timestamp() if row else 0
        # One machine, one clock: how long after the row the key was still taken, and whether after the command's end.
        late = {place: taken - removed for place, taken in watch.taken.items()}
        asked = load.asked
        eventually(lambda: load.asked > asked + 20)
    tell(
        f"keys: {load.asked} requests and {load.renewed} renewals by {BUYERS} people in "
        f"{time.perf_counter() - begun:.0f} s, {len(load.wrong)} failed; the removed key was taken for "
        + ", ".join(f"{max(seconds, 0):.2f} s at {place}" for place, seconds in late.items())
        + f", by {sum(watch.asked.values())} requests in a tight loop"
    )
    assert load.wrong == []
    assert all(seconds < 1 for seconds in late.values()), f"a removed key is refused within a second: {late}"
    assert max(watch.taken.values()) < returned, "whoever has removed a key need not wait"
    assert first != second
    assert {key["kid"] for key in shop.client().get("/.well-known/jwks.json").json()["keys"]} == {second}
    # Nobody was signed out: refresh tokens have a key of their own.
    assert seen(shop, renew(shop.client(), idle)["access"]) == WELCOME
    # At once, with its tokens: what one does when a key was stolen.
    stolen = renew(shop.client(), sign_in(shop, "late@example.com"))
    third = keys(shop, "rotate", "--retire").strip()
    assert seen(shop, stolen["access"]) == REFUSED
    assert kid(renew(shop.client(), stolen)) == third
    assert "the only key" in fails("keys", "remove", third, "--state", str(shop.state))
    assert [line.split()[0] for line in keys(shop, "list").splitlines()] == [third, second, first]
    assert json.loads((shop.state / "secrets.json").read_text())["jwt_private_key"].count(",") == 0
    with shop.connect() as connection:
        told = connection.execute(
            "select action, object_id from shop.audit_log where action like 'signing_key%' order by id"
        )
        acts = [(row["action"].partition(".")[2], row["object_id"]) for row in told]
    assert [act for act in acts if act[1] == second] == [("added", second), ("ended", second), ("ended", second)]
    # A start brings no key back.
    pgshop("down", "--state", str(shop.state))
    again = start(spare)
    assert seen(again, stolen["access"]) == REFUSED
    assert kid(sign_in(again, "late@example.com")) == third


def test_a_state_from_before_keeps_everybody_signed_in(room: Path, start: Start) -> None:
    """Refresh tokens were made with a key derived from the signing one: that one becomes a secret of its own."""
    state = room / "before"
    tokens = sign_in(start(state), "early@example.com")
    pgshop("down", "--state", str(state))
    path = state / "secrets.json"
    known = json.loads(path.read_text())
    kept = known.pop("refresh_token_key")
    path.write_text(json.dumps(known))
    shop = start(state)
    assert json.loads(path.read_text()) == {**known, "refresh_token_key": kept}
    keys(shop, "rotate", "--retire")
    renew(shop.client(), tokens)
    pgshop("down", "--purge", "--state", str(state))


def test_a_part_that_is_slow_to_answer_is_waited_for(spare: Path, start: Start) -> None:
    shop = start(spare)
    tokens = sign_in(shop, "patient@example.com")
    known = "select count(*) as n from auth.signing_keys"
    service = shop.status["pids"]["service"]
    os.kill(service, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as aside, shop.connect() as database:
            before = database.execute(known).fetchone()
            rotating = aside.submit(keys, shop, "rotate")
            eventually(lambda: database.execute(known).fetchone() != before, what="the new key")
            # Longer than it waits for one answer.
            assert wait([rotating], timeout=8).not_done
            os.kill(service, signal.SIGCONT)
            assert rotating.result().strip() == kid(renew(shop.client(), tokens))
    finally:
        os.kill(service, signal.SIGCONT)


def test_a_key_whose_name_begins_like_an_option_is_removed(spare: Path, start: Start) -> None:
    start(spare)
    pgshop("down", "--state", str(spare))
    path, odd = spare / "secrets.json", new_signing_key()
    while not next(iter(read_keys(odd))).startswith("-"):
        odd = new_signing_key()
    path.write_text(json.dumps({**json.loads(path.read_text()), "jwt_private_key": odd}))
    shop = start(spare)
    tokens = sign_in(shop, "odd@example.com")
    assert kid(tokens) in read_keys(odd)
    keys(shop, "rotate")
    keys(shop, "remove", kid(tokens))
    assert seen(shop, tokens["access"]) == REFUSED
    assert "No such option" not in fails("keys", "remove", "-x", "--state", str(spare))


def test_keys_of_the_environment_overlap_too(spare: Path, start: Start) -> None:
    """A11: as in production: the new one before the old one, then the old one away, and nobody is signed out."""
    old, new = new_signing_key(), new_signing_key()
    tokens = sign_in(start(spare, JWT_PRIVATE_KEY=old), "env@example.com")
    pgshop("down", "--state", str(spare))
    both = start(spare, JWT_PRIVATE_KEY=f"{new},{old}")
    assert seen(both, tokens["access"]) == WELCOME
    eventually(lambda: kid(sign_in(both, "env@example.com")) != kid(tokens), what="the new key signs")
    fresh = renew(both.client(), tokens)
    assert seen(both, fresh["access"]) == WELCOME
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JWT_PRIVATE_KEY", new)
        assert "rotate-keys.md" in fails("keys", "rotate", "--state", str(spare))

"""A10: no forged or damaged token passes, at PostgREST in either dress or at the service, and none makes a 5xx."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop
from tests.extensions.test_tokens import PLACES, ask
from tests.extensions.token_corpus import forged, missigned, only_the_header_is_wrong
from tests.figures import Tell

FLOOR = 60
# Where one may come without a token: a bad one must not be passed over.
PUBLIC = "/rest/v1/settings"
# A token that says nothing at all is a visitor's; SQL can't tell it from none.
VISITOR = "payload b'{}'"
# 401 is the answer; PostgreSQL refuses roles with 403, nginx what is no header (400) or too long for one (431).
REFUSED = {400, 401, 403, 431}


@pytest.fixture(scope="module")
def victim(acting_as: Callable[..., Person]) -> Person:
    return acting_as("customer")


@pytest.fixture(scope="module")
def corpus(shop: Shop, victim: Person, acting_as: Callable[..., Person], signing_key: Any) -> dict[str, str]:
    made = {**dict(forged(victim.access, signing_key)), **dict(missigned(victim.access, signing_key, victim.refresh))}
    gone, banned, erased, expired = (acting_as("customer") for _ in range(4))
    assert gone.client.post("/api/v1/auth/logout/", json={"refresh": gone.refresh}).status_code == 200
    with shop.connect() as database:
        database.execute("update auth.accounts set is_active = false where id = %s", [banned.id])
        database.execute("update auth.sessions set expires_at = now() where account_id = %s", [expired.id])
        database.execute("delete from shop.customers where id = %s", [erased.id])
    return made | {
        "of an ended session": gone.access,
        "of a switched off account": banned.access,
        "of an expired session": expired.access,
        "of a deleted account": erased.access,
    }


def send(client: httpx.Client, place: str, token: str) -> httpx.Response:
    """The service has no GET that wants a token."""
    method, body = ("POST", {}) if "payments" in place else ("GET", None)
    return client.request(method, place, json=body, headers={"Authorization": b"Bearer " + token.encode()})


@pytest.mark.parametrize("place", [*PLACES, PUBLIC])
def test_no_token_of_the_corpus_passes(
    shop: Shop, victim: Person, corpus: dict[str, str], place: str, tell: Tell
) -> None:
    assert len(corpus) >= FLOOR
    corpus = {name: token for name, token in corpus.items() if place != PUBLIC or name != VISITOR}
    client, started = shop.client(), time.monotonic()
    answers = {name: send(client, place, token) for name, token in corpus.items()}
    accepted = sum(answer.status_code not in REFUSED and answer.status_code < 500 for answer in answers.values())
    failed = sum(answer.status_code >= 500 for answer in answers.values())
    seconds = time.monotonic() - started
    counts = f"{len(corpus)} tokens (a list, no seed), {accepted} accepted, {failed} 5xx, {seconds:.1f} s"
    tell(f"token corpus at {place}: {counts}")
    passed = {name: answer.status_code for name, answer in answers.items() if answer.status_code not in REFUSED}
    assert passed == {}
    for name, answer in answers.items():
        assert answer.json().keys() == {"code", "message", "details", "hint"}, name
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer"), name
    # And the overheard one does pass, else this would prove nothing.
    assert send(client, place, victim.access).status_code in {200, 422}


def test_what_only_the_header_tells_is_refused_by_the_service(shop: Shop, victim: Person, signing_key: Any) -> None:
    """PostgREST knows kinds of tokens by the claim token_type alone, which SQL demands."""
    for name, token in only_the_header_is_wrong(victim.access, signing_key).items():
        assert [ask(shop, place, token).status_code for place in PLACES] == [200, 200, 401], name


def test_a_programs_token_cannot_have_more_scopes_than_its_key(
    shop: Shop, victim: Person, mint: Callable[..., str], database: psycopg.Connection[Any]
) -> None:
    row = database.execute(
        "insert into auth.api_keys (name, prefix, key_hash, scopes, expires_at) values"
        " ('a', 'pgk_', sha256('corpus'), '{read_orders}', now() + interval '1 day') returning id::text"
    ).fetchone()
    assert row
    program = {"sub": row["id"], "sid": row["id"], "role": "integration"}
    for scopes, status in ((["read_orders"], 200), (["manage_stock", "read_orders"], 401), ([], 401), (None, 401)):
        answer = ask(shop, "/rest/v1/orders", mint(victim, **program, scopes=scopes))
        assert answer.status_code == status, scopes

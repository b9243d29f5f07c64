"""A5: what a dump of the database holds signs nobody in; refresh tokens are not even stored as hashes."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import psycopg

from tests.conftest import PASSWORD, Person, Shop
from tests.databases import superuser_url
from tests.extensions.canaries import dump
from tests.extensions.secrets_used import Life, missing, told

__all__ = ["superuser_url"]
# The browser needs it to pay, and a second question for it is answered alike; it opens no account.
STORED = "client secret"


def test_a_dump_holds_no_token_key_or_password(
    shop: Shop, acting_as: Callable[..., Person], customer: Person, order: Any, superuser_url: str
) -> None:
    life = Life(shop, acting_as)
    life.of_sessions()
    life.of_programs()
    life.of_the_shop(order, customer)
    text = dump(superuser_url)
    assert missing(life.secrets) == []
    # All of it, of every schema, and what is no secret is there to be found.
    assert life.email in text
    with psycopg.connect(superuser_url) as connection:
        tables = connection.execute(
            """select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables
            where schemaname not in ('pg_catalog', 'information_schema')"""
        ).fetchall()
    assert {name for (name,) in tables} == set(re.findall(r"^COPY (\S+) ", text, re.MULTILINE))
    assert {name for name in told(text, life.secrets) if not name.startswith(STORED)} == set()
    assert {name for name in told(text, life.secrets) if name.startswith(STORED)}, "what is stored is found"
    # No word of the whole dump is what a stored hash was made of: of a key, of a link, whosever.
    words = set(re.findall(r"[\w.-]{20,}", text))
    stored = set(re.findall(r"\\\\x([0-9a-f]{64})\b", text))
    assert len(words) > 100
    assert hashlib.sha256(life.good["key"].encode()).hexdigest() in stored
    assert [word for word in words if hashlib.sha256(word.encode()).hexdigest() in stored] == []
    # What was looked for was good.
    client, good = shop.client(), life.good
    for path, body in (
        ("refresh", {"refresh": good["refresh"]}),
        ("refresh", {"refresh": good["guest"]}),
        ("token", {"api_key": good["key"]}),
        (
            "password/reset/confirm",
            {"token": good["reset"], "password": f"{PASSWORD} anew", "password2": f"{PASSWORD} anew"},
        ),
    ):
        assert client.post(f"/api/v1/auth/{path}/", json=body).status_code == 200, path


def test_nothing_that_is_stored_of_somebody_signs_in(shop: Shop, customer: Person, superuser_url: str) -> None:
    with psycopg.connect(superuser_url) as connection:
        rows = connection.execute(
            """select to_jsonb(a)::text from auth.accounts a where id = %(id)s
            union all select to_jsonb(s)::text from auth.sessions s where account_id = %(id)s
            union all select to_jsonb(t)::text from auth.one_time_tokens t where account_id = %(id)s""",
            {"id": customer.id},
        ).fetchall()
    words = {word for row in rows for word in re.findall(r"[\w$.,=+/-]{12,}", row[0])}
    assert len(words) > 5
    client = shop.client()
    for word in words:
        for path, field in (("refresh", "refresh"), ("token", "api_key"), ("verify", "token")):
            assert client.post(f"/api/v1/auth/{path}/", json={field: word}).status_code in {400, 401, 422}, word
        assert client.get("/api/v1/users/me/", headers={"Authorization": f"Bearer {word}"}).status_code == 401
        assert client.post("/api/v1/auth/login/", json={"email": customer.email, "password": word}).status_code == 401

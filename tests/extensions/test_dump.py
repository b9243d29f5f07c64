"""A5: what the database holds of somebody signs nobody in; refresh tokens are not even stored as hashes."""

import re

import psycopg

from tests.conftest import Person, Shop
from tests.databases import superuser_url

__all__ = ["superuser_url"]


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

"""A second factor: the password alone opens nothing any more, and each code opens once."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import psycopg
import pyotp
import pytest

from tests.conftest import PASSWORD, Person, Shop
from tests.extensions.test_guests import put

AUTH = "/api/v1/auth/"
MFA = f"{AUTH}mfa/"
WRONG = (401, "mfa_code_invalid")


def code(secret: str, steps: int = 0) -> str:
    """The code now, or some steps of 30 seconds later."""
    return pyotp.TOTP(secret).at(time.time() + 30 * steps)


def enrol(person: Person) -> tuple[str, list[str]]:
    """Secret and recovery codes; the code of this step is spent by it."""
    answer = person.client.post(f"{MFA}enroll/", json={"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    secret = answer.json()["secret"]
    confirmed = person.client.post(f"{MFA}confirm/", json={"code": code(secret)})
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


def challenge(shop: Shop, person: Person) -> str:
    answer = shop.client().post(f"{AUTH}login/", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert given.keys() == {"mfa_required", "mfa_enrolled", "mfa_token", "expires_in"}
    assert (given["mfa_required"], given["mfa_enrolled"], given["expires_in"]) == (True, True, 300)
    return str(given["mfa_token"])


def verify(shop: Shop, token: str, given: str, **more: str) -> httpx.Response:
    return shop.client().post(f"{MFA}verify/", json={"mfa_token": token, "code": given, **more})


def outcome(answer: httpx.Response) -> Any:
    return 200 if answer.status_code == 200 else (answer.status_code, answer.json()["code"])


def half_a_minute_later(database: psycopg.Connection[Any], person: Person) -> None:
    database.execute("update auth.second_factors set last_step = 0 where account_id = %s", [person.id])


def test_both_halves_make_a_session(
    shop: Shop, customer: Person, guest: Person, make_product: Any, database: psycopg.Connection[Any]
) -> None:
    enrolled = customer.client.post(f"{MFA}enroll/", json={"password": PASSWORD})
    assert enrolled.headers["cache-control"] == "no-store"
    secret, uri = enrolled.json()["secret"], pyotp.parse_uri(enrolled.json()["otpauth_uri"])
    assert isinstance(uri, pyotp.TOTP)
    assert (uri.secret, uri.name, uri.issuer) == (secret, customer.email, "pgshop")
    # Until a code was shown nothing has changed, and another secret may take its place.
    assert shop.client().post(f"{AUTH}login/", json={"email": customer.email, "password": PASSWORD}).json()["access"]
    secret, codes = enrol(customer)
    assert len({*codes}) == 10
    assert put(guest, make_product()) == 201
    following = code(secret, 1)
    typed = f" {following[:3]} {following[3:]}"
    answer = verify(shop, challenge(shop, customer), typed, guest_token=guest.refresh)
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert given.keys() == {"access", "refresh", "user", "cart_merge"}
    assert given["user"]["id"] == customer.id
    for url in ("/api/v1/users/me/", "/rest/v1/customers", "/api/v1/cart/"):
        assert shop.client(given["access"]).get(url).status_code == 200
    assert shop.client(given["access"]).get("/api/v1/cart/").json()["total_items"] == 1
    renewed = shop.client().post(f"{AUTH}refresh/", json={"refresh": given["refresh"]})
    assert renewed.status_code == 200
    stored = database.execute("select * from auth.second_factors where account_id = %s", [customer.id]).fetchone()
    assert stored
    assert secret.encode() not in stored["secret"]
    hashes = database.execute("select code_hash from auth.recovery_codes where account_id = %s", [customer.id])
    assert not {c.encode() for c in codes} & {row["code_hash"] for row in hashes}


def test_a_code_opens_once(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]], database: psycopg.Connection[Any]
) -> None:
    secret, _ = enrol(customer)
    token = challenge(shop, customer)
    row = database.execute("select last_step from auth.second_factors where account_id = %s", [customer.id]).fetchone()
    assert row
    confirmed, following = (pyotp.TOTP(secret).generate_otp(row["last_step"] + later) for later in (0, 1))
    assert outcome(verify(shop, token, confirmed)) == WRONG
    answers = at_once([lambda: verify(shop, token, following)] * 8)
    assert sorted(map(str, map(outcome, answers))) == sorted(map(str, [200, *[WRONG] * 7]))
    # What is before it is spent, too.
    assert outcome(verify(shop, token, confirmed)) == WRONG
    half_a_minute_later(database, customer)
    assert outcome(verify(shop, token, code(secret))) == 200


def test_wrong_codes_open_nothing(
    shop: Shop, customer: Person, acting_as: Any, database: psycopg.Connection[Any]
) -> None:
    secret, codes = enrol(customer)
    other_secret, other_codes = enrol(acting_as())
    half_a_minute_later(database, customer)
    token = challenge(shop, customer)
    near = {code(secret, steps) for steps in (-2, -1, 0, 1, 2)}
    others = [code(secret, -4), code(secret, 4), code(other_secret), other_codes[0], codes[0][:-1], "", "0", "x" * 64]
    for given in [*others, "\u0663" * 6, "12345\uff16"]:
        if given not in near:
            assert outcome(verify(shop, token, given)) == WRONG, given
    assert verify(shop, token, "x" * 65).status_code == 422
    # A clock may be wrong by one step, either way.
    assert outcome(verify(shop, token, code(secret, 1))) == 200


def test_a_recovery_code_stands_in_once(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]]
) -> None:
    _, codes = enrol(customer)
    token = challenge(shop, customer)
    answers = at_once([lambda: verify(shop, token, codes[3])] * 6)
    assert [outcome(answer) for answer in answers].count(200) == 1
    assert outcome(verify(shop, token, codes[3])) == WRONG
    assert outcome(verify(shop, token, f" {codes[4].upper().replace('-', ' ')} ")) == 200


def test_an_mfa_token_is_good_for_nothing_else(shop: Shop, customer: Person) -> None:
    token = shop.client().post(f"{AUTH}login/", json={"email": customer.email, "password": PASSWORD}).json()["access"]
    secret, _ = enrol(customer)
    mfa_token = challenge(shop, customer)
    for url in ("/api/v1/users/me/", "/rest/v1/customers"):
        assert shop.client(mfa_token).get(url).status_code == 401
    assert (
        shop.client(mfa_token).post("/api/v1/payments/create-intent/", json={"order_id": customer.id}).status_code
        == 401
    )
    claims = jwt.decode(mfa_token, options={"verify_signature": False})
    forged = [jwt.encode(claims, "x" * 32, "HS256"), jwt.encode(claims, None, "none"), mfa_token[:-3] + "AAA"]
    for wrong in (*forged, token, customer.refresh, "", "x"):
        assert outcome(verify(shop, wrong, code(secret, 1))) == (401, "token_invalid"), wrong
    # It lets somebody in who has a code, and enrols nobody.
    for path, body in (("enroll/", {}), ("confirm/", {"code": code(secret, 1)})):
        answer = shop.client().post(f"{MFA}{path}", json={"mfa_token": mfa_token, **body})
        assert outcome(answer) == (401, "token_invalid")
    change = {"current_password": PASSWORD, "password": f"{PASSWORD} anew", "password2": f"{PASSWORD} anew"}
    assert customer.client.post(f"{AUTH}password/change/", json=change).status_code == 200
    assert outcome(verify(shop, mfa_token, code(secret, 1))) == (401, "token_invalid")


def test_a_stolen_session_changes_no_second_factor(
    shop: Shop, customer: Person, guest: Person, database: psycopg.Connection[Any]
) -> None:
    for body in ({}, {"password": "a wrong enough password"}):
        assert customer.client.post(f"{MFA}enroll/", json=body).status_code == 422
    assert shop.client().post(f"{MFA}enroll/", json={"password": PASSWORD}).status_code == 401
    assert guest.client.post(f"{MFA}enroll/", json={"password": PASSWORD}).status_code == 422
    assert customer.client.post(f"{MFA}confirm/", json={"code": "123456"}).status_code == 422
    secret, codes = enrol(customer)
    for path, body in (("enroll/", {"password": PASSWORD}), ("confirm/", {"code": code(secret, 1)})):
        assert outcome(customer.client.post(f"{MFA}{path}", json=body)) == (409, "mfa_enabled")
    for body in (
        {"password": PASSWORD, "code": "123"},
        {"password": "a wrong enough password", "code": codes[0]},
        {"code": codes[0]},
        {"password": PASSWORD},
    ):
        assert customer.client.post(f"{MFA}disable/", json=body).status_code == 422, body
    challenge(shop, customer)
    assert customer.client.post(f"{MFA}disable/", json={"password": PASSWORD, "code": codes[0]}).status_code == 200
    assert shop.client().post(f"{AUTH}login/", json={"email": customer.email, "password": PASSWORD}).json()["access"]
    told = database.execute(
        "select action, actor_id::text, before::text || after::text as words from shop.audit_log"
        " where object_id = %s order by id",
        [customer.id],
    ).fetchall()
    assert [(row["action"], row["actor_id"]) for row in told] == [
        ("second_factor.enabled", customer.id),
        ("second_factor.disabled", customer.id),
    ]
    # Enrolled anew, the old codes are worth nothing.
    enrol(customer)
    assert outcome(verify(shop, challenge(shop, customer), codes[1])) == WRONG


@pytest.mark.parametrize("bucket", ["mfa {} 127.0.0.1", "mfa {}"])
def test_guessing_codes_is_slowed_down(
    shop: Shop, customer: Person, acting_as: Any, database: psycopg.Connection[Any], bucket: str
) -> None:
    secret, _ = enrol(customer)
    token = challenge(shop, customer)
    database.execute(
        "insert into auth.throttles (bucket, attempts, window_ends_at)"
        " values (logic.digest(%s), 1000000, now() + interval '280 seconds')"
        " on conflict on constraint throttles_pkey do update set attempts = excluded.attempts",
        [bucket.format(customer.id)],
    )
    refused = verify(shop, token, code(secret, 1))
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 190 <= int(refused.headers["retry-after"]) <= 300
    # Others are not kept waiting.
    other = acting_as()
    secret, _ = enrol(other)
    assert outcome(verify(shop, challenge(shop, other), code(secret, 1))) == 200

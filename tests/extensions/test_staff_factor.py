"""STAFF_MFA=required: who sells and has no second factor can do nothing but get one."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PASSWORD, Shop, pgshop, start_stack
from tests.extensions.test_second_factor import AUTH, MFA, code
from tests.extensions.test_sessions import REFUSED, WELCOME, seen


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of its own that requires it."""
    state = tmp_path_factory.mktemp("strict") / "state"
    for folder in state.parents:
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            Path(folder).chmod(0o755)
    running = start_stack(state, STAFF_MFA="required")
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        pgshop("down", "--state", str(state))


def user(shop: Shop, *words: str) -> None:
    pgshop("user", *words, "--state", str(shop.state))


def login(shop: Shop, email: str) -> dict[str, Any]:
    answer = shop.client().post(f"{AUTH}login/", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def enrol(shop: Shop, mfa_token: str) -> dict[str, Any]:
    secret = shop.client().post(f"{MFA}enroll/", json={"mfa_token": mfa_token}).json()["secret"]
    body = {"mfa_token": mfa_token, "code": code(secret)}
    answer = shop.client().post(f"{MFA}confirm/", json=body)
    assert answer.status_code == 200, answer.text
    # What has enrolled once enrols no second time.
    assert shop.client().post(f"{MFA}enroll/", json={"mfa_token": mfa_token}).status_code == 409
    return {**answer.json(), "secret": secret}


def is_signed_out(shop: Shop, tokens: dict[str, Any], why: str = "token_invalid") -> None:
    """From the next request on, at both services."""
    assert seen(shop, tokens["access"]) == REFUSED
    refused = shop.client().post(f"{AUTH}refresh/", json={"refresh": tokens["refresh"]})
    assert (refused.status_code, refused.json()["code"]) == (401, why)


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_staff_enrols_before_anything_else(strict: Shop, role: str) -> None:
    email = f"{role}@example.com"
    user(strict, "create", "--email", email, "--password", PASSWORD, "--role", role)
    begun = login(strict, email)
    assert begun.keys() == {"mfa_required", "mfa_enrolled", "mfa_token", "expires_in"}
    assert begun["mfa_enrolled"] is False
    for url in ("/api/v1/users/me/", "/rest/v1/customers"):
        assert strict.client(begun["mfa_token"]).get(url).status_code == 401
    assert strict.client().post(f"{MFA}verify/", json={"mfa_token": begun["mfa_token"], "code": "1"}).status_code == 401
    made = enrol(strict, begun["mfa_token"])
    assert made.keys() == {"access", "refresh", "user", "recovery_codes", "secret"}
    assert made["user"]["role"] == role
    assert strict.client(made["access"]).get("/rest/v1/stock_movements").status_code == 200
    with strict.connect() as connection:
        told = connection.execute(
            "select actor_id::text from shop.audit_log where action = 'second_factor.enabled' and object_id = %s",
            [made["user"]["id"]],
        ).fetchall()
    assert told == [{"actor_id": made["user"]["id"]}]
    again = login(strict, email)
    assert again["mfa_enrolled"] is True
    body = {"mfa_token": again["mfa_token"], "code": code(made["secret"], 1)}
    assert strict.client().post(f"{MFA}verify/", json=body).status_code == 200
    # The phone and the paper are lost: the command line lets them begin anew, and no session goes on without.
    user(strict, "forget-mfa", "--email", email)
    is_signed_out(strict, made)
    assert login(strict, email)["mfa_enrolled"] is False
    unknown = pgshop("user", "forget-mfa", "--email", email, "--state", str(strict.state), check=False)
    assert unknown.returncode != 0


def test_customers_need_none_until_they_sell(strict: Shop) -> None:
    email = "buyer@example.com"
    user(strict, "create", "--email", email, "--password", PASSWORD)
    begun = login(strict, email)
    assert strict.client().post(f"{AUTH}refresh/", json={"refresh": begun["refresh"]}).status_code == 200
    user(strict, "role", "--email", email, "--role", "staff")
    is_signed_out(strict, begun, "mfa_enrollment_required")
    # Back again: what customers do wants none.
    user(strict, "role", "--email", email, "--role", "customer")
    renewed = strict.client().post(f"{AUTH}refresh/", json={"refresh": begun["refresh"]}).json()
    assert seen(strict, renewed["access"]) == WELCOME


def test_whoever_switches_it_off_is_signed_out_everywhere(strict: Shop) -> None:
    email = "seller@example.com"
    user(strict, "create", "--email", email, "--password", PASSWORD, "--role", "staff")
    made = enrol(strict, login(strict, email)["mfa_token"])
    given = {"mfa_token": login(strict, email)["mfa_token"], "code": made["recovery_codes"][0]}
    other = strict.client().post(f"{MFA}verify/", json=given).json()
    body = {"password": PASSWORD, "code": made["recovery_codes"][1]}
    assert strict.client(made["access"]).post(f"{MFA}disable/", json=body).status_code == 200
    for tokens in (made, other):
        is_signed_out(strict, tokens)


def test_who_had_signed_in_before_it_was_required_is_signed_out(strict: Shop) -> None:
    def restarted(**environment: str) -> Shop:
        pgshop("down", "--state", str(strict.state))
        shop = start_stack(strict.state, **environment)
        shop.clients = strict.clients
        return shop

    lax = restarted()
    people = {"careless@example.com": "staff", "careful@example.com": "staff", "shopper@example.com": "customer"}
    for email, role in people.items():
        user(lax, "create", "--email", email, "--password", PASSWORD, "--role", role)
    careless, careful, shopper = (login(lax, email) for email in people)
    secret = lax.client(careful["access"]).post(f"{MFA}enroll/", json={"password": PASSWORD}).json()["secret"]
    assert lax.client(careful["access"]).post(f"{MFA}confirm/", json={"code": code(secret)}).status_code == 200
    assert seen(lax, careless["access"]) == WELCOME
    again = restarted(STAFF_MFA="required")
    is_signed_out(again, careless)
    assert seen(again, careful["access"]) == seen(again, shopper["access"]) == WELCOME

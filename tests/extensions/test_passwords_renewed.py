"""A9: forgotten and changed passwords: links that work once, for one purpose, and sessions that end."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import PASSWORD, Person, Shop, eventually
from tests.extensions.links import NEW, REFUSED, WELCOME, forgotten, login, post, renew, seen, token_of

Database = psycopg.Connection[Any]


def test_a_forgotten_password_is_renewed_and_ends_every_session(shop: Shop, customer: Person) -> None:
    other = login(shop, customer.email).json()
    (token,) = forgotten(shop, customer)
    assert seen(shop, customer.access) == WELCOME
    done = renew(shop, token)
    assert (done.status_code, done.json()) == (200, {"detail": "Password changed"})
    assert seen(shop, customer.access) == seen(shop, other["access"]) == REFUSED
    for refresh in (customer.refresh, other["refresh"]):
        assert post(shop, "auth/refresh/", refresh=refresh).status_code == 401
    assert login(shop, customer.email).status_code == 401
    fresh = login(shop, customer.email, NEW)
    assert fresh.status_code == 200
    # Whoever has the link reads the mails; and the owner is told.
    assert shop.client(fresh.json()["access"]).get("/api/v1/users/me/").json()["is_email_verified"]
    eventually(lambda: [m for m in shop.mails(customer.email) if "was changed" in m["subject"]], what="the notice")
    assert renew(shop, token, "yet another long one").json()["code"] == "token_invalid"
    assert login(shop, customer.email, NEW).status_code == 200


def test_the_page_of_the_mail_renews(shop: Shop, customer: Person) -> None:
    client = shop.client()
    asked = client.get("/reset")
    assert 'action="/reset"' in asked.text
    sent = client.post("/reset", data={"email": customer.email})
    assert (sent.status_code, "a mail is on its way" in sent.text) == (200, True)
    url = f"/reset?token={token_of(shop, customer.email, 'Choose a new password', 'reset')}"
    for _ in range(2):
        page = client.get(url)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert "default-src 'none'" in page.headers["content-security-policy"]
    form = re.search(r'<form method="post" action="([^"]+)">', page.text)
    assert form
    weak = client.post(form[1], data={"password": "short", "password2": "short"})
    assert (weak.status_code, "too short" in weak.text) == (422, True)
    assert client.post(form[1], data={"password": NEW, "password2": NEW[1:]}).status_code == 422
    assert login(shop, customer.email).status_code == 200
    assert client.post(form[1], data={"password": NEW, "password2": NEW}).status_code == 200
    assert login(shop, customer.email, NEW).status_code == 200
    again = client.post(form[1], data={"password": PASSWORD, "password2": PASSWORD})
    assert (again.status_code, "not valid any more" in again.text) == (400, True)
    nasty = client.get("/reset", params={"token": '"><script>alert(1)</script>'})
    assert "<script>" not in nasty.text


def test_a_link_pressed_fifty_times_at_once_works_once(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]]
) -> None:
    """A9: single use under a race of fifty."""
    (token,) = forgotten(shop, customer)
    words = [f"{number} long enough words" for number in range(50)]
    answers = at_once([lambda word=word: renew(shop, token, word) for word in words])
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    (winner,) = (word for word, answer in zip(words, answers, strict=True) if answer.status_code == 200)
    assert login(shop, customer.email, winner).status_code == 200


def test_two_links_pressed_at_once_are_one_new_password(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]]
) -> None:
    tokens = forgotten(shop, customer, 4)
    answers = at_once([lambda token=token: renew(shop, token) for token in tokens * 3])
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 11


def test_a_link_is_for_its_purpose_its_hour_and_its_address(shop: Shop, customer: Person, database: Database) -> None:
    """A9: bound to purpose and address, expiring."""
    proof = token_of(shop, customer.email, "Welcome", "verify")
    (reset,) = forgotten(shop, customer)
    assert post(shop, "auth/verify/", token=reset).status_code == 400
    assert renew(shop, proof).status_code == 400
    row = database.execute(
        "select purpose, round(extract(epoch from expires_at - created_at))::integer as seconds"
        " from auth.one_time_tokens where account_id = %s order by purpose",
        [customer.id],
    ).fetchall()
    assert row == [{"purpose": "reset_password", "seconds": 3600}, {"purpose": "verify_email", "seconds": 259_200}]
    expiry = "update auth.one_time_tokens set expires_at = now() + %s::interval where account_id = %s"
    database.execute(expiry, ["-1 second", customer.id])
    assert renew(shop, reset).status_code == 400
    database.execute(expiry, ["1 hour", customer.id])
    database.execute("update shop.customers set email = 'other-' || email where id = %s", [customer.id])
    assert renew(shop, reset).status_code == 400
    database.execute("update shop.customers set email = %s where id = %s", [customer.email, customer.id])
    database.execute("update auth.accounts set is_active = false where id = %s", [customer.id])
    assert renew(shop, reset).status_code == 400
    database.execute("update auth.accounts set is_active = true where id = %s", [customer.id])
    for wrong in ("", reset[:-1], reset.swapcase(), "x" * 200, "\x01"):
        assert renew(shop, wrong).status_code == 400
    assert renew(shop, reset).status_code == 200


def test_a_weak_new_password_leaves_the_link_alive(shop: Shop, acting_as: Callable[..., Person]) -> None:
    person = acting_as(email="bartholomew.t@example.com")
    (token,) = forgotten(shop, person)
    for weak in ("short", "password123", "bartholomew.t!"):
        answer = renew(shop, token, weak)
        assert (answer.status_code, list(answer.json()["details"])) == (422, ["password"]), weak
    assert renew(shop, token).status_code == 200


def change(person: Person, current: str, new: str = NEW) -> httpx.Response:
    return person.client.post(
        "/api/v1/auth/password/change/", json={"current_password": current, "password": new, "password2": new}
    )


def test_a_changed_password_ends_all_other_sessions_and_voids_links(shop: Shop, customer: Person) -> None:
    """A4, A9: this session goes on, the others are out at the next request; the links in old mails are void."""
    other = login(shop, customer.email).json()
    (reset,), proof = forgotten(shop, customer), token_of(shop, customer.email, "Welcome", "verify")
    wrong = change(customer, PASSWORD + " ")
    assert (wrong.status_code, list(wrong.json()["details"])) == (422, ["current_password"])
    assert change(customer, PASSWORD, "short").json()["details"].keys() == {"password"}
    assert seen(shop, other["access"]) == WELCOME
    assert change(customer, PASSWORD).json() == {"detail": "Password changed"}
    assert seen(shop, customer.access) == WELCOME
    assert seen(shop, other["access"]) == REFUSED
    assert post(shop, "auth/refresh/", refresh=other["refresh"]).status_code == 401
    assert post(shop, "auth/refresh/", refresh=customer.refresh).status_code == 200
    assert renew(shop, reset, "yet another long one").status_code == 400
    assert post(shop, "auth/verify/", token=proof).status_code == 400
    assert login(shop, customer.email).status_code == 401
    assert login(shop, customer.email, NEW).status_code == 200
    eventually(lambda: [m for m in shop.mails(customer.email) if "was changed" in m["subject"]], what="the notice")


def test_of_many_changes_at_once_one_wins(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]]
) -> None:
    words = [f"{number} long enough words" for number in range(8)]
    answers = at_once([lambda word=word: change(customer, PASSWORD, word) for word in words])
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
    (winner,) = (word for word, answer in zip(words, answers, strict=True) if answer.status_code == 200)
    assert login(shop, customer.email, winner).status_code == 200


def test_no_session_of_the_old_password_outlives_its_end(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]]
) -> None:
    (token,) = forgotten(shop, customer)
    logins: list[Callable[[], httpx.Response]] = [lambda: login(shop, customer.email)] * 12
    reset, *answers = at_once([lambda: renew(shop, token), *logins])
    assert reset.status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 401}
    opened = [answer.json()["access"] for answer in answers if answer.status_code == 200]
    assert [seen(shop, access) for access in opened] == [REFUSED] * len(opened)


@pytest.mark.parametrize("path", ["auth/password/change/", "users/me/email/"])
def test_who_is_not_signed_in_changes_nothing(shop: Shop, path: str) -> None:
    bodies = {"current_password": PASSWORD, "password": NEW, "password2": NEW}, {"email": "a@b.cd", "password": NEW}
    answer = post(shop, path, **bodies["email" in path])
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")

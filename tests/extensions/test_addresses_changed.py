"""A9: a new address is the account's when its reader says so; the old one is told, and older links are void."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg

from tests.conftest import PASSWORD, Person, Shop, eventually
from tests.extensions.links import NEW, WELCOME, forgotten, login, post, renew, seen, token_of

CONFIRM = "Confirm your new address"


def ask(person: Person, email: str, password: str = PASSWORD) -> httpx.Response:
    return person.client.post("/api/v1/users/me/email/", json={"email": email, "password": password})


def somewhere() -> str:
    return f"new-{uuid.uuid4().hex[:8]}@example.com"


def wanted(shop: Shop, person: Person, email: str) -> str:
    """The token for the new address, asked for by its owner."""
    answer = ask(person, email)
    assert (answer.status_code, answer.json()) == (202, {"detail": "A mail is on its way to the new address."})
    return token_of(shop, email.strip().lower(), CONFIRM, "verify")


def address(person: Person) -> tuple[str, bool]:
    me = person.client.get("/api/v1/users/me/").json()
    return me["email"], me["is_email_verified"]


def test_the_new_address_confirms_and_the_old_one_is_told(shop: Shop, customer: Person) -> None:
    new = somewhere()
    (reset,), proof = forgotten(shop, customer), token_of(shop, customer.email, "Welcome", "verify")
    token = wanted(shop, customer, f"  {new.upper()} ")
    (notice,) = eventually(lambda: [m for m in shop.mails(customer.email) if "about to change" in m["subject"]])
    assert new not in notice["text"] + notice["html"]
    assert address(customer) == (customer.email, False)
    assert login(shop, new).status_code == 401
    assert post(shop, "auth/verify/", token=token).json() == {"detail": "Address verified"}
    assert address(customer) == (new, True)
    assert seen(shop, customer.access) == WELCOME
    assert login(shop, new).status_code == 200
    assert login(shop, customer.email).status_code == 401
    # The links of the old address are void, and each worked once.
    assert renew(shop, reset).status_code == 400
    for old in (token, proof):
        assert post(shop, "auth/verify/", token=old).status_code == 400


def test_the_page_confirms_a_new_address_too(shop: Shop, customer: Person) -> None:
    new = somewhere()
    token = wanted(shop, customer, new)
    assert shop.client().post("/verify", params={"token": token}).status_code == 200
    assert address(customer) == (new, True)


def test_a_wrong_password_changes_nothing(shop: Shop, customer: Person) -> None:
    wrong = ask(customer, somewhere(), NEW)
    assert (wrong.status_code, list(wrong.json()["details"])) == (422, ["password"])
    assert ask(customer, "no address").json()["details"].keys() == {"email"}


def test_a_taken_address_answers_alike_and_its_owner_is_told(
    shop: Shop, customer: Person, acting_as: Callable[..., Person]
) -> None:
    taken = acting_as()
    there = ask(customer, taken.email)
    # Before another wish takes the place of this one.
    eventually(lambda: [m for m in shop.mails(taken.email) if "already" in m["subject"]], what="the owner's mail")
    here = ask(customer, somewhere())
    assert (there.status_code, there.content) == (here.status_code, here.content)
    assert {*there.headers} == {*here.headers}
    assert not [m for m in shop.mails(taken.email) if CONFIRM in m["subject"]]
    assert address(taken)[0] == taken.email


def test_an_address_that_was_taken_meanwhile_is_not_given_twice(
    shop: Shop, customer: Person, acting_as: Callable[..., Person]
) -> None:
    new = somewhere()
    token = wanted(shop, customer, new)
    acting_as(email=new)
    assert post(shop, "auth/verify/", token=token).status_code == 400
    assert address(customer)[0] == customer.email


def test_a_second_wish_a_new_password_and_time_void_the_first(
    shop: Shop, customer: Person, database: psycopg.Connection[Any]
) -> None:
    """A9: void after another wish, after a change of password, after three days."""
    first, second, third, fourth = (somewhere() for _ in range(4))
    token = wanted(shop, customer, first)
    following = wanted(shop, customer, second)
    assert post(shop, "auth/verify/", token=token).status_code == 400
    assert renew(shop, *forgotten(shop, customer)).status_code == 200
    assert post(shop, "auth/verify/", token=following).status_code == 400
    customer.client.headers["Authorization"] = f"Bearer {login(shop, customer.email, NEW).json()['access']}"
    assert ask(customer, third, NEW).status_code == 202
    late = token_of(shop, third, CONFIRM, "verify")
    database.execute("update auth.one_time_tokens set expires_at = now() where email = %s", [third])
    assert post(shop, "auth/verify/", token=late).status_code == 400
    assert address(customer)[0] == customer.email
    assert ask(customer, fourth, NEW).status_code == 202
    assert post(shop, "auth/verify/", token=token_of(shop, fourth, CONFIRM, "verify")).status_code == 200


def test_a_link_pressed_fifty_times_at_once_changes_once(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]]
) -> None:
    """A9: single use under a race of fifty."""
    new = somewhere()
    token = wanted(shop, customer, new)
    answers = at_once([lambda: post(shop, "auth/verify/", token=token)] * 50)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert address(customer) == (new, True)


def test_the_mail_that_proves_an_address_is_sent_again(shop: Shop, customer: Person) -> None:
    answer = post(shop, "auth/verify/resend/", email=customer.email)
    unknown = post(shop, "auth/verify/resend/", email=somewhere())
    assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content) == (202, answer.content)
    again = token_of(shop, customer.email, "Confirm your address", "verify")
    assert post(shop, "auth/verify/", token=again).status_code == 200
    assert address(customer) == (customer.email, True)

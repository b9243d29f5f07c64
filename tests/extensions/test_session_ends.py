"""What ends a session acts on the very next request, at PostgREST and at the service; and people see their sessions."""

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import PASSWORD, Person, Shop, pgshop
from tests.extensions.test_sessions import REFUSED, WELCOME, pass_grace, refresh, seen

URL = "/api/v1/users/me/sessions/"


@pytest.fixture(scope="session")
def admin(acting_as: Callable[..., Person]) -> Person:
    """Somebody who manages people."""
    return acting_as("admin")


def sign_in(shop: Shop, person: Person, device: str = "another device") -> Person:
    """The same person, once more."""
    client = shop.client()
    client.headers["User-Agent"] = device
    body = {"email": person.email, "password": PASSWORD}
    tokens = client.post("/api/v1/auth/login/", json=body).json()
    client.headers["Authorization"] = f"Bearer {tokens['access']}"
    return Person(client, person.email, person.id, tokens["access"], tokens["refresh"])


def sessions(person: Person) -> list[dict[str, Any]]:
    answer = person.client.get(URL)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def current(person: Person) -> str:
    (session,) = [session["id"] for session in sessions(person) if session["is_current"]]
    return str(session)


@pytest.fixture
def ends(shop: Shop, admin: Person, database: psycopg.Connection[Any]) -> dict[str, Callable[[Person, Person], Any]]:
    """Acts after which all tokens of a victim are dead; the second person is the same one on another device."""
    state = ("--state", str(shop.state))

    def post(person: Person, url: str, **body: Any) -> None:
        answer = person.client.post(url, json=body)
        assert answer.is_success, answer.text

    def reuse(victim: Person) -> None:
        refresh(shop, victim.refresh)
        pass_grace(database, victim)
        assert refresh(shop, victim.refresh).status_code == 401

    def erase(victim: Person) -> None:
        answer = victim.client.request("DELETE", "/api/v1/users/me/", json={"password": PASSWORD})
        assert answer.status_code == 204, answer.text

    return {
        "logout": lambda victim, _: post(victim, "/api/v1/auth/logout/", refresh=victim.refresh),
        "reuse": lambda victim, _: reuse(victim),
        "revoked by itself": lambda victim, _: victim.client.delete(f"{URL}{current(victim)}/"),
        "revoked elsewhere": lambda victim, other: other.client.delete(f"{URL}{current(victim)}/"),
        "all others revoked": lambda _, other: post(other, f"{URL}revoke-others/"),
        "password change": lambda _, other: post(
            other,
            "/api/v1/auth/password/change/",
            current_password=PASSWORD,
            password="a new password of mine",
            password2="a new password of mine",
        ),
        "ban": lambda victim, _: post(admin, "/rest/v1/rpc/set_account_active", account_id=victim.id, is_active=False),
        "ban by command": lambda victim, _: pgshop("user", "ban", "--email", victim.email, *state),
        "deletion": lambda victim, _: erase(victim),
    }


END = [
    *("logout", "reuse", "revoked by itself", "revoked elsewhere", "all others revoked"),
    *("password change", "ban", "ban by command", "deletion"),
]


@pytest.mark.parametrize("how", END)
def test_the_next_request_is_refused(shop: Shop, customer: Person, ends: dict[str, Any], how: str) -> None:
    """A4: no access token outlives its session by a request, and no refresh token at all."""
    assert ends.keys() == set(END)
    victim, bystander = sign_in(shop, customer), sign_in(shop, customer)
    assert seen(shop, victim.access) == seen(shop, bystander.access) == WELCOME
    ends[how](victim, bystander)
    assert seen(shop, victim.access) == REFUSED
    assert refresh(shop, victim.refresh).status_code == 401
    # What concerns the session leaves the others alone, what concerns the account does not.
    assert seen(shop, bystander.access) == (REFUSED if how in {"ban", "ban by command", "deletion"} else WELCOME)


def test_a_changed_role_acts_on_the_next_request(shop: Shop, customer: Person) -> None:
    """A4: the session goes on, with tokens that say what the account may do now."""
    for role in ("staff", "customer"):
        before = refresh(shop, customer.refresh).json()
        pgshop("user", "role", "--email", customer.email, "--role", role, "--state", str(shop.state))
        assert seen(shop, before["access"]) == REFUSED
        after = refresh(shop, before["refresh"]).json()
        assert seen(shop, after["access"]) == WELCOME
        customer.refresh = after["refresh"]


def test_a_ban_is_for_admins_and_can_be_taken_back(shop: Shop, customer: Person, admin: Person, staff: Person) -> None:
    url, body = "/rest/v1/rpc/set_account_active", {"account_id": customer.id, "is_active": False}
    for person in (customer, staff):
        assert person.client.post(url, json=body).status_code == 403
    assert admin.client.post(url, json=body).status_code == 204
    login = {"email": customer.email, "password": PASSWORD}
    assert shop.client().post("/api/v1/auth/login/", json=login).json()["code"] == "invalid_credentials"
    pgshop("user", "unban", "--email", customer.email, "--state", str(shop.state))
    # What the ban has ended stays so.
    assert seen(shop, customer.access) == REFUSED
    assert refresh(shop, customer.refresh).status_code == 401
    assert seen(shop, sign_in(shop, customer).access) == WELCOME
    answer = admin.client.post(url, json={**body, "account_id": str(uuid.uuid4())})
    assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")
    no_one = pgshop("user", "ban", "--email", "nobody@example.com", "--state", str(shop.state), check=False)
    assert "nobody@example.com has no account." in no_one.stderr


def test_people_see_where_they_are_signed_in(shop: Shop, customer: Person, database: psycopg.Connection[Any]) -> None:
    phone = sign_in(shop, customer, "Phone/1.0")
    first, second = sessions(phone)
    assert (first["device"], first["is_current"], second["is_current"]) == ("Phone/1.0", True, False)
    assert first.keys() == {*("id", "device", "ip_address", "created_at", "last_used_at", "expires_at", "is_current")}
    assert (first["ip_address"], first["created_at"]) == ("127.0.0.1", first["last_used_at"])
    database.execute(
        "update auth.sessions set rotated_at = rotated_at - interval '1 hour' where id = %s", [first["id"]]
    )
    older = sessions(phone)[1]
    assert older["id"] == first["id"]
    refresh(shop, phone.refresh)
    assert sessions(phone)[0]["last_used_at"] > older["last_used_at"]
    # Reading writes nothing.
    before = database.execute("select s.xmin::text, s.* from auth.sessions s where account_id = %s", [customer.id])
    rows = before.fetchall()
    sessions(phone)
    after = database.execute("select s.xmin::text, s.* from auth.sessions s where account_id = %s", [customer.id])
    assert after.fetchall() == rows


def test_nobody_sees_or_ends_another_persons_sessions(shop: Shop, customer: Person, acting_as: Any) -> None:
    stranger = acting_as()
    assert current(customer) not in {session["id"] for session in sessions(stranger)}
    for session in (current(customer), str(uuid.uuid4()), "nonsense"):
        answer = stranger.client.delete(f"{URL}{session}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")
    assert stranger.client.post(f"{URL}revoke-others/").json() == {"ended": 0}
    assert seen(shop, customer.access) == WELCOME
    for method, url in (("GET", URL), ("DELETE", f"{URL}{current(customer)}/"), ("POST", f"{URL}revoke-others/")):
        assert shop.client().request(method, url).status_code == 401

"""Sessions: refresh tokens are used up, and what ends a session ends its access tokens on the next request."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import httpx
import psycopg

from tests.conftest import PASSWORD, Person, Shop

URL = "/api/v1/auth/refresh/"
# One of PostgREST in each dress, one of the service.
PLACES = ["/api/v1/users/me/", "/rest/v1/customers", "/api/v1/payments/create-intent/"]


def refresh(shop: Shop, token: str) -> httpx.Response:
    return shop.client().post(URL, json={"refresh": token})


def seen(shop: Shop, token: str) -> list[int]:
    """The answers that an access token gets in each place; 422 is the service's after it has let one in."""
    client = shop.client(token)
    return [(client.post(place, json={}) if "payments" in place else client.get(place)).status_code for place in PLACES]


WELCOME, REFUSED = [200, 200, 422], [401, 401, 401]


def pass_grace(database: psycopg.Connection[Any], person: Person) -> None:
    """What was rotated just now was rotated long ago."""
    database.execute(
        "update auth.sessions set rotated_at = rotated_at - interval '1 minute' where account_id = %s", [person.id]
    )


def test_refreshing_gives_a_new_pair(shop: Shop, customer: Person) -> None:
    answer = refresh(shop, customer.refresh)
    assert answer.status_code == 200, answer.text
    pair = answer.json()
    assert pair.keys() == {"access", "refresh"}
    assert pair["refresh"] != customer.refresh
    assert pair["access"] != customer.access
    assert seen(shop, pair["access"]) == seen(shop, customer.access) == WELCOME
    assert refresh(shop, pair["refresh"]).status_code == 200


def test_a_reused_refresh_token_ends_the_session(
    shop: Shop, customer: Person, database: psycopg.Connection[Any]
) -> None:
    """A1: every token of the family is dead, access tokens too."""
    second = refresh(shop, customer.refresh).json()
    pass_grace(database, customer)
    reused = refresh(shop, customer.refresh)
    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert reused.headers["www-authenticate"].startswith("Bearer")
    # Nobody knows who of the two is the thief, so both are out.
    assert refresh(shop, second["refresh"]).json()["code"] == "token_invalid"
    assert seen(shop, customer.access) == seen(shop, second["access"]) == REFUSED


def test_a_token_of_two_generations_ago_ends_the_session_at_once(shop: Shop, customer: Person) -> None:
    second = refresh(shop, customer.refresh).json()
    third = refresh(shop, second["refresh"]).json()
    assert refresh(shop, customer.refresh).json()["code"] == "refresh_token_reused"
    assert refresh(shop, third["refresh"]).status_code == 401


def test_a_hundred_refreshes_at_once_leave_one_lineage(
    shop: Shop, customer: Person, at_once: Callable[..., list[httpx.Response]], database: psycopg.Connection[Any]
) -> None:
    """A2: also ten tabs at once, one of the two benign reuses."""
    client, body = shop.client(), {"refresh": customer.refresh}
    with ThreadPoolExecutor(1) as aside:
        going = aside.submit(at_once, [lambda: client.post(URL, json=body)] * 100)
        while not going.done():
            # However slow the machine is: they are at once, and the grace is not over between them.
            database.execute(
                "update auth.sessions set rotated_at = now() where account_id = %s and counter = 1", [customer.id]
            )
            wait([going], timeout=1)
    answers = going.result()
    assert {answer.status_code for answer in answers} == {200}
    (second,) = {answer.json()["refresh"] for answer in answers}
    sessions = database.execute("select counter from auth.sessions where account_id = %s", [customer.id]).fetchall()
    assert sessions == [{"counter": 1}]
    third = refresh(shop, second).json()
    assert seen(shop, third["access"]) == WELCOME
    # The hundred had no descendants but this one, and what is stale ends it.
    pass_grace(database, customer)
    assert refresh(shop, second).json()["code"] == "refresh_token_reused"
    assert refresh(shop, third["refresh"]).status_code == 401
    assert {tuple(seen(shop, answer.json()["access"])) for answer in answers[:5]} == {tuple(REFUSED)}


def test_who_lost_the_answer_asks_again(shop: Shop, customer: Person) -> None:
    """A3: the other benign reuse."""
    lost = refresh(shop, customer.refresh).json()
    again = refresh(shop, customer.refresh)
    assert (again.status_code, again.json()["refresh"]) == (200, lost["refresh"])
    assert seen(shop, again.json()["access"]) == WELCOME
    assert refresh(shop, again.json()["refresh"]).status_code == 200


def altered(token: str) -> list[str]:
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    made = []
    # In the session, in the counter, in the signature.
    for place in (3, 19, 40):
        copy = bytearray(raw)
        copy[place] ^= 1
        made.append(base64.urlsafe_b64encode(bytes(copy)).rstrip(b"=").decode())
    return [*made, token[:-4], token + "AAAA", "", "x", "ä" * 70, "=" * 70, "A" * 70, token.swapcase()]


def test_only_our_own_refresh_tokens_are_taken(shop: Shop, customer: Person) -> None:
    for token in [*altered(customer.refresh), customer.access]:
        answer = refresh(shop, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), token
    assert refresh(shop, customer.refresh).status_code == 200


def test_an_expired_session_is_over(shop: Shop, customer: Person, database: psycopg.Connection[Any]) -> None:
    database.execute("update auth.sessions set expires_at = now() where account_id = %s", [customer.id])
    assert refresh(shop, customer.refresh).status_code == 401
    assert seen(shop, customer.access) == REFUSED


def test_logout_ends_access_on_the_next_request(shop: Shop, customer: Person) -> None:
    other = shop.client().post("/api/v1/auth/login/", json={"email": customer.email, "password": PASSWORD}).json()
    answer = customer.client.post("/api/v1/auth/logout/", json={"refresh": customer.refresh})
    assert (answer.status_code, answer.json()) == (200, {"detail": "Logged out successfully"})
    assert seen(shop, customer.access) == REFUSED
    assert refresh(shop, customer.refresh).status_code == 401
    assert customer.client.post("/api/v1/auth/logout/", json={"refresh": customer.refresh}).status_code == 401
    # Another device stays signed in.
    assert seen(shop, other["access"]) == WELCOME


def test_logout_wants_both_tokens_of_one_session(shop: Shop, customer: Person, acting_as: Any) -> None:
    url = "/api/v1/auth/logout/"
    for token in (acting_as().refresh, "x", customer.access):
        answer = customer.client.post(url, json={"refresh": token})
        assert (answer.status_code, answer.json()["code"]) == (400, "token_invalid")
    assert customer.client.post(url, json={}).status_code == 422
    assert shop.client().post(url, json={"refresh": customer.refresh}).status_code == 401
    assert seen(shop, customer.access) == WELCOME


def test_me_is_the_same_person_on_both_surfaces(shop: Shop, customer: Person) -> None:
    (row,) = customer.client.get("/rest/v1/customers").json()
    me = customer.client.get("/api/v1/users/me/").json()
    assert (row["id"], row["email"]) == (me["id"], me["email"]) == (customer.id, customer.email)
    for place in PLACES[:2]:
        assert shop.client().get(place).status_code == 401

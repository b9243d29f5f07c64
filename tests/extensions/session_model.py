"""A model of accounts and their sessions, and the requests that hold the shop against it."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
import psycopg
from hypothesis.stateful import RuleBasedStateMachine

from tests.conftest import PASSWORD

# One place of PostgREST, one of the service, and what each answers to who is let in.
PLACES = (("GET", "/rest/v1/customers?select=id", None, 200), ("POST", "/api/v1/payments/create-intent/", {}, 422))


@dataclass
class Account:
    email: str
    id: str
    password: str = PASSWORD
    role: str = "customer"
    is_active: bool = True


@dataclass
class Session:
    """`refresh[n]` is the token of counter n, None if its answer was lost; access tokens go with the role they name."""

    account: Account
    id: str
    refresh: list[str | None]
    access: list[tuple[str, str]]
    is_alive: bool = True
    is_in_grace: bool = False

    @property
    def is_open(self) -> bool:
        return self.is_alive and self.account.is_active

    def newest(self) -> int:
        """The newest token that the owner knows."""
        return max(n for n, token in enumerate(self.refresh) if token)


@dataclass
class Ground:
    """What the machine runs on."""

    client: httpx.Client
    database: psycopg.Connection[Any]
    admin: httpx.Client
    steps: int = 0
    seen: dict[str, int] = field(default_factory=dict)


class Modelled(RuleBasedStateMachine):
    """The world as it should be, and ways to hold the real one against it."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.accounts: list[Account] = []
        self.sessions: list[Session] = []
        self.changes = 0

    def post(self, url: str, token: str = "", **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.ground.client.post(url, json=body, headers=headers)

    def count(self, name: str) -> None:
        self.ground.steps += 1
        self.ground.seen[name] = self.ground.seen.get(name, 0) + 1

    def session(self, pick: int) -> Session:
        """The later ones more often, since the first are soon dead."""
        return self.sessions[-1 - pick % len(self.sessions)]

    def present(self, session: Session, counter: int, *, is_lost: bool = False) -> None:
        """Show a refresh token, and expect what the model says."""
        token, current = session.refresh[counter], len(session.refresh) - 1
        if session.is_in_grace:
            # However slow the machine is: the model's clock counts.
            self.move(session, "rotated_at = now()")
        answer = self.post("/api/v1/auth/refresh/", refresh=token)
        said = answer.status_code, answer.json().get("code")
        if not session.is_open:
            assert said == (401, "token_invalid")
        elif counter == current:
            assert said == (200, None), answer.text
            session.is_in_grace = True
            session.refresh.append(None)
            self.keep(session, answer, is_lost=is_lost)
        elif counter == current - 1 and session.is_in_grace:
            assert said == (200, None), answer.text
            assert session.refresh[current] in {None, answer.json()["refresh"]}
            self.keep(session, answer, is_lost=is_lost)
        else:
            assert said == (401, "refresh_token_reused"), answer.text
            session.is_alive = False
        self.look(session)

    def keep(self, session: Session, answer: httpx.Response, *, is_lost: bool) -> None:
        assert answer.json()["refresh"] not in session.refresh[:-1]
        if not is_lost:
            session.refresh[-1] = answer.json()["refresh"]
            session.access.append((answer.json()["access"], session.account.role))

    def move(self, session: Session, change: str) -> None:
        """Let time pass for a session: nothing may sleep."""
        self.ground.database.execute(f"update auth.sessions set {change} where id = %s", [session.id])

    def look(self, session: Session, which: int = -1) -> None:
        """The very next request, at PostgREST and the service by turns."""
        token, role = session.access[which]
        method, url, body, welcome = PLACES[self.ground.steps % 2]
        answer = self.ground.client.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})
        expected = welcome if session.is_open and session.account.role == role else 401
        assert answer.status_code == expected, f"{url}: {answer.text}"

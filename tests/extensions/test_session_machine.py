"""A12: what sessions do, against a model of them: thousands of steps through the port, from a seed that is printed."""

import os
import time
import uuid
from collections.abc import Callable

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from tests.conftest import PASSWORD, Person, Shop
from tests.extensions.session_model import Account, Ground, Modelled, Session
from tests.figures import Tell

pytestmark = pytest.mark.usefixtures("drained")
SEED = int(os.environ.get("SESSION_MACHINE_SEED", "20260401"))
EXAMPLES, LENGTH, FLOOR = 115, 100, 5000
SESSIONS = "/api/v1/users/me/sessions/"
Pick = st.integers(0, 999)


class Machine(Modelled):
    @initialize()
    def begin(self) -> None:
        self.register()
        self.login(0)

    @precondition(lambda self: len(self.accounts) < 2)
    @rule()
    def register(self) -> None:
        email = f"{uuid.uuid4().hex}@example.com"
        body = {"email": email, "password": PASSWORD, "password2": PASSWORD}
        assert self.post("/api/v1/auth/register/", **body).status_code == 201
        row = self.ground.database.execute("select id::text from shop.customers where email = %s", [email]).fetchone()
        assert row
        self.accounts.append(Account(email, row["id"]))
        self.count("register")

    @precondition(lambda self: sum(session.is_open for session in self.sessions) < 2)
    @rule(pick=Pick)
    def login(self, pick: int) -> None:
        account = self.accounts[pick % len(self.accounts)]
        answer = self.post("/api/v1/auth/login/", email=account.email, password=account.password)
        assert answer.status_code == (200 if account.is_active else 401), answer.text
        if account.is_active:
            pair = answer.json()
            listed = self.ground.client.get(SESSIONS, headers={"Authorization": f"Bearer {pair['access']}"}).json()
            (current,) = [session["id"] for session in listed["results"] if session["is_current"]]
            made = Session(account, current, [pair["refresh"]], [(pair["access"], account.role)])
            assert listed["count"] == 1 + sum(s.is_open and s.account is account for s in self.sessions)
            self.sessions.append(made)
            self.look(made)
        self.count("login")

    @rule(pick=Pick)
    def refresh(self, pick: int) -> None:
        session = self.session(pick)
        self.present(session, session.newest())
        self.count("refresh")

    @rule(pick=Pick)
    def lose_the_answer(self, pick: int) -> None:
        session = self.session(pick)
        self.present(session, session.newest(), is_lost=True)
        self.count("lost answer")

    @rule(pick=Pick)
    def steal_and_use(self, pick: int) -> None:
        """The thief is quicker, and the owner shows the same token afterwards."""
        session = self.session(pick)
        stolen = session.newest()
        self.present(session, stolen)
        if session.is_alive:
            self.present(session, stolen)
        self.count("theft")

    @rule(pick=Pick, age=Pick)
    def reuse(self, pick: int, age: int) -> None:
        session = self.session(pick)
        known = [n for n, token in enumerate(session.refresh) if token]
        self.present(session, known[-1 - age % len(known)])
        self.count("reuse")

    @rule(pick=Pick)
    def let_the_grace_pass(self, pick: int) -> None:
        session = self.session(pick)
        self.move(session, "rotated_at = rotated_at - interval '1 minute'")
        session.is_in_grace = False
        self.look(session)
        self.count("clock past the grace")

    @rule(pick=Pick, rarely=st.integers(0, 5))
    def let_it_expire(self, pick: int, rarely: int) -> None:
        if rarely == 0:
            session = self.session(pick)
            self.move(session, "expires_at = now()")
            session.is_alive = False
            self.look(session)
            self.count("clock past the end")

    @rule(pick=Pick, which=Pick)
    def use(self, pick: int, which: int) -> None:
        session = self.session(pick)
        self.look(session, which % len(session.access))
        self.count("use")

    @rule(pick=Pick, rarely=st.integers(0, 2))
    def logout(self, pick: int, rarely: int) -> None:
        if rarely == 0:
            session = self.session(pick)
            token, role = session.access[-1]
            answer = self.post("/api/v1/auth/logout/", token, refresh=session.refresh[session.newest()])
            assert answer.status_code == (200 if session.is_open and role == session.account.role else 401), answer.text
            session.is_alive = session.is_alive and answer.status_code != 200
            self.look(session)
            self.count("logout")

    @rule(pick=Pick, other=Pick, rarely=st.integers(0, 1))
    def revoke(self, pick: int, other: int, rarely: int) -> None:
        if rarely == 0:
            actor, target = self.session(pick), self.session(other)
            token, role = actor.access[-1]
            headers = {"Authorization": f"Bearer {token}"}
            answer = self.ground.client.delete(f"{SESSIONS}{target.id}/", headers=headers)
            may = actor.is_open and role == actor.account.role
            theirs = target.account is actor.account and target.is_open
            assert answer.status_code == ((204 if theirs else 404) if may else 401), answer.text
            target.is_alive = target.is_alive and answer.status_code != 204
            self.look(target)
            self.count("revoke")

    @rule(pick=Pick, rarely=st.integers(0, 2))
    def revoke_others(self, pick: int, rarely: int) -> None:
        if rarely == 0:
            actor = self.session(pick)
            token, role = actor.access[-1]
            answer = self.post(f"{SESSIONS}revoke-others/", token)
            may = actor.is_open and role == actor.account.role
            assert answer.status_code == (200 if may else 401), answer.text
            if may:
                self.end_all(actor.account, actor)
            self.count("revoke others")

    def end_all(self, account: Account, kept: Session | None = None) -> None:
        for session in self.sessions:
            if session.account is account and session is not kept and session.is_alive:
                session.is_alive = False
                self.look(session)

    @rule(pick=Pick, rarely=st.integers(0, 4))
    def ban_or_unban(self, pick: int, rarely: int) -> None:
        account = self.accounts[pick % len(self.accounts)]
        if rarely == 0 or not account.is_active:
            account.is_active = not account.is_active
            body = {"account_id": account.id, "is_active": account.is_active}
            assert self.ground.admin.post("/rest/v1/rpc/set_account_active", json=body).status_code == 204
            self.end_all(account)
            self.count("unban" if account.is_active else "ban")

    @rule(pick=Pick, rarely=st.integers(0, 2))
    def change_role(self, pick: int, rarely: int) -> None:
        if rarely:
            return
        account = self.accounts[pick % len(self.accounts)]
        account.role = "staff" if account.role == "customer" else "customer"
        self.ground.database.execute("select logic.set_role(%s, %s)", [account.email, account.role])
        for session in self.sessions:
            if session.account is account and session.is_open:
                self.look(session)
        self.count("role")

    @precondition(lambda self: self.changes < 1)
    @rule(pick=Pick)
    def change_password(self, pick: int) -> None:
        actor = self.session(pick)
        token, role = actor.access[-1]
        new = f"another good one {uuid.uuid4().hex[:8]}"
        body = {"current_password": actor.account.password, "password": new, "password2": new}
        answer = self.post("/api/v1/auth/password/change/", token, **body)
        may = actor.is_open and role == actor.account.role
        assert answer.status_code == (200 if may else 401), answer.text
        if may:
            self.changes += 1
            actor.account.password = new
            self.end_all(actor.account, actor)
            self.look(actor)
        self.count("password")


@pytest.mark.timeout(1800)
def test_sessions_do_what_the_model_says(shop: Shop, acting_as: Callable[..., Person], tell: Tell) -> None:
    started = time.monotonic()
    with shop.connect() as database:
        Machine.ground = ground = Ground(shop.client(), database, acting_as("admin").client)
        run_state_machine_as_test(
            hypothesis.seed(SEED)(Machine),
            settings=hypothesis.settings(
                max_examples=EXAMPLES, stateful_step_count=LENGTH, deadline=None, database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck), print_blob=False,
            ),
        )  # fmt: skip
    tell(f"session machine: seed {SEED}, {ground.steps} steps in {time.monotonic() - started:.0f} s: {ground.seen}")
    assert ground.steps >= FLOOR
    assert min(ground.seen.values()) >= 20, "every kind of step was taken"

"""The roles have what bootstrap gives them and nothing more."""

from typing import Any

import psycopg
import pytest

from db.bootstrap import GROUPS, LOGINS

Connection = psycopg.Connection[Any]
ROLES = [*GROUPS, *LOGINS]
# Milliseconds would hide a unit; these are PostgreSQL's own words.
TIMEOUTS = {
    "anon": {"statement_timeout=3s"},
    "customer": {"statement_timeout=5s"},
    "staff": {"statement_timeout=15s"},
    "admin": {"statement_timeout=15s"},
    "integration": {"statement_timeout=5s"},
    "authenticator": {"statement_timeout=5s", "lock_timeout=4s", "idle_in_transaction_session_timeout=10s"},
    "service": {"statement_timeout=10s", "idle_in_transaction_session_timeout=10s"},
    "worker": {"statement_timeout=30s", "idle_in_transaction_session_timeout=30s"},
}


def powerful(connection: Connection) -> set[str]:
    return {
        row[0]
        for row in connection.execute(
            """select rolname from pg_roles
            where (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
              and rolname !~ '^pg_'"""
        )
    }


def memberships(connection: Connection) -> set[tuple[str, str]]:
    return set(
        connection.execute(
            """select member::regrole::text, roleid::regrole::text from pg_auth_members
            where member::regrole::text = any(%s)""",
            [ROLES],
        ).fetchall()
    )


def test_only_the_superuser_of_the_start_is_above_the_rules(superuser: Connection) -> None:
    assert powerful(superuser) == {"postgres"}
    superuser.execute("alter role worker bypassrls")
    assert powerful(superuser) == {"postgres", "worker"}


def test_groups_cannot_log_in_and_logins_can(superuser: Connection) -> None:
    found = dict(superuser.execute("select rolname, rolcanlogin from pg_roles where rolname = any(%s)", [ROLES]))
    assert found == {**dict.fromkeys(GROUPS, False), **dict.fromkeys(LOGINS, True)}


def test_authenticator_and_migrator_have_nothing_until_they_become_somebody(superuser: Connection) -> None:
    rows = superuser.execute("select rolname from pg_roles where not rolinherit and rolname = any(%s)", [ROLES])
    assert {row[0] for row in rows} == {"authenticator", "migrator"}


def test_the_memberships_are_the_ones_drawn(superuser: Connection) -> None:
    drawn = {
        ("authenticator", "anon"), ("authenticator", "customer"), ("authenticator", "staff"),
        ("authenticator", "admin"), ("staff", "customer"), ("admin", "staff"), ("migrator", "owner"),
        ("authenticator", "integration"), ("integration", "anon"),
        # For logic.readings, which says how many statements run and what they take.
        ("owner", "pg_read_all_stats"),
    }  # fmt: skip
    assert memberships(superuser) == drawn
    superuser.execute("grant owner to service")
    assert memberships(superuser) - drawn == {("service", "owner")}


def test_nobody_but_the_owner_owns_anything(superuser: Connection) -> None:
    question = """select c.oid::regclass::text from pg_class c
        where pg_get_userbyid(c.relowner) = any(%(roles)s)
        union all select p.oid::regprocedure::text from pg_proc p where pg_get_userbyid(p.proowner) = any(%(roles)s)
        union all select nspname::text from pg_namespace where pg_get_userbyid(nspowner) = any(%(roles)s)"""
    others = [role for role in ROLES if role != "owner"]
    assert superuser.execute(question, {"roles": others}).fetchall() == []
    assert superuser.execute(question, {"roles": ["owner"]}).fetchall() != []


@pytest.mark.parametrize("role", TIMEOUTS)
def test_no_caller_may_hold_the_database_for_long(superuser: Connection, role: str) -> None:
    row = superuser.execute("select rolconfig from pg_roles where rolname = %s", [role]).fetchone()
    assert row
    assert set(row[0]) == TIMEOUTS[role]


def test_passwords_are_not_readable_as_they_are(superuser: Connection) -> None:
    rows = superuser.execute("select rolname, rolpassword from pg_authid where rolname = any(%s)", [ROLES]).fetchall()
    stored = dict(rows)
    assert {role for role, password in stored.items() if password} == set(LOGINS)
    assert all(password.startswith("SCRAM-SHA-256$") for password in stored.values() if password)

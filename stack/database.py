"""Bring the shop's database up to date at a start, and on the first one fill it with the demo shop."""

import time
from collections.abc import Callable

from extensions.config import Settings
from stack.environment import Plan, own_keys
from stack.errors import StackError
from stack.state import State

Report = Callable[[str, str], None]


def prepare_database(state: State, todo: Plan, report: Report) -> None:
    """Roles, migrations, and on the first start the demo shop. Raises StackError."""
    import psycopg

    from db.bootstrap import LOGINS, bootstrap
    from db.migrate import migrate
    from stack.signing import register

    begun = time.monotonic()
    secret = state.secrets()
    try:
        bootstrap(todo.admin_url, {role: secret[role] for role in LOGINS})
        applied = migrate(state.data["urls"]["database_url"])
        report("migrate", f"{len(applied)} migrations applied, API rebuilt after {time.monotonic() - begun:.1f} s")
        given = own_keys(todo.settings) or secret["jwt_private_key"]
        register(state.data["urls"]["database_url"], given, todo.settings.access_token_seconds)
        ask_of_staff(state.data["urls"]["database_url"], todo.settings)
        if state.data["demo"]:
            seed_demo(state, report)
    except psycopg.OperationalError as error:
        raise StackError(
            f"migrate: the database refused us: {error}",
            "It knows the passwords in secrets.json: restore that file, or begin anew with "
            f"`pgshop down --purge{state.option}`.",
        ) from error
    except psycopg.Error as error:
        raise StackError(f"migrate: {error}", "Mend the file it names, or the database's state.") from error


def ask_of_staff(url: str, settings: Settings) -> None:
    """Where staff must have a second factor, nobody goes on without one who had signed in before that was so."""
    import psycopg

    if settings.staff_mfa == "required":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("select logic.end_unproven_sessions()")


def seed_demo(state: State, report: Report) -> None:
    """The demo shop, if the shop is empty."""
    from db.demo import is_empty, seed

    if is_empty(state.data["urls"]["database_url"]):
        counts = seed(state.data["urls"]["database_url"], state.media)
        report("seed", ", ".join(f"{count} {what}" for what, count in counts.items()))

"""The commands that work on the shop's data: migrate, seed, users, import, export."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stack.errors import StackError

StateOption = Annotated[Path, typer.Option("--state", help="The folder that holds everything of this stack.")]
HERE = Path(".pgshop")
err = Console(stderr=True, highlight=False)


class Role(StrEnum):
    """What an account may do: buy; sell; also manage people and settings."""

    customer = "customer"
    staff = "staff"
    admin = "admin"


def database_url(folder: Path) -> str:
    """The running stack's database as its owner. Raises StackError when it does not run."""
    from stack.state import State
    from stack.supervision import Supervisor

    state = State.at(folder)
    if Supervisor(state).pid() is None:
        raise StackError(
            f"No stack is running in {state.folder}.", "Start one with `pgshop up`, or name another --state."
        )
    return str(state.data["urls"]["database_url"])


def migrate(
    rollback: Annotated[int, typer.Option(min=0, help="Undo the newest N migrations instead.")] = 0,
    list_: Annotated[bool, typer.Option("--list", help="Only show which are applied.")] = False,
    state: StateOption = HERE,
) -> None:
    """Apply pending migrations and rebuild the API's schemas from their files."""
    import psycopg

    from db import migrate as runner

    url = database_url(state)
    try:
        if list_:
            for name, is_applied in runner.status(url):
                print(f"{'applied' if is_applied else 'pending'}  {name}")
        elif rollback:
            for name in runner.roll_back(url, rollback):
                print(f"undone   {name}")
            err.print("The API stays down until the next `pgshop migrate`.")
        else:
            for name in runner.migrate(url):
                print(f"applied  {name}")
            err.print("The API's schemas are rebuilt; PostgREST reads them in a moment.")
    except psycopg.Error as error:
        raise StackError(
            f"migrate: {error}", "Nothing of the failed file was kept; mend it and run this again."
        ) from None


def seed(state: StateOption = HERE) -> None:
    """Load the demo shop: products, pictures, reviews, accounts. What is there already stays."""
    from db.demo import accounts
    from db.demo import seed as load
    from stack.environment import read_settings
    from stack.state import State

    if read_settings().environment == "production":
        raise StackError("The demo shop is not for production.", "Everybody knows the passwords of its accounts.")
    for what, count in load(database_url(state), State.at(state).media).items():
        print(f"{count:>5} {what}")
    for email, password, role in accounts():
        print(f"{role:>9} {email}  {password}")


def create_user(
    email: Annotated[str, typer.Option(help="Address, which is also the login.")],
    password: Annotated[str | None, typer.Option(help="At least 10 characters.", envvar="PGSHOP_PASSWORD")] = None,
    password_hash: Annotated[
        str | None, typer.Option(help="Instead of a password: pbkdf2_sha256$… of Django, or $argon2id$….")
    ] = None,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.customer,
    state: StateOption = HERE,
) -> None:
    """Make an account of any role, with its address taken as verified."""
    import psycopg

    from extensions.passwords import hash_password, why_refused

    if not password and not password_hash:
        raise StackError("An account needs --password or --password-hash.")
    reason = "" if password_hash else why_refused(password or "", email)
    if reason:
        raise StackError(f"The password is refused: {reason}")
    url = database_url(state)
    # A hash that was brought along is made anew when its owner signs in.
    hashed = password_hash or hash_password(password or "")
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("select logic.create_user(%s, %s, %s)", [email, hashed, role]).fetchone()
    except psycopg.errors.UniqueViolation:
        raise StackError(f"{email} has an account already.", "`pgshop user role` changes what it may do.") from None
    except psycopg.errors.CheckViolation as error:
        is_hash = error.diag.constraint_name == "accounts_password_is_hashed"
        raise StackError("--password-hash is of no known kind." if is_hash else f"{email!r} is no address.") from None
    print(row[0] if row else "")


def set_role(
    email: Annotated[str, typer.Option(help="Address of the account.")],
    role: Annotated[Role, typer.Option(help="What it may do from its next request on.")],
    state: StateOption = HERE,
) -> None:
    """Change what an account may do; its old tokens are refused from the next request on."""
    import psycopg

    with psycopg.connect(database_url(state)) as connection:
        row = connection.execute("select logic.set_role(%s, %s)", [email, role]).fetchone()
    if not row or not row[0]:
        raise StackError(f"{email} has no account.", "`pgshop user create` makes one.")
    print(f"{email} is {role} now")


def forget_mfa(
    email: Annotated[str, typer.Option(help="Address of the account.")],
    state: StateOption = HERE,
) -> None:
    """Remove the second factor of somebody who has lost it, and the recovery codes too; their sessions end."""
    import psycopg

    with psycopg.connect(database_url(state)) as connection:
        row = connection.execute(
            "select logic.remove_second_factor(c.id, true) from shop.customers c where c.email = lower(btrim(%s))",
            [email],
        ).fetchone()
    if not row or not row[0]:
        raise StackError(f"{email} has no account with a second factor.")
    print(f"{email} signs in with the password alone")


def ban(
    email: Annotated[str, typer.Option(help="Address of the account.")],
    state: StateOption = HERE,
) -> None:
    """Lock an account out from its next request on; its sessions end for good."""
    set_active(state, email, is_active=False)
    print(f"{email} is banned")


def unban(
    email: Annotated[str, typer.Option(help="Address of the account.")],
    state: StateOption = HERE,
) -> None:
    """Let a banned account sign in again."""
    set_active(state, email, is_active=True)
    print(f"{email} may sign in again")


def set_active(folder: Path, email: str, *, is_active: bool) -> None:
    """Switch an account on or off. Raises StackError when there is none."""
    import psycopg

    with psycopg.connect(database_url(folder)) as connection:
        row = connection.execute(
            "select logic.set_active((select c.id from shop.customers c where c.email = lower(btrim(%s))), %s)",
            [email, is_active],
        ).fetchone()
    if not row or not row[0]:
        raise StackError(f"{email} has no account.", "`pgshop user create` makes one.")


def reconcile(
    days: Annotated[int, typer.Option(min=1, max=365, help="How far to look back at Stripe.")] = 3,
    state: StateOption = HERE,
) -> None:
    """Bring every payment, refund and dispute up to what Stripe says, and check the ledger.

    Whatever webhooks were lost, the result is the same. Safe to repeat, also while the shop sells. Exit code 1 when
    something is left that fits no order, Stripe does not know what is open here, or the ledger and the payments differ.
    """
    from stack.environment import plan, read_settings
    from stack.state import State

    database_url(state)
    os.environ.update(plan(State.at(state), read_settings()).environment)
    import stripe

    from workers.reconciliation import reconcile as look

    with err.status("asking Stripe …") as progress:
        try:
            found = look(days, lambda kind, count: progress.update(f"{count} {kind.replace('_', ' ')}s …"))
        except stripe.StripeError as error:
            raise StackError(f"Stripe: {error}", "What was found is kept; run it again to go on.") from None
    for what, count in found.items():
        print(f"{count:>7}  {what.replace('_', ' ')}")
    if found["quarantined"] or found["ledger_differences"]:
        raise StackError("Something does not fit.", "Admins were mailed; look at /rest/v1/payment_events as staff.")
    if found["unknown_at_stripe"]:
        raise StackError(
            "Stripe does not know all that is open here.",
            "Is STRIPE_SECRET_KEY of the account that these were made with?",
        )


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    from db.exporting import app as exporting
    from db.importing import app as importing
    from stack.gen import app as generating
    from stack.safekeeping import backup, doctor, restore
    from stack.signing import app as signing

    user = typer.Typer(no_args_is_help=True, help="Accounts.")
    user.command("create")(create_user)
    user.command("role")(set_role)
    user.command("forget-mfa")(forget_mfa)
    user.command("ban")(ban)
    user.command("unban")(unban)
    app.command()(migrate)
    app.command()(seed)
    app.command()(reconcile)
    app.command()(backup)
    app.command()(restore)
    app.command()(doctor)
    app.add_typer(user, name="user")
    app.add_typer(importing, name="import")
    app.add_typer(exporting, name="export")
    app.add_typer(signing, name="keys")
    app.add_typer(generating, name="gen")

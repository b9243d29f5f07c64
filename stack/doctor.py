"""What is wrong with an installation, and what to do about it: `pgshop doctor`."""

import shutil
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from extensions.config import Settings
from stack.backup import target
from workers.mail import connect

OLDEST = 15
ROOM = 2 * 1024**3
LOGINS = ["authenticator", "service", "worker", "migrator"]
# Questions whose answer should be no rows, with what is wrong and what to do.
QUESTIONS = (
    (
        "select rolname from pg_roles where (rolsuper or rolbypassrls) and rolname = any(%(logins)s)",
        "roles that may pass by row level security",
        "alter role … nosuperuser nobypassrls",
    ),
    (
        "select unnest(%(logins)s::text[]) except select rolname from pg_roles",
        "roles are missing",
        "start the shop again; it makes them",
    ),
    (
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and n.nspname in ('shop', 'auth')"
        " and not (c.relrowsecurity and c.relforcerowsecurity)",
        "tables without row level security",
        "call shop.protect(…)",
    ),
    (
        "select unnest(array['pg_trgm', 'unaccent']) except select extname from pg_extension",
        "extensions are missing",
        "create extension … schema extensions",
    ),
    (
        "select last_failed_wal from pg_stat_archiver"
        " where last_failed_time > coalesce(last_archived_time, '-infinity')",
        "pieces of the log are not archived",
        "see docs/how-to/back-up-and-restore.md, before the disk is full",
    ),
    (
        "select topic || ' ' || id from shop.outbox where dead_at is not null",
        "work that was given up",
        "see last_error in shop.outbox",
    ),
)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be; `is_fault` unless it is only advice."""

    what: str
    do: str
    is_fault: bool = True


def examine(settings: Settings, admin_url: str, media: Path) -> Iterator[Finding]:
    """Everything that is looked at."""
    yield from database(admin_url)
    if not media.is_dir():
        yield Finding(f"There is no folder {media} for the pictures.", "Mount it.", is_fault=settings.s3_bucket is None)
    elif shutil.disk_usage(media).free < ROOM:
        yield Finding("Less than 2 GB are free on the disk of the pictures.", "Make room.")
    yield from reached("The mail server", lambda: connect().close(), "SMTP_URL")
    yield from reached("Stripe with this key", lambda: ask_stripe(settings), "STRIPE_SECRET_KEY")
    yield from reached("The webhook's address, from here", lambda: ask_webhook(settings), "PUBLIC_URL")
    if settings.environment == "production":
        weak = {
            "PUBLIC_URL is no https://.": not settings.public_url.startswith("https://"),
            "Staff may sign in without a second factor (STAFF_MFA=required).": settings.staff_mfa == "optional",
            "Backups are not encrypted (BACKUP_RECIPIENT).": settings.backup_recipient is None,
        }
        yield from (Finding(what, "Set it.", is_fault=False) for what, is_so in weak.items() if is_so)


def tell(settings: Settings, admin_url: str, media: Path) -> bool:
    """Print what is found; whether the installation is sound."""
    found = list(examine(settings, admin_url, media))
    for finding in found:
        print(f"{'fault ' if finding.is_fault else 'advice'}  {finding.what}\n        {finding.do}")
    faults = sum(finding.is_fault for finding in found)
    print(f"{faults} faults, {len(found) - faults} pieces of advice")
    return not faults


def database(admin_url: str) -> Iterator[Finding]:
    """What the database knows about itself."""
    try:
        with psycopg.connect(target(admin_url)[1], connect_timeout=5) as connection:
            if connection.info.server_version < OLDEST * 10_000:
                yield Finding(f"PostgreSQL is older than {OLDEST}.", "Upgrade it.")
            row = connection.execute("select extract(epoch from clock_timestamp())").fetchone()
            if row and abs(float(row[0]) - time.time()) > 5:
                yield Finding("The clocks of database and machine differ by more than 5 s.", "Run an NTP client.")
            for question, what, do in QUESTIONS:
                found = [str(row[0]) for row in connection.execute(question.encode(), {"logins": LOGINS})]
                if found:
                    yield Finding(f"{what}: {', '.join(found[:5])}", do)
    except psycopg.OperationalError as error:
        yield Finding(f"The database is not reached: {error}", "See DATABASE_URL.")


def reached(what: str, ask: Callable[[], None], setting: str) -> Iterator[Finding]:
    """Nothing when it answers."""
    try:
        ask()
    except (OSError, smtplib.SMTPException, httpx.HTTPError) as error:
        yield Finding(f"{what} does not answer well: {error or type(error).__name__}", f"See {setting}.")


def ask_stripe(settings: Settings) -> None:
    """Asks for something that only the holder of the key may see."""
    key = settings.stripe_secret_key.get_secret_value() if settings.stripe_secret_key else ""
    base = settings.stripe_api_base or "https://api.stripe.com"
    httpx.get(f"{base}/v1/payment_intents?limit=1", auth=(key, ""), timeout=10).raise_for_status()


def ask_webhook(settings: Settings) -> None:
    """A call without signature has to arrive, and be refused by us."""
    answer = httpx.post(f"{settings.public_url}/api/v1/payments/webhook/", content=b"{}", timeout=10)
    if answer.status_code != 400:
        raise OSError(f"it answers {answer.status_code} where 400 is right")

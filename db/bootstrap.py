"""Make roles, database, schemas and extensions: the one step that needs more rights than the owner has."""

from contextlib import suppress
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

DATABASE = "pgshop"
GROUPS = ("anon", "customer", "staff", "admin", "integration", "owner")
LOGINS = ("authenticator", "service", "worker", "migrator")
SCHEMAS = ("migrations", "shop", "auth", "extensions")


def with_login(url: str, user: str, password: str, database: str | None = None) -> str:
    """The same server as `url`, for another role (and database)."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = f"/{database}" if database else parts.path
    return urlunsplit((parts.scheme, f"{quote(user)}:{quote(password)}@{host}", path, parts.query, ""))


def bootstrap(admin_url: str, passwords: dict[str, str]) -> dict[str, str]:
    """Bring a server to the state that migrations expect; safe to repeat.

    `admin_url` logs in as a superuser or a role with CREATEROLE. If it names the database `postgres`, the shop gets a
    database of its own, else the one that is named. `passwords` has one for each of LOGINS.
    Returns a URL for each of LOGINS; `migrator`'s acts as `owner`. Raises psycopg.Error.
    """
    name = urlsplit(admin_url).path.strip("/") or "postgres"
    database = DATABASE if name == "postgres" else name
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('bootstrap'))")
        make_roles(connection, passwords)
        if (
            database != name
            and not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
        ):
            connection.execute(
                sql.SQL("create database {} owner owner template template0 encoding 'UTF8'").format(
                    sql.Identifier(database)
                )
            )
    target = urlunsplit(urlsplit(admin_url)._replace(path=f"/{database}"))
    with psycopg.connect(target, autocommit=True) as connection:
        make_schemas(connection, database)
    return {role: with_login(admin_url, role, passwords[role], database) for role in LOGINS}


def make_roles(connection: psycopg.Connection, passwords: dict[str, str]) -> None:
    """Create what is missing and set attributes and passwords anew, so that a changed password takes effect."""
    present = {row[0] for row in connection.execute("select rolname from pg_roles")}
    for role in (*GROUPS, *LOGINS):
        if role not in present:
            connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
    for role in LOGINS:
        inherit = "noinherit" if role in {"authenticator", "migrator"} else "inherit"
        connection.execute(
            sql.SQL("alter role {} login {} password {}").format(
                sql.Identifier(role), sql.SQL(inherit), sql.Literal(scrambled(connection, role, passwords[role]))
            )
        )
    # An admin is staff and staff may shop: policies and grants are inherited, never written twice.
    for statement in (
        "grant anon, customer, staff, admin, integration to authenticator",
        "grant customer to staff",
        "grant staff to admin",
        # Other programs are visitors, and what the scopes of their key let them be.
        "grant anon to integration",
        "grant owner to migrator",
        "grant owner to current_user",
        "alter role migrator set role = 'owner'",
        # One slow caller must not hold a connection of the pool for long.
        "alter role anon set statement_timeout = '3s'",
        "alter role customer set statement_timeout = '5s'",
        "alter role staff set statement_timeout = '15s'",
        "alter role admin set statement_timeout = '15s'",
        "alter role integration set statement_timeout = '5s'",
        "alter role authenticator set statement_timeout = '5s'",
        "alter role authenticator set lock_timeout = '4s'",
        "alter role authenticator set idle_in_transaction_session_timeout = '10s'",
        "alter role service set statement_timeout = '10s'",
        "alter role service set idle_in_transaction_session_timeout = '10s'",
        "alter role worker set statement_timeout = '30s'",
        "alter role worker set idle_in_transaction_session_timeout = '30s'",
    ):
        connection.execute(statement)


def scrambled(connection: psycopg.Connection, role: str, password: str) -> str:
    """What the server stores of a password. In clear it must not even be sent: statements get into logs."""
    return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


def make_schemas(connection: psycopg.Connection, database: str) -> None:
    """Create the lasting schemas for the owner and the extensions that the tables lean on."""
    for schema in SCHEMAS:
        connection.execute(sql.SQL("create schema if not exists {} authorization owner").format(sql.Identifier(schema)))
    for extension in ("pg_trgm", "unaccent"):
        connection.execute(
            sql.SQL("create extension if not exists {} schema extensions").format(sql.Identifier(extension))
        )
    count_statements(connection)
    connection.execute("revoke all on schema public from public")
    connection.execute("grant usage on schema extensions to anon, customer, service, worker")
    connection.execute(
        sql.SQL("grant create, connect, temporary on database {} to owner").format(sql.Identifier(database))
    )
    connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
    connection.execute(
        sql.SQL("grant connect on database {} to authenticator, service, worker, migrator").format(
            sql.Identifier(database)
        )
    )


def count_statements(connection: psycopg.Connection) -> None:
    """Let the owner see what runs and what takes long, for logic.readings; where that may not be, less is seen."""
    for statement in (
        "grant pg_read_all_stats to owner",
        "create extension if not exists pg_stat_statements schema extensions",
        "revoke all on extensions.pg_stat_statements, extensions.pg_stat_statements_info from public",
        "grant select on extensions.pg_stat_statements to owner",
    ):
        with suppress(psycopg.Error), connection.transaction():
            connection.execute(statement)

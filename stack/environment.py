"""The environment of every part: settings as given, and for what is embedded, where it is found."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from pydantic import SecretStr, ValidationError

from db.bootstrap import DATABASE, LOGINS, with_login
from extensions.config import Settings
from stack.errors import StackError
from stack.state import EMBEDDED, PARTS, State


@dataclass(frozen=True)
class Plan:
    """What a start is going to do: which parts, with which settings and environment."""

    settings: Settings
    parts: list[str]
    environment: dict[str, str]
    admin_url: str


def read_settings() -> Settings:
    """The settings from environment and .env. Raises StackError that names each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            "".join(f"{part}: ".upper() for part in problem["loc"][:1]) + problem["msg"].removeprefix("Value error, ")
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise StackError(
            "Some settings are wrong:\n  " + "\n  ".join(lines), "Correct them in the environment or in .env."
        ) from None


def plan(state: State, settings: Settings) -> Plan:
    """Work out urls and environment from settings, ports and secrets of the state. Raises StackError."""
    if settings.environment == "production":
        refuse_toys(settings)
        state.data["demo"] = False
    ports, secret = state.data["ports"], state.secrets()
    given = {part: getattr(settings, name) is not None for part, name in EMBEDDED.items()}
    admin_url = (
        settings.database_url.get_secret_value()
        if settings.database_url
        else f"postgresql://postgres:{secret['superuser']}@127.0.0.1:{ports['postgres']}/postgres"
    )
    name = None if settings.database_url and not admin_url.rstrip("/").endswith("/postgres") else DATABASE
    login = {role: with_login(admin_url, role, secret[role], name) for role in LOGINS}
    url = f"http://127.0.0.1:{state.data['port']}"
    values = {
        "PUBLIC_URL": settings.public_url if "public_url" in settings.model_fields_set else url,
        "SERVICE_DATABASE_URL": login["service"],
        "WORKER_DATABASE_URL": login["worker"],
        "AUTHENTICATOR_DATABASE_URL": login["authenticator"],
        "POSTGREST_URL": f"http://127.0.0.1:{ports['postgrest']}",
        "REDIS_URL": secret_or(settings.redis_url, f"redis://:{secret['redis']}@127.0.0.1:{ports['valkey']}/0"),
        "SMTP_URL": secret_or(settings.smtp_url, f"smtp://127.0.0.1:{ports['mail']}"),
        "STRIPE_SECRET_KEY": secret_or(settings.stripe_secret_key, secret["stripe_secret_key"]),
        "STRIPE_WEBHOOK_SECRET": secret_or(settings.stripe_webhook_secret, secret["stripe_webhook_secret"]),
        "MEDIA_ROOT": str(state.media),
        "METRICS_ADDRESS": f"127.0.0.1:{ports['metrics']}",
        "DEMO": "true" if state.data.get("demo") else "false",
    }
    if not given["twin"]:
        values["STRIPE_API_BASE"] = f"http://127.0.0.1:{ports['twin']}"
    if not given["mail"]:
        values["MAIL_WEB_URL"] = f"http://127.0.0.1:{ports['mail_web']}"
    if settings.jwt_private_key or settings.jwt_keys_file:
        check_signing_key(own_keys(settings))
    else:
        values["JWT_KEYS_FILE"] = str(state.signing_keys)
        values["REFRESH_TOKEN_KEY"] = secret_or(settings.refresh_token_key, secret["refresh_token_key"])
        state.write_secret(state.signing_keys, secret["jwt_private_key"])
    state.data["urls"] = {
        "url": url,
        "database_url": login["migrator"],
        "redis_url": values["REDIS_URL"],
        "smtp_url": values["SMTP_URL"],
        "mail_url": values.get("MAIL_WEB_URL"),
        "postgrest_url": values["POSTGREST_URL"],
        "metrics_url": f"http://{values['METRICS_ADDRESS']}/metrics",
        "stripe_api_base": values.get("STRIPE_API_BASE"),
        # The twin's only: what the user gave is not ours to show.
        "stripe_secret_key": None if given["twin"] else values["STRIPE_SECRET_KEY"],
        "stripe_webhook_secret": None if given["twin"] else values["STRIPE_WEBHOOK_SECRET"],
    }
    # PostgREST and libpq read variables of their own, which must not mix with ours.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PGRST_", "PG"))}
    parts = [part for part in PARTS if not given.get(part)]
    return Plan(settings, parts, {**inherited, **told(settings), **values, "PYTHONUNBUFFERED": "1"}, admin_url)


def told(settings: Settings) -> dict[str, str]:
    """The settings that were given, as variables: the parts work in folders of their own and do not see .env."""
    given = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        given[name.upper()] = ",".join(plain) if isinstance(plain, list) else str(plain)
    return given


def own_keys(settings: Settings) -> str:
    """The keys that the user gave, as JWT_PRIVATE_KEY or in a file; empty if none. Raises StackError."""
    try:
        return (
            Path(settings.jwt_keys_file).read_text()
            if settings.jwt_keys_file
            else secret_or(settings.jwt_private_key, "")
        )
    except OSError as error:
        raise StackError(f"JWT_KEYS_FILE cannot be read: {error.strerror}.") from None


def check_signing_key(encoded: str) -> None:
    """Raises StackError when JWT_PRIVATE_KEY is no key."""
    from extensions.keys import read_keys

    try:
        read_keys(encoded)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise StackError(
            "JWT_PRIVATE_KEY is no Ed25519 private key (PKCS#8 DER as one line of base64).",
            "Leave it out to have one generated, or make one: "
            "openssl genpkey -algorithm ed25519 -outform DER | base64 -w0",
        ) from None


def refuse_toys(settings: Settings) -> None:
    """Raise StackError when production would take pretended money or catch its own mail."""
    missing = [name.upper() for name in ("stripe_secret_key", "smtp_url") if getattr(settings, name) is None]
    if missing:
        raise StackError(
            f"ENVIRONMENT=production needs {' and '.join(missing)}.",
            "Without them the Stripe twin and the mail catcher would run, which are for development.",
        )


def secret_or(given: object, generated: str) -> str:
    """The setting's plain value, or what was generated."""
    return str(given.get_secret_value()) if hasattr(given, "get_secret_value") else generated

"""Ask the servers that were given by URL before anything is started, so that a wrong address is named at once."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from extensions.config import Settings
from stack.errors import StackError
from stack.postgres import OLDEST

PATIENCE = 5
SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss"),
    "smtp_url": ("smtp", "smtps", "smtp+starttls"),
}


def check_given(settings: Settings) -> None:
    """Raises StackError that names the variable whose server cannot be used; that of mail may come later."""
    for name, schemes in SCHEMES.items():
        secret: SecretStr | None = getattr(settings, name)
        if secret is not None and not is_url(secret.get_secret_value(), schemes):
            expected = " or ".join(f"{scheme}://" for scheme in schemes)
            # Without what was given: it may hold a password.
            raise StackError(f"{name.upper()} is no URL of the form {expected}user:password@host:port.")
    if settings.database_url:
        ask_database(settings.database_url.get_secret_value())
    if settings.redis_url:
        ask_redis(settings.redis_url.get_secret_value())


def is_url(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether it has one of the schemes and a host, and a port that is a number if any."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def ask_database(url: str) -> None:
    """Log in. Raises StackError."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=PATIENCE) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise StackError(
            f"DATABASE_URL: {error}", "Correct it, start that server, or leave it out to have PostgreSQL embedded."
        ) from None
    if version < OLDEST:
        raise StackError(f"DATABASE_URL: PostgreSQL {version} is too old.", f"PostgreSQL >= {OLDEST} is needed.")


def ask_redis(url: str) -> None:
    """PING. Raises StackError."""
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise StackError(
            f"REDIS_URL: {error}", "Correct it, start that server, or leave it out to have Valkey embedded."
        ) from None

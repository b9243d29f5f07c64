"""What containers of docker-compose.yml ask for: `python -m stack.container prepare`, and `… alive PART`."""

import secrets
import sys
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

import redis

from db.bootstrap import bootstrap
from db.demo import is_empty, seed
from db.migrate import migrate
from extensions.config import Settings
from gateway.render import render
from stack.binaries import page_files
from stack.configurations import public_keys
from stack.database import ask_of_staff
from stack.environment import check_signing_key, own_keys, read_settings, refuse_toys
from stack.errors import StackError
from stack.signing import register

CONFIGURATION = Path("/configuration")
MEDIA = Path("/media")
SHORTEST_PASSWORD = 20
ASKED = {
    "service": "http://127.0.0.1:8000/health/live",
    "postgrest": "http://127.0.0.1:3001/ready",
    "twin": "http://127.0.0.1:8001/health",
}


def prepare(settings: Settings) -> None:
    """Roles, migrations and configurations, once before the others start. Raises StackError, psycopg.Error."""
    if settings.environment == "production":
        refuse_toys(settings)
        if settings.demo:
            raise StackError("ENVIRONMENT=production has no demo shop.", "Leave DEMO out.")
    key = own_keys(settings)
    if not key:
        raise StackError("JWT_PRIVATE_KEY is missing.", "All containers need the same one.")
    check_signing_key(key)
    database_url = prepare_database(settings)
    register(database_url, key, settings.access_token_seconds)
    ask_of_staff(database_url, settings)
    configure(settings, CONFIGURATION, MEDIA)
    if settings.demo and is_empty(database_url):
        seed(database_url, MEDIA)


def prepare_database(settings: Settings) -> str:
    """Roles with the passwords that are in the URLs of the parts, and migrations. Returns the URL of the owner.

    Raises StackError, psycopg.Error.
    """
    passwords = {"migrator": secrets.token_urlsafe(32)}
    for role in ("service", "worker", "authenticator"):
        url = getattr(settings, f"{role}_database_url")
        passwords[role] = unquote(urlsplit(url.get_secret_value()).password or "") if url else ""
        if len(passwords[role]) < SHORTEST_PASSWORD:
            raise StackError(
                f"{role.upper()}_DATABASE_URL has a password of less than {SHORTEST_PASSWORD} characters.",
                "Make one with openssl rand -hex 24.",
            )
    if settings.database_url is None:
        raise StackError("DATABASE_URL is missing.", "It names a superuser, who makes the roles of the shop.")
    database_url = bootstrap(settings.database_url.get_secret_value(), passwords)["migrator"]
    migrate(database_url)
    return database_url


def configure(settings: Settings, folder: Path, media: Path) -> None:
    """Write what nginx and PostgREST read at their start."""
    public_keys(folder, own_keys(settings))
    conf = render(
        folder=folder / "nginx",
        listen="*",
        port=8080,
        postgrest="postgrest:3000",
        service="extensions:8000",
        media=media,
        settings=settings,
        pages=page_files(),
    )
    # Nginx's own image has njs as a module, the embedded one has it built in.
    conf.write_text(f"load_module modules/ngx_http_js_module.so;\n{conf.read_text()}")


def is_alive(part: str, settings: Settings) -> bool:
    """Whether a part answers, or has just shown that it works. Raises OSError, RedisError when it does not."""
    if part in ASKED:
        with urllib.request.urlopen(ASKED[part], timeout=3) as answer:  # noqa: S310 one of ours
            return bool(answer.status == 200)
    url = settings.redis_url
    with redis.Redis.from_url(url.get_secret_value() if url else "") as client:
        return bool(client.exists(f"pgshop:heartbeat:{part}"))


def main(arguments: list[str]) -> int:
    """Do as asked; the exit code says whether it went well."""
    try:
        match arguments:
            case ["prepare"]:
                prepare(read_settings())
                return 0
            case ["alive", part]:
                return 0 if is_alive(part, Settings()) else 1
    except StackError as error:
        sys.exit(f"{error} {error.hint}")
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

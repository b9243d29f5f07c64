"""What the container `migrate` of docker-compose.yml does: `python -m stack.container prepare`.

Also, when asked to: `… configure` (only what nginx and PostgREST read at their start), `… doctor`, `… backup FILE`, and
`… restore FILE [FILE WITH THE KEY]`. Under systemd, folders are below that which it gives.
"""

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from db.bootstrap import bootstrap
from db.demo import is_empty, seed
from db.migrate import migrate
from extensions.config import Settings
from gateway.render import render
from stack.backup import back_up, restore
from stack.binaries import page_files
from stack.configurations import public_keys
from stack.database import ask_of_staff
from stack.doctor import tell
from stack.environment import check_signing_key, own_keys, read_settings, refuse_toys
from stack.errors import StackError
from stack.signing import register

PLACE = Path("/", os.environ.get("STATE_DIRECTORY", ""))
CONFIGURATION, MEDIA = PLACE / "configuration", PLACE / "media"
SHORTEST_PASSWORD = 20


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
    if settings.tls_folder and not settings.public_url.startswith("https://"):
        raise StackError("PUBLIC_URL is no https://… although the gateway speaks TLS.", "Or leave TLS_FOLDER empty.")
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
    urls, passwords = {}, {"migrator": secrets.token_urlsafe(32)}
    for name in ("service_database_url", "worker_database_url", "authenticator_database_url", "database_url"):
        url = getattr(settings, name)
        if url is None:
            raise StackError(f"{name.upper()} is missing.", "sh stack/secrets.sh makes what can be made.")
        urls[name] = url.get_secret_value()
        password = passwords[name.removesuffix("_database_url")] = unquote(urlsplit(urls[name]).password or "")
        if len(password) < SHORTEST_PASSWORD:
            raise StackError(
                f"{name.upper()} has a password of less than {SHORTEST_PASSWORD} characters.",
                "Make one with openssl rand -hex 24.",
            )
    database_url = bootstrap(urls["database_url"], passwords)["migrator"]
    migrate(database_url)
    return database_url


def configure(settings: Settings, folder: Path, media: Path) -> None:
    """Write what nginx and PostgREST read at their start."""
    for needed in (folder, media):
        needed.mkdir(parents=True, exist_ok=True)
    # What has no private key configures nginx alone.
    if keys := own_keys(settings):
        public_keys(folder, keys)
    conf = render(
        folder=folder / "nginx",
        listen=settings.listen,
        port=8080,
        postgrest=urlsplit(settings.postgrest_url).netloc,
        service=urlsplit(settings.service_url).netloc,
        metrics=settings.metrics_address or "127.0.0.1:9100",
        media=media,
        settings=settings,
        pages=page_files(),
        # Its file system is read-only but for this.
        scratch=Path("/tmp"),  # noqa: S108 of a container
        doors=(settings.http_port, settings.https_port),
    )
    # Nginx's own image has njs as a module, the embedded one has it built in.
    conf.write_text(f"load_module modules/ngx_http_js_module.so;\n{conf.read_text()}")


def admin_url(settings: Settings) -> str:
    """How a superuser logs in. Raises StackError."""
    if settings.database_url is None:
        raise StackError("DATABASE_URL is missing.", "sh stack/secrets.sh makes what can be made.")
    return settings.database_url.get_secret_value()


def main(arguments: list[str]) -> int:
    """Do as asked; the exit code says whether it went well."""
    try:
        match arguments:
            case ["prepare"]:
                prepare(read_settings())
                return 0
            case ["configure"]:
                configure(read_settings(), CONFIGURATION, MEDIA)
                return 0
            case ["doctor"]:
                settings = read_settings()
                return 0 if tell(settings, admin_url(settings), MEDIA) else 1
            case ["backup", file]:
                settings = read_settings()
                back_up(admin_url(settings), MEDIA, Path(file), settings.backup_recipient)
                return 0
            case ["restore", file, *identity]:
                settings = read_settings()
                restore(admin_url(settings), MEDIA, Path(file), Path(identity[0]) if identity else None)
                prepare(settings)
                return 0
    except StackError as error:
        sys.exit(f"{error} {error.hint}")
    except psycopg.Error as error:
        # A volume that is older than the secrets knows other passwords.
        sys.exit(f"The database refused us: {error} Does its volume belong to these secrets?")
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

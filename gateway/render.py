"""Render nginx's configuration from the route table and the settings."""

import re
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from extensions.config import Settings

HERE = Path(__file__).parent
METHODS = ("GET", "POST", "PUT", "DELETE")
# nginx hands a segment on, decoded, in a header: a line break in it would begin another header.
SEGMENT = r"[^/\x00-\x1f\x7f]+"
# To the service it goes in the request's line, where nothing may be left that would have to be encoded.
PLAIN_SEGMENT = "[A-Za-z0-9._~-]+"


@dataclass(frozen=True)
class Route:
    """One row of the table: a path, and per method the function of schema v1 or `service`."""

    number: int
    path: str
    targets: dict[str, str]
    query: tuple[str, ...]
    bodyless: tuple[str, ...]
    uploads: tuple[str, ...]
    is_cached: bool

    @property
    def by_method(self) -> dict[str, str]:
        """Targets of every method that nginx may see: HEAD goes with GET, PATCH with PUT."""
        extra = {"GET": "HEAD", "PUT": "PATCH"}
        return {method: target for named, target in self.targets.items() for method in (named, extra.get(named, named))}

    @property
    def parameters(self) -> list[str]:
        """Names of the path's parameters: {slug}, {id}, or both."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def parameter(self) -> str:
        """Name of the last one, which functions get; empty when there is none."""
        return (self.parameters or [""])[-1]

    @property
    def locations(self) -> list[str]:
        """The nginx locations that match, with and without the slash at the end."""
        bare = self.path.rstrip("/")
        if self.parameter:
            segment = PLAIN_SEGMENT if "service" in self.targets.values() else SEGMENT
            return [f'~ "^{re.sub(r"{(.*?)}", lambda found: f"(?<{found[1]}>{segment})", bare)}/?$"']
        return [f"= {bare}", f"= {bare}/"]

    @property
    def is_service(self) -> bool:
        """Whether the service answers all methods."""
        return set(self.targets.values()) == {"service"}

    @property
    def detours(self) -> dict[str, list[str]]:
        """In a row with functions, the methods for the service by the internal address that leads there."""
        served = [method for method, target in self.targets.items() if target == "service"]
        ways = {"upload": list(self.uploads), "service": [method for method in served if method not in self.uploads]}
        return {place: methods for place, methods in ways.items() if methods}

    @property
    def upstream_path(self) -> str:
        """The path that the service knows it by: with a slash under /api and for /health/, bare for files."""
        path = self.path if self.path.startswith("/api/") or self.path == "/health/" else self.path.rstrip("/")
        return re.sub(r"\{(\w+)\}", r"$\1", path)


def read_routes() -> list[Route]:
    """The table, literal paths first, so that `categories/` wins over `{slug}/`. Raises ValueError for a bad row."""
    with (HERE / "routes.toml").open("rb") as file:
        rows = tomllib.load(file)["route"]
    routes = []
    for number, row in enumerate(rows):
        unknown = row.keys() - {"path", "query", "bodyless", "uploads", "cache", *METHODS}
        targets = {method: row[method] for method in METHODS if method in row}
        uploads = tuple(row.get("uploads", ()))
        served = {method for method in targets if targets[method] == "service"}
        is_cached = row.get("cache", False)
        unread = is_cached is not False and (is_cached is not True or targets.get("GET", "service") == "service")
        if unknown or not served.issuperset(uploads) or unread or not targets or not row["path"].endswith("/"):
            raise ValueError(f"gateway/routes.toml: row {row.get('path')!r} is not understood ({sorted(unknown)})")
        bodyless = (*row.get("bodyless", ()), *(m for m in targets if m == "DELETE" and m not in served))
        routes.append(Route(number, row["path"], targets, tuple(row.get("query", ())), bodyless, uploads, is_cached))
    return sorted(routes, key=lambda route: bool(route.parameter))


def read_cached_views() -> list[str]:
    """The views of /rest/v1 that are the same for everybody who is not signed in."""
    with (HERE / "routes.toml").open("rb") as file:
        return list(tomllib.load(file)["cached_views"])


def render(
    *,
    folder: Path,
    port: int,
    postgrest: str,
    service: str,
    metrics: str,
    media: Path,
    settings: Settings,
    pages: Iterable[str],
    workers_user: str | None = None,
    listen: str = "127.0.0.1",
    scratch: Path | None = None,
    doors: tuple[int, int] | None = None,
) -> Path:
    """Write nginx.conf and its scripts into `folder` and return the path of the former.

    `postgrest`, `service` and `metrics` are host:port, `pages` the files that those of gateway/pages need.
    `workers_user` is given when nginx starts as root. What nginx writes itself goes to `scratch`,
    else to `folder`, too. `doors` are the ports for HTTP and HTTPS from outside, when there are such beside `port`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for script in HERE.glob("*.js"):
        shutil.copyfile(script, folder / script.name)
    (folder / "pages").mkdir(exist_ok=True)
    for file in (*(HERE / "pages").iterdir(), *map(Path, pages)):
        # ReDoc would show its makers' logo from their host; nothing is asked of others.
        content = file.read_bytes().replace(b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,")
        (folder / "pages" / file.name).write_bytes(content)
    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 nginx, not HTML
    )
    text = environment.get_template("nginx.conf.j2").render(
        folder=folder.resolve(),
        scratch=scratch or folder.resolve(),
        doors=doors,
        listen=listen,
        port=port,
        postgrest=postgrest,
        service=service,
        metrics=metrics,
        media=media.resolve(),
        settings=settings,
        workers_user=workers_user,
        routes=read_routes(),
        cached_views=read_cached_views(),
        public_url=settings.public_url if "public_url" in settings.model_fields_set else f"http://127.0.0.1:{port}",
    )
    target = folder / "nginx.conf"
    target.write_text(text)
    return target

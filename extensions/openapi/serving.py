"""Answers /api/schema/: the document as it is now, for a role, as JSON or YAML."""

import asyncio
import hashlib
import json
import time
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import Response

from extensions.config import settings
from extensions.database import call
from extensions.openapi.document import as_json, build
from extensions.openapi.source import ROLES
from extensions.problems import Problem

# After how many seconds the catalogue is asked again: a change of the schema shows without a restart.
FRESH = 5.0
YAML = "application/yaml"


class Documents:
    """The documents of one state of the catalogue, made when somebody asks."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.catalogue: dict[str, Any] = {}
        self.asked_at = -FRESH
        self.made: dict[tuple[str | None, str], bytes] = {}

    async def get(self, pool: Any, role: str | None, kind: str) -> bytes:
        """A document. Raises psycopg.Error, PoolTimeout."""
        async with self.lock:
            if time.monotonic() - self.asked_at > FRESH:
                catalogue = await call(pool, "describe_api")
                if catalogue != self.catalogue:
                    self.catalogue, self.made = catalogue, {}
                self.asked_at = time.monotonic()
            if (role, kind) not in self.made:
                self.made[role, kind] = await asyncio.to_thread(make, self.catalogue, role, kind)
            return self.made[role, kind]


def make(catalogue: dict[str, Any], role: str | None, kind: str) -> bytes:
    """The bytes of a document."""
    text = as_json(build(catalogue, role, settings().public_url))
    if kind == "yaml":
        # Read back, so that nothing is in two places as one object, which YAML would write as an alias.
        text = yaml.dump(json.loads(text), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)
    return text.encode()


def asked(request: Request, name: str, values: tuple[str, ...]) -> str | None:
    """A parameter that has one of these values. Raises Problem 400."""
    value = request.query_params.get(name) or None
    if value is not None and value not in values:
        raise Problem(
            400,
            "invalid_filter",
            "A filter has a value that it cannot have.",
            details={name: [f"Must be one of {', '.join(values)}."]},
        )
    return value


async def schema(request: Request) -> Response:
    """GET /api/schema/."""
    role = asked(request, "role", ROLES)
    kind = asked(request, "format", ("json", "yaml"))
    if kind is None:
        accepted = request.headers.get("accept", "").lower()
        kind = "yaml" if "yaml" in accepted and "json" not in accepted.partition("yaml")[0] else "json"
    body = await request.app.state.documents.get(request.app.state.pool, role, kind)
    # Weak, since nginx may compress it.
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "public, no-cache", "Vary": "Accept"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=YAML if kind == "yaml" else "application/json", headers=headers)

"""The document as a whole."""

import json
import re
from importlib.metadata import version
from typing import Any

from extensions.openapi import rest, shop
from extensions.openapi.schemas import Schema
from extensions.openapi.source import Source, table, words_of

LOCAL = "http://127.0.0.1:8000"


def undescribed(catalogue: Schema) -> list[str]:
    """What is served and not described, and where to describe it."""
    source = Source(catalogue, None)
    shop.paths(source)
    return source.undescribed


def build(catalogue: Schema, role: str | None = None, public_url: str = LOCAL) -> Schema:
    """The OpenAPI document for a role, or of everything."""
    source = Source(catalogue, role)
    paths = {**shop.paths(source), **rest.paths(source)}
    used = {tag for path in paths.values() for operation in path.values() for tag in operation["tags"]}
    named = {relation["name"]: words_of(relation["comment"] or "") for relation in catalogue["relations"]}
    tags = [{"name": tag["name"], "description": tag["description"]} for tag in table()["tags"]]
    tags += [{"name": f"rest/{name}", "description": f"{title}. {more}"} for name, (title, more) in named.items()]
    tags.append({"name": "rest/rpc", "description": "Acts, each all or nothing."})
    tags = [tag for tag in tags if tag["name"] in used]
    ours = [tag["name"] for tag in tags if not tag["name"].startswith("rest/")]
    about = table()["info"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": about["title"],
            "summary": about["summary"],
            "description": about["description"].strip(),
            "version": version("pgshop"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {"url": "/", "description": "Where this document was served."},
            {"url": public_url, "description": "The shop's public address."},
        ],
        "tags": tags,
        "x-tagGroups": [
            {"name": "Shop (/api/v1)", "tags": ours},
            {"name": "PostgREST (/rest/v1)", "tags": [tag["name"] for tag in tags if tag["name"] not in ours]},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of `POST /api/v1/auth/login/`.",
                }
            },
            **wanted(paths, source.components),
        },
    }


def wanted(paths: Schema, components: Schema) -> Schema:
    """Those components that the paths refer to, and those that these refer to, by name."""
    left, seen = [paths], set()
    while left:
        for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', json.dumps(left.pop())):
            if (kind, name) not in seen:
                seen.add((kind, name))
                left.append(components[kind][name])
    return {
        kind: {name: made[name] for name in sorted(made) if (kind, name) in seen} for kind, made in components.items()
    }


def as_json(document: Any) -> str:
    """The same text for the same document."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

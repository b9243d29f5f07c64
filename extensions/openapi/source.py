"""What the document is made of, and the pieces that all of its parts share."""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from extensions.openapi.schemas import Schema, of_kind

HERE = Path(__file__).parent
ROLES = ("anon", "customer", "staff", "admin")
ERROR: Schema = {
    "type": "object",
    "description": "What every refusal looks like, whoever refuses.",
    "properties": {
        "code": {"type": "string", "minLength": 1, "description": "For programs; it does not change."},
        "message": {"type": "string", "minLength": 1, "description": "For people; it may change."},
        "details": {"description": "Null, text, or what a program needs: lines, or mistakes by field."},
        "hint": {"type": ["string", "null"], "description": "What to do about it."},
    },
    "required": ["code", "message", "details", "hint"],
    "additionalProperties": False,
}
DESCRIPTIONS = {
    400: "Something in the request is malformed.",
    401: "Nobody is signed in, or the token does not count.",
    402: "The bank has declined.",
    403: "Not for this role.",
    404: "There is no such thing.",
    406: "Not in that form.",
    409: "It contradicts what is stored.",
    413: "Too large.",
    414: "The URL is too long.",
    415: "Not in this content type.",
    416: "Beyond the end.",
    422: "Fields are missing, unknown or wrong; `details` has them all.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    431: "The headers are too large.",
    503: "Busy; `Retry-After` says when to try again.",
}
Said = dict[int, list[str]]
# What any request may be answered.
ALWAYS: Said = {
    400: ["bad_encoding"], 414: ["uri_too_long"], 429: ["too_many_requests"],
    431: ["headers_too_large"], 503: ["unavailable"],
}  # fmt: skip
# Nobody's token first, which is no fault where nobody is served.
REFUSED: Said = {401: ["not_authenticated", "token_invalid", "token_expired"], 403: ["permission_denied"]}


@lru_cache
def table() -> Schema:
    """What api.toml says."""
    return tomllib.loads((HERE / "api.toml").read_text())


@lru_cache
def examples() -> Schema:
    """Real requests and answers by operation, as tests have recorded them."""
    file = HERE / "examples.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def codes_of(text: str) -> Said:
    """Statuses and codes of `404 order_not_found, 409 cart_empty, price_changed`."""
    said: Said = {}
    status = 0
    for word in re.findall(r"\b(?:[0-9]{3}|[a-z]+(?:_[a-z]+)+)\b", text):
        if word.isdecimal():
            status = int(word)
            said.setdefault(status, [])
        elif status:
            said[status].append(word)
    return said


def errors_of(comment: str) -> Said:
    """What the comment of a function promises."""
    return codes_of(" ".join(re.findall(r"Errors: ([^.]*)", comment)))


def words_of(comment: str) -> tuple[str, str]:
    """Title and description of a comment."""
    title, _, rest = comment.partition("\n")
    return title, rest.strip() or title


@dataclass
class Source:
    """The catalogue, for one role or for everybody (None), and the components that the paths have asked for."""

    catalogue: Schema
    role: str | None
    components: Schema = field(
        default_factory=lambda: (
            {kind: {} for kind in ("parameters", "headers", "examples", "responses")} | {"schemas": {"Error": ERROR}}
        )
    )
    # What is served and not described, each with the place where it should be; a rule of the tests wants it empty.
    undescribed: list[str] = field(default_factory=list)

    def allows(self, roles: Iterable[str] | None) -> bool:
        """Whether the document is for one of them."""
        return bool(roles) if self.role is None else self.role in (roles or ())

    def relation(self, name: str) -> Schema:
        """A view of the catalogue. Raises KeyError."""
        return {relation["name"]: relation for relation in self.catalogue["relations"]}[name]  # type: ignore[no-any-return]

    def columns(self, views: str) -> dict[str, Schema]:
        """Columns by name, of several views the first one's."""
        found: dict[str, Schema] = {}
        for view in views.split():
            for column in self.relation(view)["columns"]:
                found.setdefault(column["name"], column)
        return found

    def message(self, code: str) -> str:
        """What is said under a code: by a function of the database, else as api.toml has it."""
        said = self.catalogue["messages"].get(code) or table()["errors"].get(code, code)
        return re.sub(r"%[sI]", "…", said)

    def problems(self, said: Said) -> dict[str, Schema]:
        """Responses of the document for codes by status."""
        made = {}
        for status, codes in sorted(said.items()):
            unique = list(dict.fromkeys(codes))
            for code in unique:
                body = {
                    "code": code,
                    "message": self.message(code),
                    "details": table()["details"].get(code),
                    "hint": None,
                }
                self.components["examples"][code] = {"summary": code, "value": body}
            listed = "".join(f"\n- `{code}`: {self.message(code)}" for code in unique)
            content: Schema = {"schema": {"$ref": "#/components/schemas/Error"}}
            if unique:
                content["examples"] = {code: {"$ref": f"#/components/examples/{code}"} for code in unique}
            name = "-".join((str(status), *unique))
            self.components["responses"][name] = {
                "description": f"{DESCRIPTIONS[status]}{listed}",
                "content": {"application/json": content},
            }
            made[str(status)] = {"$ref": f"#/components/responses/{name}"}
        return made

    def needs(self, roles: Iterable[str], words: Said = REFUSED) -> tuple[list[Schema], Said]:
        """Security of an operation for these roles, and what is said to nobody and to others."""
        is_open = "anon" in roles
        said = {401: words[401][is_open:]}
        # Programs with an API key are somebody else as well.
        if not {"customer", "integration"} <= {*roles}:
            said[403] = words[403]
        return [{}, {"bearer": []}] if is_open else [{"bearer": []}], said


def joined(*several: Said) -> Said:
    """Codes by status of all of them."""
    made: Said = {}
    for said in several:
        for status, codes in said.items():
            made.setdefault(status, []).extend(codes)
    return made


def parameter(name: str, place: str = "query") -> Schema:
    """A parameter of api.toml. Raises KeyError."""
    schema = {**of_kind(table()["parameters"][name]), **table()["limits"].get(name, {})}
    made = {"name": name, "in": place, "description": schema.pop("description"), "schema": schema}
    return {**made, "required": True} if place == "path" else made


def camel(name: str) -> str:
    """create_product as CreateProduct."""
    return "".join(part.capitalize() for part in re.split(r"[_.]", name))


def json_content(schema: Schema, example: Any = None) -> Schema:
    """The content of a body in JSON."""
    return {"application/json": {"schema": schema} if example is None else {"schema": schema, "example": example}}

"""Holds answers against the document of /api/schema/, and keeps one of each operation as its example."""

import json
import re
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import httpx
import jsonschema_rs

SECRET = {"access", "access_token", "refresh_token", "refresh", "client_secret", "key", "api_key", "token"}
HERE = "urn:document"
# One that is good enough, so that the example can be sent; nobody of the demo has it, whom sending it would erase.
PASSWORDS = {"password", "password2", "current_password"}


def shortened(value: Any, name: str = "") -> Any:
    """An example that fits on a screen: two of each list, and no secret."""
    if name in PASSWORDS:
        return "a-long-sentence-62"
    if name in SECRET or name == "guest_token":
        return "…"
    if isinstance(value, dict):
        return {key: shortened(part, key) for key, part in value.items()}
    return [shortened(part) for part in value[:2]] if isinstance(value, list) else value


class Description:
    """The document, asked what an answer may be."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.examples: dict[str, dict[str, Any]] = {}
        self.exercised: set[str] = set()

    @cached_property
    def templates(self) -> list[tuple[re.Pattern[str], str]]:
        """Patterns of the paths, those without parameters first."""
        paths = sorted(self.document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path.rstrip("/"))) + "/?"), path) for path in paths]

    @cached_property
    def validators(self) -> dict[str, Any]:
        """By reference into the document."""
        return {}

    @cached_property
    def registry(self) -> jsonschema_rs.Registry:
        """The document's components, for what refers to them."""
        return jsonschema_rs.Registry([(HERE, {"components": self.document["components"]})])

    def resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        """The part itself, or what it refers to."""
        if "$ref" not in part:
            return part
        found: Any = self.document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)

    def good(self, operation: dict[str, Any]) -> dict[str, Any]:
        """The response when all goes well."""
        return self.resolved(next(r for status, r in operation["responses"].items() if status.startswith("2")))

    def operation(self, method: str, url: str) -> dict[str, Any] | None:
        """The operation that a request is one of."""
        path = unquote(url.partition("?")[0])
        for pattern, template in self.templates:
            if pattern.fullmatch(path):
                return dict(self.document["paths"][template]).get(method.lower())
        return None

    def mistakes(self, schema: dict[str, Any], value: Any) -> list[str]:
        """What of a value is not as its schema has it."""
        key = json.dumps(schema)
        if key not in self.validators:
            # Of the document only what this schema reaches is compiled.
            apart = json.loads(key.replace('"#/components/', f'"{HERE}#/components/'))
            self.validators[key] = jsonschema_rs.Draft202012Validator(
                apart, validate_formats=True, registry=self.registry
            )
        return [f"{list(error.instance_path)}: {error.message}" for error in self.validators[key].iter_errors(value)]

    def check(self, answer: httpx.Response) -> None:
        """Raises AssertionError when an answer is not as described."""
        request, url = answer.request, answer.request.url.raw_path.decode()
        operation = self.operation("GET" if request.method == "HEAD" else request.method, url)
        said = f"{request.method} {url}: {answer.status_code} {answer.text[:500]}"
        if operation is None:
            is_refused = 400 <= answer.status_code < 500 or answer.status_code == 503
            # PostgREST's own description lies at its root.
            is_ours = url.startswith(("/api/v1", "/rest/v1/")) and url != "/rest/v1/" and request.method != "OPTIONS"
            assert is_refused or not is_ours, f"not described: {said}"
            return
        assert str(answer.status_code) in operation["responses"], f"not a documented status: {said}"
        response = self.resolved(operation["responses"][str(answer.status_code)])
        kind = answer.headers.get("content-type", "").partition(";")[0]
        assert not answer.content or kind in response.get("content", {}), f"{kind} is not described: {said}"
        if answer.content and kind.endswith("json"):
            found = self.mistakes(response["content"][kind]["schema"], answer.json())
            assert not found, f"{found}: {said}"
        if answer.is_success:
            self.keep(operation, request, answer)

    def keep(self, operation: dict[str, Any], request: httpx.Request, answer: httpx.Response) -> None:
        """The first good answer becomes the example, with the body that led to it; a list had better have something."""
        name = re.sub("^patch_", "update_", operation["operationId"])
        self.exercised.add(operation["operationId"])
        known = self.examples.setdefault(name, {})
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body = shortened(answer.json()) if answer.content and is_json else None
        before = known.get("answer")
        is_better = not before or (isinstance(before, dict) and before.get("results") == [])
        if body is not None and is_better and name != "schema":
            known["answer"] = body
            if request.headers.get("content-type", "").startswith("application/json") and request.content:
                known["body"] = shortened(json.loads(request.content))

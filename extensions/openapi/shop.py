"""The paths of /api/v1 and of the service: gateway/routes.toml says who answers, and these say what."""

import re
from collections.abc import Iterable
from typing import Any

from extensions.openapi.inputs import body_of, described, model, model_schema
from extensions.openapi.schemas import GIVEN, Schema, merged, nullable, of_kind, shown
from extensions.openapi.source import (
    ALWAYS,
    ROLES,
    Said,
    Source,
    camel,
    codes_of,
    errors_of,
    examples,
    joined,
    json_content,
    parameter,
    table,
    words_of,
)
from gateway.render import Route, read_routes

TABLE = "extensions/openapi/api.toml"
WITH_BODY: Said = {
    400: ["invalid_json", "invalid_value"],
    409: ["conflict"],
    413: ["payload_too_large"],
    415: ["unsupported_media_type"],
    422: ["validation_failed"],
}


def paths(source: Source) -> dict[str, Schema]:
    """Every path of the route table with what the role may do there."""
    shapes(source)
    found: dict[str, Schema] = {}
    for route in sorted(read_routes(), key=lambda route: route.number):
        operations = {}
        for method, target in route.by_method.items():
            if method != "HEAD":
                made = by_service(source, route, method) if target == "service" else by_function(source, route, method)
                if made:
                    operations[method.lower()] = {"tags": [tag_of(route.path)], **made}
        if operations:
            # The key files have no slash at the end.
            found[route.path.rstrip("/") if "." in route.path else route.path] = operations
    return found


def tag_of(path: str) -> str:
    """The subject of a path."""
    return next(str(tag["name"]) for tag in table()["tags"] if re.search(tag["paths"], path))


def shapes(source: Source) -> None:
    """The shapes of api.toml as components."""
    for name, shape in table()["shapes"].items():
        fields = {key: value for key, value in shape.items() if key not in {"like", "view", "columns", "optional"}}
        columns = source.columns(shape.get("view", ""))
        properties = dict(source.components["schemas"][shape["like"]]["properties"]) if "like" in shape else {}
        properties |= {column: shown(columns[column]) for column in shape.get("columns", "").split()}
        properties |= {key: of_kind(value) for key, value in fields.items()}
        optional = shape.get("optional", "").split()
        source.components["schemas"][name] = {
            "type": "object",
            "properties": properties,
            "required": [key for key in properties if key not in optional],
        }
    given = {
        name: {**merged(GIVEN["text"], {"maxLength": 255}), "description": column["comment"]}
        for name, column in source.columns("addresses").items()
        if name in {"address_line1", "address_line2", "city", "state", "postal_code", "country"}
    }
    required = ["address_line1", "city", "postal_code", "country"]
    given = {key: {**value, "pattern": "[^ ]"} if key in required else nullable(value) for key, value in given.items()}
    source.components["schemas"]["AddressGiven"] = {
        "type": "object",
        "description": "An address that is not kept among one's own.",
        "properties": given
        | {
            key: nullable(merged(GIVEN["text"], {"maxLength": 255}))
            for key in ("first_name", "last_name", "phone_number")
        },
        "required": required,
        "additionalProperties": False,
    }


def answer(source: Source, written: str, example: Any = None) -> tuple[str, Schema]:
    """Status and response for `[status] [page] shape`."""
    words = written.split()
    status = words.pop(0) if words[0].isdecimal() else "200"
    if not words:
        return status, {"description": "Done." if status == "204" else "As it was."}
    shape = words[-1]
    schema = of_kind(shape)
    if words[0] == "page":
        name = f"Paginated{shape}List"
        source.components["schemas"][name] = {
            "type": "object",
            "properties": {
                "count": {"type": "integer", "minimum": 0, "description": "How many there are on all pages."},
                "count_is_estimate": {"type": "boolean", "description": "There when the count is an estimate."},
                "next": {"type": ["string", "null"], "format": "uri", "description": "The next page."},
                "previous": {"type": ["string", "null"], "format": "uri", "description": "The page before."},
                "results": {"type": "array", "maxItems": 200 if shape == "Category" else 100, "items": of_kind(shape)},
            },
            "required": ["count", "next", "previous", "results"],
        }
        schema = of_kind(name)
    return status, {
        "description": "Made." if status == "201" else "As asked for.",
        "content": json_content(schema, example),
    }


def by_function(source: Source, route: Route, method: str) -> Schema | None:
    """An operation that a function of schema v1 answers."""
    name = route.by_method[method]
    function = {f["name"]: f for f in source.catalogue["functions"] if f["schema"] == "v1"}.get(name)
    if function is None or not source.allows(function["execute"]):
        return None
    if name not in table()["answers"]:
        source.undescribed.append(f"{method} {route.path}: say what {name} answers in [answers] of {TABLE}")
    title, description = words_of(function["comment"] or name)
    inputs = table()["inputs"].get(name, {})
    is_write = method != "GET" and bool(function["arguments"])
    security, refused = source.needs(function["execute"])
    example = examples().get(name, {})
    said = joined(ALWAYS, WITH_BODY if is_write else {}, refused, errors_of(function["comment"] or ""))
    status, response = answer(source, table()["answers"].get(name, "any"), example.get("answer"))
    made: Schema = {
        "operationId": re.sub("^update_", "patch_", name) if method == "PATCH" else name,
        "summary": title,
        "description": description,
        "parameters": [
            *named(source, route, route.parameters, "path"),
            *named(source, route, route.query if method == "GET" else (), "query"),
            *named(source, route, inputs.get("headers", ()), "header"),
        ],
        "security": security,
        "responses": {status: response, **source.problems(said)},
    }
    if is_write:
        component = f"{camel(name)}Body"
        source.components["schemas"][component] = body_of(source, function, inputs, is_new=method == "POST")
        made["requestBody"] = {"required": True, "content": json_content(of_kind(component), example.get("body"))}
    return made


def by_service(source: Source, route: Route, method: str) -> Schema | None:
    """An operation that the service answers."""
    rows = {
        (word, row["route"].split()[-1]): (name, row)
        for name, row in table()["service"].items()
        for word in row["route"].split()[:-1]
    }
    if (method, route.path) not in rows:
        source.undescribed.append(f"{method} {route.path}: describe it as [service.<handler>] in {TABLE}")
        return None
    name, row = rows[method, route.path]
    least = row.get("role", "anon")
    if not source.allows(ROLES[ROLES.index(least) :]):
        return None
    example = examples().get(name, {})
    is_open = least == "anon" and not row.get("either")
    security, refused = ([], {}) if is_open else source.needs(ROLES[ROLES.index(least) :])
    said = joined(ALWAYS, refused, codes_of(row.get("errors", "")))
    responses = source.problems(said)
    if row.get("page"):
        page = {"text/html": {"schema": {"type": "string"}}}
        why: Schema = {"description": "Why not: a page, or an error when not even the URL can be read."}
        why["content"] = page | json_content({"$ref": "#/components/schemas/Error"})
        refusals = dict.fromkeys({"400", "422", "429", "503"} & responses.keys(), why)
        responses = {"200": {"description": "A page.", "content": page}, **responses, **refusals}
    else:
        for written in (row.get("also"), row["answer"]):
            if written:
                status, response = answer(source, written, example.get("answer") if written == row["answer"] else None)
                responses = {status: response, **{s: r for s, r in responses.items() if s != status}}
    made: Schema = {
        "operationId": name if method == row["route"].split()[0] else f"{name}_{method.lower()}",
        "summary": row["summary"],
        "description": row["description"],
        "parameters": [
            *named(source, route, route.parameters, "path"),
            *named(source, route, row.get("query", ()), "query"),
            *named(source, route, row.get("headers", ()), "header"),
        ],
        "security": security,
        "responses": responses,
    }
    for kind in row.get("also_as", ()):
        responses["200"]["content"][kind] = {"schema": {}}
    if "form" in row and method == "POST":
        fields = {field: described("Reset", field, {"type": "string"}) for field in row["form"]}
        content = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}
        made["requestBody"] = {"required": False, "content": content}
    if "body" in row:
        schema = {"type": "object"} if row["body"] == "object" else model(source, row["body"])
        made["requestBody"] = {"required": True, "content": json_content(schema, example.get("body"))}
    if "upload" in row:
        words = model_schema(row["upload"])
        file = {"type": "string", "contentMediaType": "image/*", "description": "The file."}
        form = {**words, "properties": {"image": file, **words.get("properties", {})}, "required": ["image"]}
        made["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return made


def named(source: Source, route: Route, names: Iterable[str], place: str) -> list[Schema]:
    """References to parameters of api.toml."""
    made = []
    for name in names:
        if name in table()["parameters"]:
            source.components["parameters"][name] = parameter(name, place)
            made.append({"$ref": f"#/components/parameters/{name}"})
        else:
            source.undescribed.append(f"{route.path}: say what {name} means in [parameters] of {TABLE}")
    return made

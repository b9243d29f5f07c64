"""The paths of /rest/v1: each view with the verbs that the role may use, each function, and PostgREST's grammar."""

import re
from typing import Any

from extensions.openapi.grammar import filters, paging, prefer, query, readable, select, spans
from extensions.openapi.inputs import described
from extensions.openapi.schemas import (
    GIVEN,
    Schema,
    default_of,
    merged,
    nullable,
    of_column,
    of_kind,
    rules_of,
    type_of,
)
from extensions.openapi.source import (
    ALWAYS,
    Said,
    Source,
    camel,
    errors_of,
    examples,
    joined,
    json_content,
    table,
    words_of,
)

SAID = {400: ["PGRST100", "22P02", "42703", "PGRST200"], 404: ["not_found"], 406: ["not_acceptable"]}
RANGED = {416: ["PGRST103"]}
WRITTEN = {400: ["23514", "filter_required"], 409: ["23505", "23503"], 413: ["payload_too_large"]}
READ = {"200": "The rows.", "206": "Some of the rows."}
SINGLE = "application/vnd.pgrst.object+json"
REFUSED: Said = {401: ["42501", "PGRST301", "token_invalid"], 403: ["42501"]}


def paths(source: Source) -> dict[str, Schema]:
    """Every view and function of schema api."""
    found: dict[str, Schema] = {}
    for relation in source.catalogue["relations"]:
        operations = of_relation(source, relation)
        if operations:
            found[f"/rest/v1/{relation['name']}"] = operations
    for function in source.catalogue["functions"]:
        if function["schema"] == "api" and source.allows(function["execute"]):
            found[f"/rest/v1/rpc/{function['name']}"] = of_function(source, function)
    return found


def rows(source: Source, relation: Schema) -> Schema:
    """A reference to the schema of a row. Nothing is required, since `select` says what is wanted."""
    name = f"{camel(relation['name'])}Row"
    title, description = words_of(relation["comment"] or relation["name"])
    properties = {column["name"]: of_column(column) for column in readable(source, relation)}
    for key, schema in properties.items():
        inside = table()["json"].get(f"{relation['name']}.{key}")
        properties[key] = of_kind(f"{inside} {schema['description']}") if inside else schema
    source.components["schemas"][name] = {
        "type": "object",
        "description": f"{title}. {description}",
        "properties": properties,
    }
    return of_kind(name)


def forms_of(row: Schema, example: Any = None) -> Schema:
    """The forms that rows come in: a list, the only one by itself, or a table."""
    return {
        **json_content({"type": "array", "items": row}, example),
        SINGLE: {"schema": row},
        "text/csv": {"schema": {"type": "string"}},
    }


def given(source: Source, relation: Schema, verb: str) -> Schema | None:
    """A reference to what can be inserted or updated, None when the role may not."""
    columns = [column for column in relation["columns"] if source.allows(column[verb])]
    if not columns:
        return None
    name = f"{camel(relation['name'])}{verb.capitalize()}"
    extra = default_of if verb == "insert" else lambda column: {}
    made = {
        "type": "object",
        "properties": {column["name"]: {**of_column(column), **extra(column)} for column in columns},
        "additionalProperties": False,
    }
    required = [column["name"] for column in columns if column["is_required"] and column["default"] is None]
    source.components["schemas"][name] = made | ({"required": required} if verb == "insert" and required else {})
    return of_kind(name)


def of_relation(source: Source, relation: Schema) -> Schema:
    """What the role may do with a view."""
    columns, name = readable(source, relation), relation["name"]
    if not columns:
        return {}
    title, description = words_of(relation["comment"] or name)
    row = rows(source, relation)
    shown = examples().get(f"rest_{name}_get", {}).get("answer")
    names = {column["name"] for column in columns}
    # What a test has embedded is not of the row.
    shown = shown and [{key: value for key, value in example.items() if key in names} for example in shown]
    forms = forms_of(row, shown)
    wanted, which = select(source, relation, columns), filters(source, relation, columns)

    def operation(verb: str, what: str, roles: list[str], **more: Any) -> Schema:
        security, refused = source.needs(roles, REFUSED)
        # The role may do it, and yet not with each column, each row, and all that can be embedded.
        refused |= {403: REFUSED[403]}
        said = joined(SAID, RANGED if verb == "get" else WRITTEN, refused, ALWAYS)
        more["responses"] |= source.problems(said)
        return {
            "tags": [f"rest/{name}"],
            "operationId": f"rest_{name}_{verb}",
            "summary": f"{what} {title.lower()}" if verb != "get" else title,
            "description": description,
            "security": security,
            **more,
        }

    found: Schema = {}
    headers = spans(source)
    reading = next(column["select"] for column in columns)
    found["get"] = operation(
        "get", "Read", reading,
        parameters=[wanted, *which, *paging(source, relation, columns), prefer(source, "get")],
        responses={code: {"description": what, "content": forms, "headers": headers} for code, what in READ.items()},
    )  # fmt: skip
    done = {"description": "The rows, if asked for.", "content": forms_of(row)}
    silent = {"204": {"description": "Done."}}
    for verb, method, what in (("insert", "post", "Add"), ("update", "patch", "Change")):
        body = given(source, relation, verb)
        if body:
            roles = sorted({role for column in relation["columns"] for role in column[verb] or ()})
            sent = examples().get(f"rest_{name}_{method}", {}).get("body")
            several = {"oneOf": [body, {"type": "array", "items": body, "description": "All with the same fields."}]}
            found[method] = operation(
                method, what, roles,
                parameters=[wanted, *(which if verb == "update" else ()), prefer(source, "write")],
                requestBody={"required": True, "content": json_content(several if verb == "insert" else body, sent)},
                responses={"201": done} if verb == "insert" else {"200": done, **silent},
            )  # fmt: skip
    if source.allows(relation["delete"]):
        found["delete"] = operation(
            "delete", "Remove", relation["delete"],
            parameters=[wanted, *which, prefer(source, "write")], responses={"200": done, **silent},
        )  # fmt: skip
    return found


def of_function(source: Source, function: Schema) -> Schema:
    """A function, called by POST, and by GET when it changes nothing."""
    name = function["name"]
    title, description = words_of(function["comment"] or name)
    inputs = table()["inputs"].get(f"api.{name}", {})
    columns = source.columns(inputs.get("view", ""))
    fields = {}
    for argument in function["arguments"]:
        column = columns.get(argument["name"], {"checks": []})
        kind = inputs.get("kinds", {}).get(argument["name"])
        rules = rules_of(column) | inputs.get("rules", {}).get(argument["name"], {})
        schema = merged(dict(GIVEN[kind]) if kind else type_of(argument["type"]), rules)
        if argument["default"] and argument["default"].startswith("NULL"):
            schema = nullable(schema)
        schema = described(f"api.{name}", argument["name"], schema, column.get("comment") or "")
        fields[argument["name"]] = {**schema, **default_of(argument)}
    required = [argument["name"] for argument in function["arguments"] if argument["default"] is None]
    answer, extra = answer_of(source, function)
    security, refused = source.needs(function["execute"], REFUSED)
    writes = {409: ["23503"], 413: ["payload_too_large"]} if function["is_volatile"] else {}
    usual = SAID | {400: [*SAID[400], "23514"], 404: [*SAID[404], "PGRST202"]}
    said = joined(usual, refused, errors_of(function["comment"] or ""), writes, ALWAYS)
    if "206" in answer:
        said |= RANGED
    common: Schema = {
        "tags": ["rest/rpc"],
        "summary": title,
        "description": description,
        "security": security,
    }
    body: Schema = {"type": "object", "properties": fields, "additionalProperties": False}
    component = f"Rpc{camel(name)}"
    source.components["schemas"][component] = body | ({"required": required} if required else {})
    sent = examples().get(f"rest_rpc_{name}", {}).get("body")
    posted: Schema = {
        **common,
        "operationId": f"rest_rpc_{name}",
        "parameters": extra,
        "requestBody": {"required": bool(required), "content": json_content(of_kind(component), sent)},
        "responses": {**answer, **source.problems(said)},
    }
    if function["is_volatile"]:
        return {"post": posted}
    asked: list[Schema] = []
    for key, schema in fields.items():
        asked.append({**query(key, "", schema), "required": key in required})
    return {
        "get": {
            **common,
            "operationId": f"rest_rpc_{name}_get",
            "parameters": [*asked, *extra],
            "responses": posted["responses"],
        },
        "post": posted,
    }


def answer_of(source: Source, function: Schema) -> tuple[Schema, list[Schema]]:
    """Responses of a function, and the parameters that shape them."""
    returns, named = function["returns"], table()["answers"].get(f"api.{function['name']}")
    if returns == "void":
        return {"204": {"description": "Done."}}, []
    found = re.fullmatch(r"(SETOF )?api\.(\w+)", returns)
    if found:
        relation = source.relation(found[2])
        row, columns = rows(source, relation), readable(source, relation)
        schema = {"type": "array", "items": row} if found[1] else row
        extra = [select(source, relation, columns, is_one=not found[1])]
        extra += paging(source, relation, columns) if found[1] else []
    elif returns.startswith("TABLE("):
        fields = {key: nullable(type_of(kind)) for key, kind in re.findall(r"(\w+) ([^,]+)", returns[6:-1])}
        schema, extra = {"type": "array", "items": {"type": "object", "properties": fields}}, []
    else:
        schema, extra = of_kind(named) if named else type_of(returns), []
    content = forms_of(row) if found and found[1] else json_content(schema)
    made = {"200": {"description": "What it returns.", "content": content}}
    return made | ({"206": made["200"]} if len(extra) > 1 else {}), extra

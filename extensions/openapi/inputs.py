"""Bodies of requests: as logic.check_body reads them in SQL, and as extensions/bodies.py has them."""

import json
import re

from extensions import bodies
from extensions.openapi.schemas import GIVEN, Schema, default_of, merged, nullable, of_kind, rules_of
from extensions.openapi.source import Source, camel, table


def described(owner: str, name: str, schema: Schema, otherwise: str = "") -> Schema:
    """A field with what api.toml says of it: there, wherever it is, or as a parameter."""
    words = table()["fields"]
    said = words.get(f"{owner}.{name}") or words.get(name) or otherwise
    said = said or table()["parameters"].get(name, "").partition(" ")[2]
    return {**schema, "description": said} if said else schema


def body_of(source: Source, function: Schema, inputs: Schema, *, is_new: bool) -> Schema:
    """The schema of the body that a function reads by logic.check_body."""
    # The second argument: texts of JSON, and the one function that several have in common.
    called = re.search(
        r"logic\.check_body\(\s*\$1,((?:\s|\|\||logic\.product_fields\(\)|'\{[^']*\}')+)", function["source"]
    )
    if not called:
        source.undescribed.append(f"v1.{function['name']}: its body is not read by check_body($1, '{{…}}')")
        return {"type": "object"}
    spec: dict[str, str] = dict(source.catalogue["product_fields"]) if "product_fields" in called[1] else {}
    for text in re.findall(r"'(\{[^']*\})'", called[1]):
        spec |= json.loads(text)
    shape = table()["answers"].get(function["name"], "any").split()[-1]
    columns = source.columns(inputs.get("view") or table()["shapes"].get(shape, {}).get("view", ""))
    properties: Schema = {}
    # In the order of the view, since jsonb keeps none.
    ranks = {name: rank for rank, name in enumerate(columns)}
    spec = dict(sorted(spec.items(), key=lambda entry: ranks.get(entry[0], len(ranks))))
    for name, rule in spec.items():
        kind, is_required = rule.rstrip("!"), rule.endswith("!")
        column = columns.get(name) or columns.get(f"{name}_id") or {"checks": [], "labels": None, "comment": ""}
        schema = merged(GIVEN[kind], rules_of(column) | inputs.get("rules", {}).get(name, {}))
        if column["labels"]:
            schema["enum"] = column["labels"]
        schema = schema if is_required else nullable(schema)
        if is_new and not is_required and kind != "object":
            schema |= default_of(column) if "default" in column else {}
        properties[name] = described(function["name"], name, schema, column["comment"])
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [name for name, rule in spec.items() if rule.endswith("!")]
    if required:
        made["required"] = required
    if "one_of" not in inputs:
        return made
    # Each whole: makers of clients take what stands beside `anyOf` for nothing.
    title = camel(function["name"])
    wanted = {name: properties[name] | {"type": GIVEN[spec[name]]["type"]} for name in inputs["one_of"]}
    return {
        "anyOf": [
            {**made, "title": f"{title}By{camel(name)}", "required": [name], "properties": {**properties, name: schema}}
            for name, schema in wanted.items()
        ]
    }


def model_schema(name: str) -> Schema:
    """The schema of a class of extensions/bodies.py."""
    schema = getattr(bodies, name).model_json_schema()
    for field in (schema, *schema.get("properties", {}).values()):
        field.pop("title", None)
    properties = {field: described(name, field, rules) for field, rules in schema.get("properties", {}).items()}
    return {**schema, "properties": properties}


def model(source: Source, name: str) -> Schema:
    """A reference to that schema."""
    source.components["schemas"][name] = model_schema(name)
    return of_kind(name)

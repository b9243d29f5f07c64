"""JSON Schema of what PostgreSQL knows of a column, and of the kinds that api.toml and logic.check_body name."""

import re
from typing import Any

Schema = dict[str, Any]
INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
TYPES: dict[str, Schema] = {
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp with time zone": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
    "json": {},
    "jsonb": {},
}
# That any names may be in it has to be said: generated clients otherwise take it for one that is always empty.
OBJECT: Schema = {"type": "object", "additionalProperties": True}
MONEY = r"^-?[0-9]{1,10}\.[0-9]{2}$"
# What answers and parameters consist of, by the words of api.toml.
KINDS: dict[str, Schema] = {
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "any": {},
    "object": OBJECT,
    "plain": {"type": ["string", "number", "boolean"]},
    "money": {"type": "string", "pattern": MONEY},
    "uuid": TYPES["uuid"],
    "date": TYPES["date"],
    "time": TYPES["timestamp with time zone"],
    "token": {"type": "string", "minLength": 1},
}
# What bodies consist of, by the words of logic.check_body; numbers may come as text, as forms send them.
GIVEN: dict[str, Schema] = {
    "text": {"type": "string"},
    "uuid": TYPES["uuid"],
    "integer": {
        "type": ["integer", "string"],
        "pattern": r"^-?[0-9]{1,9}$",
        "minimum": -999999999,
        "maximum": 999999999,
    },
    "money": {"type": ["number", "string"], "pattern": r"^-?[0-9]{1,9}(\.[0-9]{1,2})?$", "multipleOf": 0.01},
    "number": {"type": ["number", "string"], "pattern": r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$", "multipleOf": 0.000001},
    "boolean": {"type": "boolean"},
    "date": TYPES["date"],
    "object": OBJECT,
    "array": {"type": "array", "items": {}},
    "address": {"oneOf": [{"type": "string", "format": "uuid"}, {"$ref": "#/components/schemas/AddressGiven"}]},
}
# How PostgreSQL writes the rules that JSON Schema knows as well; what is not among them is left to the database.
RULES: list[tuple[str, str]] = [
    (r"\(length\(btrim\((\w+)\)\) >= 1\)", "not_blank"),
    (r"\(length\((?:btrim\()?(\w+)\)?\) <= (\d+)\)", "maxLength"),
    (r"\(length\((?:btrim\()?(\w+)\)?\) >= (\d+)\)", "minLength"),
    (r"\((\w+) >= \(?(-?[\d.]+)\)?(?:::numeric)?\)", "minimum"),
    (r"\((\w+) > \(?(-?[\d.]+)\)?(?:::numeric)?\)", "exclusiveMinimum"),
    (r"\((\w+) <= \(?(-?[\d.]+)\)?(?:::numeric)?\)", "maximum"),
    (r"\((\w+) <> \(?(-?[\d.]+)\)?(?:::numeric)?\)", "not"),
    (r"\((\w+) ~ '(\^(?:[^']|'')*)'::text\)", "pattern"),
    (r"\((\w+) = ANY \(ARRAY\[(.*?)\]\)\)", "enum"),
    (r"\((\w+) <> ALL \(ARRAY\[(.*?)\]\)\)", "none_of"),
    (r"\(jsonb_typeof\((\w+)\) = '(\w+)'::text\)", "type"),
]


def number(text: str) -> int | float:
    """A literal of SQL."""
    return float(text) if "." in text else int(text)


def rules_of(column: Schema) -> Schema:
    """The keywords of JSON Schema that the checks of a column amount to."""
    found: Schema = {}
    for check in column["checks"]:
        # Alternatives are no rule of their own.
        for pattern, keyword in RULES if " OR " not in check else ():
            for match in re.finditer(pattern, check):
                name, value = (*match.groups(), "")[:2]
                if name.lower() not in (column["name"], "value"):
                    continue
                match keyword:
                    case "not_blank":
                        found |= {"minLength": 1, "pattern": "[^ ]"}
                    case "pattern":
                        found["pattern"] = value.replace("''", "'")
                    case "type":
                        found |= OBJECT if value == "object" else {"type": value}
                    case "enum":
                        found["enum"] = re.findall(r"'(\w+)'", value)
                    case "none_of":
                        found["not"] = {"enum": re.findall(r"'(\w+)'", value)}
                    case "not":
                        found["not"] = {"const": number(value)}
                    case _:
                        found[keyword] = number(value)
    return found


def type_of(name: str) -> Schema:
    """The schema of a type of PostgreSQL, as PostgREST writes its values."""
    bare, _, modifiers = name.partition("(")
    if name.endswith("[]"):
        return {"type": "array", "items": type_of(name[:-2])}
    if bare in INTEGERS:
        limit = INTEGERS[bare]
        return {"type": "integer", "minimum": -limit, "maximum": limit - 1}
    if bare == "numeric":
        precision, _, scale = modifiers.rstrip(")").partition(",")
        if not precision:
            return {"type": "number"}
        most = 10 ** (int(precision) - int(scale or 0))
        return {"type": "number", "exclusiveMinimum": -most, "exclusiveMaximum": most}
    return dict(TYPES.get(bare, {"type": "string"}))


def is_money(column: Schema) -> bool:
    """Whether /api/v1 shows it as text with two decimals."""
    return bool(column["type"] == "numeric(12,2)")


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if "$ref" in schema or "oneOf" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    if "type" not in schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    made = {**schema, "type": [*kinds, "null"]}
    return {**made, "enum": [*made["enum"], None]} if "enum" in made else made


def merged(schema: Schema, rules: Schema) -> Schema:
    """A schema with further rules; the narrower limit counts."""
    made = {**schema, **rules}
    for keyword, narrower in (("minimum", max), ("maximum", min)):
        if keyword in schema and keyword in rules:
            made[keyword] = narrower(schema[keyword], rules[keyword])
    for keyword, other in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        for mine, its in ((keyword, other), (other, keyword)):
            if mine in rules:
                made.pop(its, None)
    return made


def of_column(column: Schema) -> Schema:
    """A column as /rest/v1 shows it."""
    schema = merged(type_of(column["type"]), rules_of(column))
    if column["labels"]:
        schema["enum"] = column["labels"]
    if not column["is_required"]:
        schema = nullable(schema)
    return {**schema, "description": column["comment"]} if column["comment"] else schema


def shown(column: Schema) -> Schema:
    """A column as /api/v1 shows it."""
    if not is_money(column):
        return of_column(column)
    schema = dict(KINDS["money"]) if column["is_required"] else nullable(KINDS["money"])
    return {**schema, "description": column["comment"]}


def of_kind(written: str) -> Schema:
    """`kind`, `kind?` (or null), `[kind]`, `{kind}` (by any name), shapes, then a description."""
    kind, _, description = written.partition(" ")
    if kind.endswith("?"):
        schema = nullable(of_kind(kind[:-1]))
    elif kind[0] == "[":
        schema = {"type": "array", "items": of_kind(kind[1:-1])}
    elif kind[0] == "{":
        schema = {"type": "object", "additionalProperties": of_kind(kind[1:-1])}
    elif "|" in kind and kind[0].isupper():
        schema = {"anyOf": [of_kind(one) for one in kind.split("|")]}
    elif "|" in kind:
        schema = {"type": "string", "enum": kind.split("|")}
    elif kind in KINDS:
        schema = dict(KINDS[kind])
    else:
        schema = {"$ref": f"#/components/schemas/{kind}"}
    return {**schema, "description": description} if description else schema


def default_of(column: Schema) -> Schema:
    """The default, where it is a plain value."""
    found = re.fullmatch(r"'((?:[^']|'')*)'::text|(-?\d+(?:\.\d+)?)|(true|false)", column["default"] or "")
    if not found:
        return {}
    text, digits, truth = found.groups()
    return {"default": number(digits) if digits else truth == "true" if truth else text.replace("''", "'")}

"""PostgREST's grammar as parameters: filters by type, select with embedding, order, ranges, and Prefer."""

from extensions.openapi.schemas import Schema
from extensions.openapi.source import Source, table

UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Days that there are each year.
DAY = r"[12][0-9]{3}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
CLOCK = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])?"
COMPARED = "(eq|neq|gt|gte|lt|lte)"
# What a filter may look like, by the type of its column; `in` has a list, and all but `is` take `not.` before them.
VALUES = {
    "uuid": UUID,
    "date": DAY,
    "timestamp with time zone": rf"{DAY}({CLOCK})?",
    "smallint": "-?[0-9]{1,4}",
    "integer": "-?[0-9]{1,9}",
    "bigint": "-?[0-9]{1,18}",
    "numeric": r"-?[0-9]{1,9}([.][0-9]{1,4})?",
}
TEXT = r"[^\\\u0000]*"
# One of several, in quotes if signs of the grammar are in it.
WORD = r'([a-zA-Z0-9 _-]+|"[^"\\\u0000]*")'
PREFER = {
    "get": "count=exact|count=planned|count=estimated",
    "write": "return=minimal|return=representation|return=headers-only",
}


def filter_pattern(kind: str) -> str:
    """What a filter of a column of this type may be."""
    bare = kind.partition("(")[0]
    if bare == "boolean":
        return r"^(not\.)?((eq|neq)\.(true|false)|is\.(true|false|unknown|null))$"
    if bare in {"json", "jsonb"}:
        return r'^(not\.)?(cs\.\{("[a-z_]{1,20}":"[^"\\\u0000-\u001f]{0,20}")?\}|is\.null)$'
    if bare in VALUES:
        value = VALUES[bare]
        return rf"^(not\.)?({COMPARED}\.{value}|in\.\({value}(,{value}){{0,20}}\)|is\.null)$"
    listed = rf"in\.\({WORD}(,{WORD}){{0,20}}\)"
    return rf"^(not\.)?({COMPARED}\.{TEXT}|(like|ilike|plfts|phfts|wfts)\.{TEXT}|{listed}|is\.null)$"


def condition_pattern(column: Schema) -> str:
    """What may stand of a column in `or` and `and`, where signs of the grammar would have to be quoted."""
    bare = column["type"].partition("(")[0]
    value = {"timestamp with time zone": DAY, "boolean": "(true|false)"}.get(bare) or VALUES.get(bare, WORD)
    compared = "" if bare in {"json", "jsonb"} else rf"|{COMPARED}\.{value}"
    return rf"{column['name']}\.(not\.)?(is\.null{compared})"


def query(name: str, description: str, schema: Schema) -> Schema:
    """A parameter of the query."""
    said = {"description": description} if description else {}
    return {"name": name, "in": "query", **said, "schema": schema}


def header(source: Source, name: str, description: str, schema: Schema) -> Schema:
    """A header that several operations have, as a reference."""
    key = f"rest.{name}.{schema.get('enum', [''])[0].partition('=')[0]}".rstrip(".")
    source.components["parameters"][key] = {"name": name, "in": "header", "description": description, "schema": schema}
    return {"$ref": f"#/components/parameters/{key}"}


def prefer(source: Source, kind: str) -> Schema:
    """The header Prefer."""
    said = "How to count, for `Content-Range`." if kind == "get" else "What to answer with."
    return header(source, "Prefer", said, {"type": "string", "enum": PREFER[kind].split("|")})


def filters(source: Source, relation: Schema, columns: list[Schema]) -> list[Schema]:
    """A filter for each column, as references."""
    made, such = [], table()["such"]
    for column in columns:
        key = f"{relation['name']}.{column['name']}"
        source.components["parameters"][key] = query(
            column["name"],
            f"Filter by operator and value, such as `{such.get(column['type'].partition('(')[0], such['text'])}`:"
            f" {column['comment']}",
            {"type": "string", "pattern": filter_pattern(column["type"])},
        )
        made.append({"$ref": f"#/components/parameters/{key}"})
    condition = f"({'|'.join(map(condition_pattern, columns))})"
    for key, said in (("or", "Any of several conditions"), ("and", "All of several conditions, also of one column")):
        component = f"{relation['name']}.{key}"
        source.components["parameters"][component] = query(
            key,
            f"{said}, such as `(a.eq.1,b.lt.2)`.",
            {"type": "string", "pattern": rf"^\({condition}(,{condition}){{0,5}}\)$"},
        )
        made.append({"$ref": f"#/components/parameters/{component}"})
    return made


def select(source: Source, relation: Schema, columns: list[Schema], *, is_one: bool = False) -> Schema:
    """The parameter select: columns, and what hangs together with the view; one row is not to be left out."""
    names = "|".join(column["name"] for column in columns)
    related = {name: readable(source, source.relation(name)) for name in relation["related"]}
    terms = [r"\*", rf"([a-z]{{1,20}}:)?({names})"]
    inner = "" if is_one else "(!inner)?"
    said = "Which columns, `*` or nothing for all; `name:column` renames."
    for name, theirs in related.items():
        if theirs:
            inside = "|".join(column["name"] for column in theirs)
            terms.append(rf"([a-z]{{1,20}}:)?{name}{inner}\((\*|({inside})(,({inside}))*)\)")
    if len(terms) > 2:
        embedded = ", ".join(f"`{name}(*)`" for name, theirs in related.items() if theirs)
        said += f" Embed what hangs together: {embedded}, or with their own list"
        said += "." if is_one else "; `!inner` leaves out what has none."
    key = f"{relation['name']}.{'only' if is_one else 'select'}"
    term = f"({'|'.join(terms)})"
    pattern = f"^$|^{term}(,{term})*$"
    source.components["parameters"][key] = query("select", said, {"type": "string", "pattern": pattern, "default": "*"})
    return {"$ref": f"#/components/parameters/{key}"}


def paging(source: Source, relation: Schema, columns: list[Schema]) -> list[Schema]:
    """Order, limit, offset and range."""
    names = "|".join(column["name"] for column in columns)
    term = rf"({names})(\.asc|\.desc)?(\.nullsfirst|\.nullslast)?"
    shared = {
        f"{relation['name']}.order": query(
            "order", "By which columns.", {"type": "string", "pattern": f"^{term}(,{term})*$"}
        ),
        "rest.limit": query(
            "limit",
            "How many; of more than 1,000 come 1,000.",
            {"type": "integer", "minimum": 0, "maximum": 2147483647},
        ),
        "rest.offset": query(
            "offset", "How many to pass over.", {"type": "integer", "minimum": 0, "maximum": 1000000000}
        ),
    }
    source.components["parameters"] |= shared
    span = header(
        source, "Range", "First and last row, from 0.", {"type": "string", "pattern": "^[0-9]{1,9}-([0-9]{1,9})?$"}
    )
    return [*({"$ref": f"#/components/parameters/{key}"} for key in shared), span]


def spans(source: Source) -> Schema:
    """The header of answers that tells which rows they hold."""
    source.components["headers"]["Content-Range"] = {
        "description": "First and last row, from 0, and how many there are if `Prefer` asks for that: `0-19/137`.",
        "schema": {"type": "string", "pattern": "^([0-9]+-[0-9]+|[*])/([0-9]+|[*])$"},
    }
    return {"Content-Range": {"$ref": "#/components/headers/Content-Range"}}


def readable(source: Source, relation: Schema) -> list[Schema]:
    """The columns that the role reads."""
    return [column for column in relation["columns"] if source.allows(column["select"])]

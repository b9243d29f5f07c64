"""The matrix as it is declared in matrix.toml, and drafts of what it lacks, read off the catalogue."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

FILE = Path(__file__).with_name("matrix.toml")
SCHEMAS = ("shop", "auth", "api", "v1", "logic")
VERBS = ("select", "insert", "update", "delete")
# Whose rights a role has: staff may all that customers may, and admins all that staff may.
INHERITED = {
    "anon": ("anon",),
    "customer": ("customer",),
    "staff": ("customer", "staff"),
    "admin": ("customer", "staff", "admin"),
    "integration": ("anon", "integration"),
    "service": ("service",),
    "worker": ("worker",),
}
# Which roles read the columns of a class, if they may see the row at all.
CLASSES = {
    "public": ("anon", "customer", "staff", "admin", "integration"),
    "own": ("customer", "staff", "admin"),
    "internal": ("staff", "admin"),
    "secret": (),
}


@dataclass(frozen=True)
class Right:
    """`update own (rating title)`: rows by their words, and the columns; None is all of them."""

    rows: frozenset[str]
    columns: frozenset[str] | None


@dataclass
class Relation:
    """A table or view: its columns by class, whose its rows are, and what each role may do."""

    name: str
    key: str
    whose: str
    table: str
    columns: dict[str, str]
    # Which rows may be inserted once more, and whether a DELETE on the table itself is turned into something else.
    insertable: str = ""
    is_kept: bool = False
    # Verbs of customers that guests lack.
    registered: str = ""
    rights: dict[str, dict[str, Right]] = field(default_factory=dict)

    def allowed(self, role: str, verb: str) -> list[Right]:
        return [self.rights[r][verb] for r in INHERITED[role] if verb in self.rights.get(r, {})]

    def may(self, role: str, verb: str, column: str) -> bool:
        """Whether the role may read or write this column of the rows that it reaches."""
        if verb == "select":
            rights = self.allowed(role, verb)
            is_named = any(column in (right.columns or ()) for right in rights)
            return is_named or (bool(rights) and role in CLASSES[self.columns.get(column, "secret")])
        return any(right.columns is None or column in right.columns for right in self.allowed(role, verb))

    def may_insert(self, actor: str, role: str, person: str | None) -> bool:
        """Whether somebody may insert rows at all; what is one's own takes somebody."""
        kinds = {word for right in self.allowed(role, "insert") for word in right.rows}
        is_barred = actor == "guest" and "insert" in self.registered
        return not is_barred and ("all" in kinds or ("own" in kinds and person is not None))

    def rows(self, actor: str, role: str, verb: str, words: dict[str, set[str]]) -> set[str]:
        """Keys of the rows that somebody reaches; `words` has what is said of each row, its person first of all."""
        wanted = {actor if word == "own" else word for right in self.allowed(role, verb) for word in right.rows}
        return {key for key, said in words.items() if "all" in wanted or wanted & said}


@dataclass(frozen=True)
class Call:
    """A function with real arguments, of which `{…}` names somebody's thing, and whose things it takes from whom."""

    function: str
    given: dict[str, Any]
    body: dict[str, Any] | None
    path: dict[str, str]
    takes: dict[str, str]

    def takes_from(self, role: str, *, is_own: bool) -> bool:
        words = {self.takes[inherited] for inherited in INHERITED[role] if inherited in self.takes}
        return "all" in words or (is_own and "own" in words)


@dataclass
class Matrix:
    """Everything that is declared."""

    relations: dict[str, Relation]
    functions: dict[str, tuple[str, ...]]
    calls: list[Call]
    acts: list[tuple[str, str, int | str]]

    def executes(self, role: str, function: str) -> bool:
        return any(inherited in self.functions[function] for inherited in INHERITED[role])


def parse(line: str) -> dict[str, Right]:
    """`select own approved; insert/update own (rating title)` by verb."""
    rights: dict[str, Right] = {}
    for part in line.split(";"):
        found = re.fullmatch(r"([a-z/]+)((?: \w+)+)(?: \(([\w ]+)\))?", " ".join(part.split()))
        assert found, f"matrix.toml: what does {part!r} mean?"
        for verb in found[1].split("/"):
            assert verb in VERBS, f"matrix.toml: {verb} in {part!r} is no verb"
            assert verb not in rights, f"matrix.toml: {verb} stands twice in {line!r}"
            rights[verb] = Right(frozenset(found[2].split()), frozenset(found[3].split()) if found[3] else None)
    return rights


def load() -> Matrix:
    data = tomllib.loads(FILE.read_text())
    relations = {}
    for schema in ("shop", "auth", "api"):
        for name, entry in data[schema].items():
            columns = {column: kind for kind in CLASSES for column in entry.get(kind, "").split()}
            table = f"shop.{entry.get('of', name)}" if schema == "api" else f"{schema}.{name}"
            base = data[table.partition(".")[0]][table.partition(".")[2]]
            if schema == "api":
                # A column of a view is of the class of the table's column by that name.
                columns = {c: kind for kind in CLASSES for c in base.get(kind, "").split()} | columns
            relations[f"{schema}.{name}"] = Relation(
                f"{schema}.{name}", entry.get("key", base.get("key", "id")), base.get("whose", "null"), table, columns,
                entry.get("insertable", base.get("insertable", "")), entry.get("is_kept", False),
                entry.get("registered", base.get("registered", "")),
                {role: parse(line) for role, line in entry.items() if role in INHERITED},
            )  # fmt: skip
    functions = {f"{s}.{n}": tuple(roles.split()) for s, names in data["execute"].items() for n, roles in names.items()}
    calls = [
        Call(
            function,
            entry.get("given", {}),
            entry.get("body"),
            {key: entry[key] for key in ("id", "slug") if key in entry},
            {role: entry[role] for role in INHERITED if role in entry},
        )
        for function, entry in data["calls"].items()
    ]
    acts = [(act["who"], act["does"], act["gets"]) for act in data["acts"]]
    return Matrix(relations, functions, calls, acts)


READABLE = """
select a.attname, case when has_column_privilege('anon', c.oid, a.attnum, 'select') then 'public'
    when has_column_privilege('customer', c.oid, a.attnum, 'select') then 'own'
    when has_column_privilege('admin', c.oid, a.attnum, 'select') then 'internal' else 'secret' end
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.oid = %s::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
GRANTED = """
select grantee::regrole::text, privilege, coalesce(' (' || string_agg(attname, ' ' order by attnum) || ')', '')
from (
  select a.grantee, lower(a.privilege_type) as privilege, null as attname, null as attnum
  from pg_class c, aclexplode(c.relacl) a where c.oid = %(relation)s::regclass
  union all
  select a.grantee, lower(a.privilege_type), case when a.privilege_type <> 'SELECT' then t.attname end, t.attnum
  from pg_attribute t, aclexplode(t.attacl) a where t.attrelid = %(relation)s::regclass
) g where grantee <> 'owner'::regrole group by 1, 2
order by 1, array_position('{select,insert,update,delete}', privilege)
"""


def draft(connection: psycopg.Connection[Any], relation: str) -> str:
    """The entry of a relation as its grants have it; whose rows, somebody has to think of."""
    kinds: dict[str, list[str]] = {}
    for column, kind in connection.execute(READABLE, [relation]):
        kinds.setdefault(kind, []).append(column)
    roles: dict[str, list[str]] = {}
    rows = {"anon": "shown", "customer": "own"}
    for role, verb, columns in connection.execute(GRANTED, {"relation": relation}):
        roles.setdefault(role, []).append(f"{verb} {rows.get(role, 'all')}{columns}")
    lines = [f'{kind} = "{" ".join(kinds[kind])}"' for kind in CLASSES if kind in kinds]
    lines += [f'{role} = "{"; ".join(roles[role])}"' for role in INHERITED if role in roles]
    return f"[{relation}]\n" + "\n".join(lines) + "\n"


def draft_function(connection: psycopg.Connection[Any], function: str) -> str:
    """The line of a function as its grants have it."""
    row = connection.execute(
        """select string_agg(a.grantee::regrole::text, ' ' order by a.grantee::regrole::text)
        from pg_proc p, aclexplode(p.proacl) a
        where p.pronamespace::regnamespace || '.' || p.proname = %s and a.grantee <> 'owner'::regrole""",
        [function],
    ).fetchone()
    schema, name = function.split(".")
    return f'[execute.{schema}]\n{name} = "{(row and row[0]) or ""}"\n'


def existing(connection: psycopg.Connection[Any]) -> tuple[dict[str, list[str]], list[str]]:
    """Every relation with its columns, and every function."""
    relations: dict[str, list[str]] = {}
    for name, column in connection.execute(
        """select c.relnamespace::regnamespace || '.' || c.relname, a.attname
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace::regnamespace::text = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum""",
        [list(SCHEMAS)],
    ):
        relations.setdefault(name, []).append(column)
    functions = connection.execute(
        """select distinct pronamespace::regnamespace || '.' || proname from pg_proc
        where pronamespace::regnamespace::text = any(%s) order by 1""",
        [list(SCHEMAS)],
    )
    return relations, [row[0] for row in functions]

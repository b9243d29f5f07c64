"""Every cell of the matrix as a check in SQL."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql

from tests.db.world import World
from tests.matrix.declared import INHERITED, SCHEMAS, Call, Matrix, Relation, existing
from tests.matrix.probes import Check
from tests.matrix.world import ACTORS, BUYERS, DAMAGED, belongings, claims, filled, secrets

# One actor of each role: what is said of columns and functions is said of roles.
FACES = {role: "anna" if role == "customer" else role for role in INHERITED}
# Whose session has ended has no cells: `of_tokens` shows that nothing of theirs is ever asked.
ASKING = {actor: who for actor, who in ACTORS.items() if actor != "carl"}


def standing(actor: str) -> str:
    """As what an actor meets rows: a program whose key has no scope has the role of programs, and sees as a visitor."""
    return "anon" if actor == "idle" else ACTORS[actor][0]


def literal(value: Any) -> str:
    """As SQL writes it; structures become JSON."""
    if isinstance(value, bool | int):
        return str(value).lower()
    return sql.Literal(json.dumps(value) if isinstance(value, dict | list) else str(value)).as_string()


@dataclass
class Cells:
    """The cells of a world; `connection` is a superuser's, and nothing of the world changes between two looks."""

    connection: psycopg.Connection[Any]
    matrix: Matrix
    world: World

    @cached_property
    def columns(self) -> dict[str, list[str]]:
        return existing(self.connection)[0]

    @cached_property
    def marks(self) -> dict[str, tuple[str, str]]:
        """For customers: a question for all that belongs to others, and its answer now."""
        return {actor: belongings(self.world, actor) for actor, (role, _) in ASKING.items() if role == "customer"}

    @cached_property
    def computed(self) -> set[tuple[str, str]]:
        found = self.connection.execute(
            """select c.relnamespace::regnamespace || '.' || c.relname, a.attname
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
            where c.relkind in ('r', 'v') and (a.attgenerated <> ''
              or c.relkind = 'v' and not pg_column_is_updatable(c.oid, a.attnum, false))"""
        )
        return set(found.fetchall())

    def words(self, relation: Relation) -> dict[str, set[str]]:
        """What is said of each row, by key; ids of people become their names."""
        names = {str(self.world.ids[person]): person for person in (*BUYERS, "carl", "staff", "admin")}
        key = f"({relation.key})::text"
        shown = "true" if relation.name == relation.table else f"{key} in (select {key} from {relation.name})"
        found = self.connection.execute(f"select {key}, ({relation.whose})::text from {relation.table} where {shown}")
        return {key: {names.get(word, word) for word in (said or "").split()} for key, said in found}

    def sample(self, relation: Relation, words: dict[str, set[str]], actor: str) -> str:
        """A row to insert again: the actor's own, if there is one."""
        key = next((key for key, said in words.items() if actor in said), next(iter(words)))
        row = self.connection.execute(
            f"""select to_jsonb(t)::text from {relation.name} t
            where {relation.insertable or f"({relation.key})::text = {literal(key)}"} limit 1"""
        ).fetchone()
        assert row
        return str(row[0])

    def of_columns(self, relation: Relation) -> Iterator[Check]:
        """Column by column and role by role: to read, to sort and filter by, to write."""
        name = relation.name
        for role, actor in FACES.items():
            for column in self.columns[name]:
                null = f"(null::{name}).{column}"
                for verb, statement in (
                    ("select", f"select {column} from {name} where false"),
                    ("select", f"select 1 from {name} where {column} is null and false order by {column}::text"),
                    ("insert", f"insert into {name} ({column}) select {null} where false"),
                    ("update", f"update {name} set {column} = {null} where false"),
                ):
                    may = "allowed" if relation.may(role, verb, column) else "denied"
                    yield Check(actor, name, f"{verb} {column}", statement, may, is_detail=True)
            may = "allowed" if relation.allowed(role, "delete") else "denied"
            yield Check(actor, name, "delete", f"delete from {name} where false", may)

    def of_privileges(self) -> Iterator[Check]:
        """What the catalogue says of each role, also where something else would still be in the way."""
        for name, oid in self.connection.execute(
            """select relnamespace::regnamespace || '.' || relname, oid from pg_class
            where relnamespace::regnamespace::text = any(%s) and relkind in ('r', 'v')""",
            [list(SCHEMAS)],
        ).fetchall():
            relation = self.matrix.relations.get(name)
            for role, actor in FACES.items() if relation else ():
                for verb in ("select", "insert", "update"):
                    yield Check(
                        actor, name, f"{verb} columns",
                        f"""select string_agg(attname, ',') from pg_attribute where attrelid = {oid} and attnum > 0
                        and not attisdropped and has_column_privilege('{role}', attrelid, attnum, '{verb}')""",
                        frozenset(c for c in self.columns[name] if relation.may(role, verb, c)),
                    )  # fmt: skip
                more = "delete,truncate,references,trigger,maintain"
                yield Check(
                    actor, name, more,
                    f"""select string_agg(v, ',') from unnest('{{{more}}}'::text[]) v
                    where has_table_privilege('{role}', {oid}, v)""",
                    frozenset({"delete"} if relation.allowed(role, "delete") else ()),
                )  # fmt: skip
        for schema in SCHEMAS:
            for role, actor in FACES.items():
                yield Check(
                    actor, f"functions of {schema}", "execute",
                    f"""select string_agg(pronamespace::regnamespace || '.' || proname, ',') from pg_proc
                    where pronamespace::regnamespace::text = '{schema}'
                      and has_function_privilege('{role}', oid, 'execute')""",
                    frozenset(
                        name for name in self.matrix.functions
                        if name.startswith(f"{schema}.") and self.matrix.executes(role, name)
                    ),
                )  # fmt: skip

    def of_rows(self, relation: Relation) -> Iterator[Check]:
        """Row by row and person by person."""
        name, key, words = relation.name, f"({relation.key})::text", self.words(relation)
        for actor, (role, person) in ASKING.items():
            if relation.allowed(role, "select"):
                seen = frozenset(relation.rows(actor, standing(actor), "select", words))
                yield Check(actor, name, "select rows", f"select string_agg({key}, ',') from {name}", seen)
                yield Check(actor, name, "count rows", f"select count(*) from {name}", f"= {len(seen)}")
            if relation.allowed(role, "insert") and words:
                given = ", ".join(self.writable(relation, role, "insert"))
                row = literal(self.sample(relation, words, actor))
                yield Check(
                    actor, name, "insert a row",
                    f"insert into {name} ({given}) select {given} from jsonb_populate_record(null::{name}, {row})",
                    "allowed" if relation.may_insert(actor, standing(actor), person) else "denied",
                )  # fmt: skip
            for verb in ("update", "delete"):
                if not relation.allowed(role, verb) or (verb == "delete" and relation.is_kept):
                    continue
                reached = relation.rows(actor, role, verb, words)
                column = next(iter(self.writable(relation, role, "update")), "")
                act = f"update {name} set {column} = {column}" if verb == "update" else f"delete from {name}"
                # A statement that reads no column is not filtered by the policies for reading.
                given = f"(jsonb_populate_record(null::{name}, {literal(self.sample(relation, words, actor))}))"
                blind = f"update {name} set {column} = {given}.{column}" if verb == "update" else act
                yield Check(
                    actor, name, f"{verb} everything",
                    f"with done as ({blind} returning 1) select count(*) from done", f"just {len(reached)}",
                )  # fmt: skip
                for row, said in words.items():
                    statement = f"{act} where {key} = {literal(row)} returning 1"
                    yield Check(
                        actor, name, f"{verb} {' '.join(said) or 'a row'}",
                        f"with done as ({statement}) select count(*) from done",
                        "reached" if row in reached else "unreached",
                    )  # fmt: skip

    def writable(self, relation: Relation, role: str, verb: str) -> list[str]:
        name = relation.name
        return [c for c in self.columns[name] if relation.may(role, verb, c) and (name, c) not in self.computed]

    def of_functions(self) -> Iterator[Check]:
        """Who may call at all."""
        signatures = self.connection.execute(
            """select p.pronamespace::regnamespace || '.' || p.proname, p.prokind = 'p',
              array(select format_type(t, null) from unnest(p.proargtypes) t)
            from pg_proc p where p.pronamespace::regnamespace::text = any(%s)""",
            [list(SCHEMAS)],
        )
        for function, is_procedure, types in signatures.fetchall():
            # Nulls that nobody folds: PostgreSQL answers a strict function of constants without asking for the grant.
            nulls = ", ".join(f"null::{kind} as a{n}" for n, kind in enumerate(types)) or "1"
            names = ", ".join(f"x.a{n}" for n in range(len(types)))
            call = f"select {function}({names})::text from (select {nulls} offset 0) x"
            for role, actor in FACES.items() if function in self.matrix.functions else ():
                may = "allowed" if self.matrix.executes(role, function) else "no_execute"
                statement = f"call {function}(variadic null::{types[0]})" if is_procedure else call
                yield Check(actor, function, "execute", statement, may, secrets(self.world, actor), is_detail=True)

    def of_call(self, call: Call) -> Iterator[Check]:
        """Whose things a function takes from whom, and that it tells nobody of others."""
        for actor, (role, _) in ASKING.items():
            if not self.matrix.executes(role, call.function):
                continue
            for whose in BUYERS:
                given, path, body = filled(self.world, call, whose)
                values = ", ".join(f"{key} => {literal(value)}" for key, value in given.items())
                values = values if body is None else literal(body)
                told = json.dumps([given, path, body])
                afterwards, untouched = self.marks.get(actor, (None, ""))
                yield Check(
                    actor, call.function, f"call with what is {whose}'s",
                    f"with path as materialized (select set_config('request.headers', {literal(path)}, true))"
                    f" select {call.function}({values})::text from path",
                    # What takes nothing may still need somebody.
                    "allowed" if actor == "nobody" and not (given or path or body)
                    else "taken" if call.takes_from(standing(actor), is_own=actor == whose) else "unknown",
                    frozenset(word for word in secrets(self.world, actor) if word not in told), afterwards, untouched,
                )  # fmt: skip

    def of_acts(self) -> Iterator[Check]:
        """What no table of rows and columns can say."""
        for who, does, gets in self.matrix.acts:
            statement = psycopg.ClientCursor(self.connection).mogrify(does, self.world.ids)
            if isinstance(gets, str):
                yield Check(who, "acts", "act", statement, "unknown" if gets == "problem" else gets)
            elif does.startswith("select"):
                count, marks = f"select count(*) from ({statement}) found", self.marks.get(who, ())
                yield Check(who, "acts", "act", count, f"= {gets}", frozenset(), *marks)
            else:
                counted = f"with done as ({statement} returning 1) select count(*) from done"
                yield Check(who, "acts", "act", counted, f"= {gets}")

    def of_tokens(self) -> Iterator[Check]:
        """Before every request: who passes with whole claims, and that each damage to them is noticed."""
        for actor in ("anon", *BUYERS, "staff", "admin", "integration", *DAMAGED):
            said = claims(self.world, actor if actor in ACTORS else "anna")
            said = DAMAGED[actor](said, self.world) if actor in DAMAGED else said
            asking = FACES[said.get("role", "customer")]
            yield Check(
                asking, "logic.check_session", f"pass as {actor}",
                f"with said as materialized (select set_config('request.jwt.claims', {literal(said)}, true))"
                " select logic.check_request()::text from said",
                "refused" if actor in DAMAGED else "= ",
            )  # fmt: skip

    def all(self) -> list[Check]:
        """Cheap ones first."""
        made = [*self.of_tokens(), *self.of_privileges(), *self.of_acts()]
        relations = [relation for name, relation in self.matrix.relations.items() if name in self.columns]
        for call in self.matrix.calls:
            made += self.of_call(call)
        for relation in relations:
            made += self.of_rows(relation)
        made += self.of_functions()
        for relation in relations:
            made += self.of_columns(relation)
        return made

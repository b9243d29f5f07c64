"""Every cell of the matrix as a request through the public port, in a stack that undoes what it is asked."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tests.matrix.cells import Cells, standing
from tests.matrix.declared import Relation
from tests.matrix.requests import Ask
from tests.matrix.world import ACTORS, BUYERS, REFUSED, filled, secrets

PEOPLE = {actor: role for actor, (role, _) in ACTORS.items() if actor not in {*REFUSED, "service", "worker"}}
# One of each role that a token can have.
OFFICES = ("anon", "anna", "staff", "admin", "integration")
# Whose tokens are refused whatever they ask.
STRANGERS = (*REFUSED, "service", "worker")
METHODS = ("GET", "POST", "PUT", "DELETE")


@dataclass
class Asks:
    """The cells of the same declaration, over HTTP."""

    cells: Cells
    routes: list[dict[str, Any]]

    @cached_property
    def views(self) -> dict[str, Relation]:
        return {name: relation for name, relation in self.cells.matrix.relations.items() if name.startswith("api.")}

    @cached_property
    def words(self) -> dict[str, dict[str, set[str]]]:
        return {name: self.cells.words(view) for name, view in self.views.items()}

    def of_view(self, view: Relation) -> Iterator[Ask]:
        """Rows, their number, and what can be learnt of rows and columns by asking for them."""
        name, path, words = view.name, f"/rest/v1/{view.name[4:]}", self.words[view.name]
        everything = {"or": f"({','.join(f'{view.key}.eq.{json.dumps(key)}' for key in words)})"}
        columns = self.cells.columns
        for actor, role in PEOPLE.items():
            select, hidden = {"select": f"key:{view.key}::text"}, secrets(self.cells.world, actor)
            if not view.allowed(role, "select"):
                yield Ask(actor, f"{name}: select", "GET", path, "denied", select)
                yield Ask(actor, f"{name}: filter", "GET", path, "denied", select | everything)
                yield Ask(actor, f"{name}: count", "GET", path, "denied", headers={"Prefer": "count=exact"})
                continue
            seen = frozenset(view.rows(actor, standing(actor), "select", words))
            yield Ask(actor, f"{name}: select", "GET", path, seen, select)
            yield Ask(actor, f"{name}: select *", "GET", path, "allowed", secrets=hidden)
            yield Ask(actor, f"{name}: filter", "GET", path, seen, select | everything)
            count = {"Prefer": "count=exact"}
            yield Ask(actor, f"{name}: count", "GET", path, str(len(seen)), {"limit": "1"} | select, headers=count)
            for key in sorted(set(words) - seen):
                yield Ask(actor, f"{name}: ask for a row", "GET", path, frozenset(), select | {view.key: f"eq.{key}"})
            for column in sorted(set(columns[view.table]) - set(columns[name])):
                for how in ({"select": column}, {column: "not.is.null"}, {"order": column}, {"or": f"({column}.gt.0)"}):
                    yield Ask(actor, f"{name}: oracle {column}", "GET", path, "absent", how)

    def of_embedding(self) -> Iterator[Ask]:
        """Along every foreign key, both ways: what is embedded is as if it were asked for by itself."""
        keys = self.cells.connection.execute(
            """select conrelid::regclass::text, confrelid::regclass::text from pg_constraint k
            where contype = 'f' and connamespace = 'shop'::regnamespace and conrelid <> confrelid"""
        ).fetchall()
        for source, target in {pair for key in keys for pair in (key, key[::-1])}:
            for outer in (view for view in self.views.values() if view.table == source):
                for inner in (view for view in self.views.values() if view.table == target):
                    yield from self.of_pair(outer, inner)

    def of_pair(self, outer: Relation, inner: Relation) -> Iterator[Ask]:
        name = inner.name[4:]
        for actor, role in PEOPLE.items():
            may = bool(outer.allowed(role, "select") and inner.allowed(role, "select"))
            cell, path = f"{outer.name}: embed {inner.name}", f"/rest/v1/{outer.name[4:]}"
            select = f"key:{outer.key}::text,{name}(key:{inner.key}::text)"
            hidden = set(self.words[inner.name]) - inner.rows(actor, standing(actor), "select", self.words[inner.name])
            # Keys of one view are no secret where another shows them: of the inner one's own, only what is told inside.
            yield Ask(
                actor, cell, "GET", path, "embedded" if may else "absent", {"select": select},
                secrets=frozenset(f'{{"key":"{key}"}}' for key in hidden),
            )  # fmt: skip
            for key in sorted(hidden)[:3] if may else ():
                found = {"select": f"key:{outer.key}::text,{name}!inner()", f"{name}.{inner.key}": f"eq.{key}"}
                yield Ask(actor, f"{cell} as a filter", "GET", path, frozenset(), found)

    def of_columns(self, view: Relation) -> Iterator[Ask]:
        """Column by column and role by role: to change a row that isn't there, to write a row of nothing else."""
        path = f"/rest/v1/{view.name[4:]}"
        for actor in OFFICES:
            role = ACTORS[actor][0]
            for column in self.cells.columns[view.name]:
                if (view.name, column) not in self.cells.computed:
                    may = {
                        verb: "allowed" if view.may(role, verb, column) else "denied" for verb in ("insert", "update")
                    }
                    nowhere = {view.key: "is.null"}
                    cell = f"{view.name}: {{}} {column}"
                    yield Ask(actor, cell.format("update"), "PATCH", path, may["update"], nowhere, {column: None})
                    if may["insert"] == "denied":
                        yield Ask(actor, cell.format("insert"), "POST", path, "denied", body={column: None})
            may_delete = "allowed" if view.allowed(role, "delete") else "denied"
            yield Ask(actor, f"{view.name}: delete", "DELETE", path, may_delete, {view.key: "is.null"})

    def of_rows(self, view: Relation) -> Iterator[Ask]:
        """Row by row and person by person: to change and to delete."""
        path, words = f"/rest/v1/{view.name[4:]}", self.words[view.name]
        for actor, role in PEOPLE.items():
            if writable := self.cells.writable(view, role, "insert"):
                sample = json.loads(self.cells.sample(view, words, actor))
                body = {column: sample[column] for column in writable}
                may = "allowed" if view.may_insert(actor, standing(actor), actor) else "denied"
                yield Ask(actor, f"{view.name}: insert a row", "POST", path, may, body=body)
            for verb, method in (("update", "PATCH"), ("delete", "DELETE")):
                columns = self.cells.writable(view, role, "update")
                if not view.allowed(role, verb):
                    continue
                reached = view.rows(actor, role, verb, words)
                for key, said in words.items():
                    body = {columns[0]: self.value(view, key, columns[0])} if verb == "update" else None
                    yield Ask(
                        actor, f"{view.name}: {verb} {' '.join(said)}", method, path,
                        "reached" if key in reached else "unreached",
                        {view.key: f"eq.{key}", "select": view.key}, body, {"Prefer": "return=representation"},
                    )  # fmt: skip

    def value(self, view: Relation, key: str, column: str) -> Any:
        row = self.cells.connection.execute(
            f"select to_jsonb({column}) from {view.name} where ({view.key})::text = %s", [key]
        ).fetchone()
        return row and row[0]

    def of_tables(self) -> Iterator[Ask]:
        """No header of a client's leads to a schema that isn't exposed."""
        for name, table in self.cells.matrix.relations.items():
            schema, _, short = name.partition(".")
            view = self.views.get(f"api.{short}")
            own = [c for c in table.columns if not view or c not in self.cells.columns[view.name]]
            if schema != "api" and own:
                profile = {"Accept-Profile": schema, "Content-Profile": schema}
                path, expected = f"/rest/v1/{short}", "absent"
                for actor in OFFICES:
                    yield Ask(actor, f"{name}: select", "GET", path, expected, {"select": own[0]}, headers=profile)
                    yield Ask(actor, f"{name}: insert", "POST", path, expected, {}, {own[0]: None}, profile)
                    where = {own[0]: "is.null"}
                    yield Ask(actor, f"{name}: update", "PATCH", path, expected, where, {own[0]: None}, profile)
                    yield Ask(actor, f"{name}: delete", "DELETE", path, expected, where, headers=profile)

    def of_functions(self) -> Iterator[Ask]:
        """Who may call at all: api by its name, v1 by its address, and the rest by no name."""
        names = dict(
            self.cells.connection.execute(
                """select pronamespace::regnamespace || '.' || proname,
                  coalesce(proargnames[1 : pronargs], '{}') from pg_proc where pronamespace = 'api'::regnamespace"""
            ).fetchall()
        )
        for function in self.cells.matrix.functions:
            schema, short = function.split(".")
            for actor, role in PEOPLE.items():
                may, hidden = self.cells.matrix.executes(role, function), secrets(self.cells.world, actor)
                if schema == "api":
                    body = dict.fromkeys(names[function])
                    expected = "allowed" if may else "denied"
                    yield Ask(actor, function, "POST", f"/rest/v1/rpc/{short}", expected, {}, body, secrets=hidden)
                elif f"api.{short}" not in names and actor in OFFICES:
                    profile = {"Content-Profile": schema}
                    yield Ask(actor, function, "POST", f"/rest/v1/rpc/{short}", "absent", {}, {}, profile)
        for route in self.routes:
            for method in METHODS:
                function = f"v1.{route.get(method)}"
                for actor, role in PEOPLE.items() if function in self.cells.matrix.functions else ():
                    may = self.cells.matrix.executes(role, function)
                    path = re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000000", route["path"])
                    body = {} if method in {"POST", "PUT"} and method not in route.get("bodyless", ()) else None
                    yield Ask(
                        actor, function, method, path, "allowed" if may else "denied", {}, body,
                        secrets=secrets(self.cells.world, actor),
                    )  # fmt: skip

    def of_calls(self) -> Iterator[Ask]:
        """Whose things a function takes from whom."""
        places = {f"v1.{route[m]}": (m, route["path"]) for route in self.routes for m in METHODS if m in route}
        for call in self.cells.matrix.calls:
            if call.function not in places and not call.function.startswith("api."):
                continue
            for actor, role in PEOPLE.items():
                for whose in BUYERS if self.cells.matrix.executes(role, call.function) else ():
                    given, path, body = filled(self.cells.world, call, whose)
                    method, place = places.get(call.function, ("POST", f"/rest/v1/rpc/{call.function[4:]}"))
                    if call.function.startswith("v1."):
                        parts = {k.removeprefix("x-path-"): v for k, v in path.items()} | given
                        place = re.sub(r"\{(\w+)\}", lambda found, parts=parts: parts[found[1]], place)
                    else:
                        body = {
                            k: json.loads(v) if isinstance(v, str) and v[:1] == '"' else v for k, v in given.items()
                        }
                    told = json.dumps([given, path, body])
                    yield Ask(
                        actor, f"{call.function} with what is {whose}'s", method, place,
                        "taken" if call.takes_from(standing(actor), is_own=actor == whose) else "unknown", {}, body,
                        secrets=frozenset(w for w in secrets(self.cells.world, actor) if w not in told),
                    )  # fmt: skip

    def all(self) -> list[Ask]:
        made = [*self.of_embedding(), *self.of_tables(), *self.of_functions(), *self.of_calls()]
        for view in self.views.values():
            made += [*self.of_view(view), *self.of_columns(view), *self.of_rows(view)]
        # Who is refused is refused everywhere, whatever anybody asks.
        once = {json.dumps([ask.method, ask.path, ask.params, ask.body, ask.headers], default=str): ask for ask in made}
        for actor in STRANGERS:
            expected = "refused" if actor in REFUSED else "no_role"
            made += [
                replace(
                    ask,
                    actor=actor,
                    cell=f"{ask.cell} as a stranger",
                    expected="absent" if ask.expected == "absent" else expected,
                    secrets=frozenset(),
                )
                for ask in once.values()
            ]
        return made

"""The database with one guard less: every policy, grant, view and check of identity, each broken by a statement."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tests.matrix.declared import INHERITED, SCHEMAS, Matrix
from tests.matrix.probes import Check, failures
from tests.matrix.world import ACTORS
from tests.rules.catalogue import RULES

OURS = str(SCHEMAS)
# Every role that somebody can have, with a token or as a part of the shop.
EXPOSED = f"{{{','.join(INHERITED)}}}"
# In functions: what asks who is calling, and what it becomes when nobody asks.
IDENTITY = [
    # The whole comparison with the caller, wherever it stands.
    (r"(?:\w+\.)?\w+ = \(select shop\.current_user_id\(\)\)", "true"),
    (r"(?:\w+\.)?\w+ = shop\.current_user_id\(\)", "true"),
    (r"(?:\w+\.)?\w+ = me\b", "true"),
    (r"(?:\w+\.)?cart_id = cart\.id", "true"),
    (r"(?:\w+\.)?customer_id = (?:\w+\.)?customer(?:_id)?\b(?!\.)", "true"),
    (r"not logic\.is_staff\(\)", "false"),
    (r"(?<!not )logic\.is_staff\(\)", "true"),
]
# In what runs before every request: each condition by itself.
PRE_REQUEST = [
    (r"claims ->> 'aud' is distinct from 'pgshop'", "false"),
    (r"claims ->> 'token_type' is distinct from 'access'", "false"),
    (r"claims ->> 'iss' is distinct from 'pgshop'", "false"),
    (r"coalesce\(claims ->> 'jti', ''\) = ''", "false"),
    (r"expires >= instant", "true"),
    (r"expires <= issued \+ \d+", "true"),
    (r"issued <= instant \+ \d+", "true"),
    (r"claims \? 'nbf'", "false"),
    (r"not claims \? 'scopes'", "true"),
    (r"k\.id = logic\.to_uuid\(claims ->> '\w+'\)", "true"),
    (r"k\.revoked_at is null", "true"),
    (r"k\.expires_at > now\(\)", "true"),
    (r"to_jsonb\(k\.scopes\) = claims -> 'scopes'", "true"),
    (r"s\.id = logic\.to_uuid\(claims ->> 'sid'\)", "true"),
    (r"a\.id = logic\.to_uuid\(claims ->> 'sub'\)", "true"),
    (r"s\.ended_at is null", "true"),
    (r"s\.expires_at > now\(\)", "true"),
    (r"a\.is_active", "true"),
    (r"a\.role = claims ->> 'role'", "true"),
    (r"claims - 'role' <> '\{\}'", "false"),
    (r"current_user <> 'anon'", "false"),
]


@dataclass(frozen=True)
class Mutant:
    """A name that stays the same, the statement that breaks something, and where one would notice first."""

    name: str
    statement: str
    targets: tuple[str, ...]
    # Who is given or denied something.
    role: str = ""


def rows(connection: psycopg.Connection[Any], statement: str) -> list[tuple[Any, ...]]:
    return connection.execute(statement).fetchall()


def of_policies(connection: psycopg.Connection[Any]) -> Iterator[Mutant]:
    for schema, table, policy, using, check in rows(
        connection,
        f"""select schemaname, tablename, policyname, qual, with_check from pg_policies
        where schemaname in {OURS} order by 1, 2, 3""",
    ):
        where, targets = f"{policy} on {schema}.{table}", (f"{schema}.{table}", f"api.{table}", "acts")
        yield Mutant(f"drop policy {where}", f"drop policy {where}", targets)
        if using not in {None, "true"}:
            yield Mutant(f"{where} using (true)", f"alter policy {where} using (true)", targets)
        if check not in {None, "true"}:
            yield Mutant(f"{where} with check (true)", f"alter policy {where} with check (true)", targets)


def of_tables_and_views(connection: psycopg.Connection[Any]) -> Iterator[Mutant]:
    for name, kind in rows(
        connection,
        f"""select relnamespace::regnamespace || '.' || relname, relkind from pg_class
        where relnamespace::regnamespace::text in {OURS} and relkind in ('r', 'v') order by 1""",
    ):
        if kind == "v":
            yield Mutant(f"{name} as its owner", f"alter view {name} set (security_invoker = off)", (name,))
        else:
            yield Mutant(f"{name} without force", f"alter table {name} no force row level security", (name,))
            yield Mutant(f"{name} without policies", f"alter table {name} disable row level security", (name,))


def of_grants(connection: psycopg.Connection[Any]) -> Iterator[Mutant]:
    """Each grant that is there, revoked; each that is not there, given to every role that can ask."""
    relations = f"""select c.oid, c.relnamespace::regnamespace || '.' || c.relname as name, c.relacl, c.relnamespace
        from pg_class c where c.relnamespace::regnamespace::text in {OURS} and c.relkind in ('r', 'v')"""
    columns = "join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped"
    for name, granted, role in rows(
        connection,
        f"""with relations as ({relations})
        select r.name, g.privilege_type, g.grantee::regrole::text from relations r, aclexplode(r.relacl) g
        union all
        select r.name, format('%s (%I)', g.privilege_type, a.attname), g.grantee::regrole::text
        from relations r {columns}, aclexplode(a.attacl) g order by 1, 2, 3""",
    ):
        if role != "owner":
            revoke = f"revoke {granted.lower()} on {name} from {role}"
            yield Mutant(revoke, revoke, (name,), role)
    for name, grant, role in rows(
        connection,
        f"""with relations as ({relations})
        select r.name, k.verb, w.who from relations r, unnest('{{select,insert,update,delete}}'::text[]) k (verb),
          unnest('{EXPOSED}'::text[]) w (who) where not has_table_privilege(w.who, r.oid, k.verb)
        union all
        select r.name, format('%s (%I)', k.verb, a.attname), w.who
        from relations r {columns}, unnest('{{select,insert,update}}'::text[]) k (verb),
          unnest('{EXPOSED}'::text[]) w (who)
        where a.attgenerated = '' and not has_column_privilege(w.who, r.oid, a.attnum, k.verb)
          and (r.name not like 'api.%' or pg_column_is_updatable(r.oid, a.attnum, false) or k.verb = 'select')
        order by 1, 2, 3""",
    ):
        yield Mutant(f"grant {grant} on {name} to {role}", f"grant {grant} on {name} to {role}", (name,), role)


def of_functions(connection: psycopg.Connection[Any], careless: set[str]) -> Iterator[Mutant]:
    """Grants and identity; `careless` ones leave it to the policies whose things they take."""
    for oid, name, is_definer, kind, grantees, others in rows(
        connection,
        f"""select p.oid::regprocedure::text, p.pronamespace::regnamespace || '.' || p.proname, p.prosecdef,
          case p.prokind when 'p' then 'procedure' else 'function' end,
          array(select g.grantee::regrole::text from aclexplode(p.proacl) g where g.grantee <> 'owner'::regrole),
          array(select w from unnest('{EXPOSED}'::text[]) w where not has_function_privilege(w, p.oid, 'execute'))
        from pg_proc p where p.pronamespace::regnamespace::text in {OURS} order by 2""",
    ):
        targets = (name, f"functions of {name.partition('.')[0]}")
        for role in grantees:
            yield Mutant(f"revoke {name} from {role}", f"revoke execute on {kind} {oid} from {role}", targets, role)
        for role in others:
            yield Mutant(f"grant {name} to {role}", f"grant execute on {kind} {oid} to {role}", targets, role)
        if name in careless and not is_definer:
            yield Mutant(f"{name} as its owner", f"alter function {oid} security definer", (name, "acts"))
    for name, definition in rows(
        connection,
        f"""select p.pronamespace::regnamespace || '.' || p.proname, pg_get_functiondef(p.oid)
        from pg_proc p where p.pronamespace::regnamespace::text in {OURS} and p.prokind = 'f' order by 1""",
    ):
        conditions = PRE_REQUEST if name in {"logic.check_session", "logic.check_request"} else IDENTITY
        for pattern, instead in conditions:
            body = definition.index(" LANGUAGE ")
            for number, found in enumerate(re.compile(pattern).finditer(definition, body), 1):
                mutated = definition[: found.start()] + instead + definition[found.end() :]
                yield Mutant(f"{name}: {instead} for {found[0]} #{number}", mutated, (name, "logic.check_session"))


def mutants(connection: psycopg.Connection[Any], matrix: Matrix) -> list[Mutant]:
    return [
        *of_policies(connection),
        *of_tables_and_views(connection),
        *of_functions(connection, {call.function for call in matrix.calls if call.takes.get("customer") == "own"}),
        *of_grants(connection),
    ]


class Killer:
    """What notices mutants: the cells of the matrix, and the rules of the catalogue that hold without them."""

    def __init__(self, connection: psycopg.Connection[Any], world: Any, checks: list[Check]) -> None:
        self.connection, self.world, self.checks = connection, world, checks
        # A rule that is broken already notices nothing.
        self.sound = [rule for rule in RULES if not connection.execute(rule.offenders).fetchone()]
        self.by_target: dict[str, list[Check]] = {}
        for check in checks:
            self.by_target.setdefault(check.target, []).append(check)

    def __call__(self, mutant: Mutant) -> str | None:
        """The first to notice it; None when it lives. Nothing is left of it."""
        with self.connection.transaction(force_rollback=True):
            self.connection.execute(sql.SQL(mutant.statement))  # type: ignore[arg-type]
            return next(self.noticing(mutant), None)

    def noticing(self, mutant: Mutant) -> Iterator[str]:
        """All that do, the likely ones first."""
        near = [check for target in mutant.targets for check in self.by_target.get(target, [])]
        # A grant stands in the catalogue.
        yield from self.ask(
            check for check in near if "_privilege(" in check.statement and ACTORS[check.actor][0] == mutant.role
        )
        yield from self.ask(check for check in near if not check.is_detail)
        for rule in self.sound:
            found = self.connection.execute(rule.offenders).fetchone()
            if found:
                yield f"{rule.name}: {found[0]}"
        yield from self.ask(check for check in near if check.is_detail)
        # Of what is far away, single columns and functions can't change.
        yield from self.ask(c for c in self.checks if c.target not in mutant.targets and not c.is_detail)

    def ask(self, checks: Iterable[Check]) -> Iterator[str]:
        return failures(self.connection, self.world, checks)

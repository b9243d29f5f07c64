"""Statements that run as somebody, are judged, and are undone."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import psycopg

from tests.db.world import World
from tests.matrix.world import become

# Nobody writes what is computed, whoever was granted it.
UNWRITABLE = ("428C9", "0A000", "55000")
PROBE = """
create function pg_temp.probe(statements text[], afterwards text[]) returns text[] language plpgsql as $$
declare
  answers text[] := '{}';
  number integer;
  answer text;
  detail text;
begin
  for number in 1 .. cardinality(statements) loop
    begin
      answer := null;
      execute statements[number] into answer;
      -- What a commit would find.
      set constraints all immediate;
      answer := '= ' || coalesce(answer, '');
      if afterwards[number] is not null then
        reset role;
        execute afterwards[number] into detail;
        answer := answer || detail;
      end if;
      raise sqlstate 'UNDO0';
    exception
      when sqlstate 'UNDO0' then null;
      when others then
        get stacked diagnostics detail = pg_exception_detail;
        answer := concat('! ', sqlstate, ' ', sqlerrm, ' ', detail);
    end;
    answers := answers || answer;
  end loop;
  return answers;
end;
$$;
grant execute on function pg_temp.probe to public
"""


@dataclass(frozen=True)
class Check:
    """A statement of an actor on some object, and what it should come to."""

    actor: str
    target: str
    cell: str
    statement: str
    expected: str | frozenset[str]
    # What the answer must not contain, whatever else it says.
    secrets: frozenset[str] = frozenset()
    # What a superuser asks when it has succeeded, and what that must come to: nothing of others has changed.
    afterwards: str | None = None
    untouched: str = ""
    # One of thousands that ask single columns and functions.
    is_detail: bool = False

    def verdict(self, answer: str) -> str | None:
        """What is wrong with the answer, if anything."""
        state = answer[2:7] if answer.startswith("!") else ""
        if self.afterwards and not state:
            if not answer.endswith(self.untouched):
                return f"{self}\n  but: it changes what belongs to others"
            answer = answer.removesuffix(self.untouched)
        if isinstance(self.expected, frozenset):
            right = not state and frozenset(filter(None, answer[2:].split(","))) == self.expected
        else:
            right = {
                "allowed": state != "42501",
                "denied": state == "42501" or state in UNWRITABLE,
                # Refused by the grant itself, not by something inside.
                "no_execute": bool(re.match("! 42501 permission denied for (function|procedure|schema)", answer)),
                # A rule of the table may still say no: the row was reached.
                "reached": answer == "= 1" or state.startswith("23"),
                "unreached": answer == "= 0",
                "taken": not state or (state == "PGRST" and not re.search(r'"status" ?: ?40[134]', answer)),
                # Mostly a 404; without a cart a checkout doesn't come as far.
                "unknown": state == "PGRST",
                "refused": state == "PGRST" and bool(re.search("token_(invalid|expired)", answer)),
                f"just {answer[2:]}": answer.startswith("= "),
            }.get(self.expected, answer == self.expected or (self.expected[:4] == "just" and state[:2] == "23"))
        told = [word for word in self.secrets if word in answer]
        if told:
            return f"{self}\n  tells {told[0]}: {answer[:300]}"
        return None if right else f"{self}\n  but: {answer[:200]}"

    def __str__(self) -> str:
        expected = self.expected if isinstance(self.expected, str) else f"exactly {sorted(self.expected)}"
        return f"{self.target}: {self.cell} by {self.actor} should be {expected}\n  {self.statement[:220]}"


def failures(connection: psycopg.Connection[Any], world: World, checks: Iterable[Check]) -> Iterator[str]:
    """Ask and judge, one actor after the other; nothing is left of it. `prepare` comes first."""
    for actor, asked in groupby(sorted(checks, key=lambda check: check.actor), lambda check: check.actor):
        mine = list(asked)
        become(connection, world, actor)
        row = connection.execute(
            "select pg_temp.probe(%s, %s)", [[check.statement for check in mine], [check.afterwards for check in mine]]
        ).fetchone()
        connection.execute("reset role")
        assert row
        assert len(row[0]) == len(mine)
        yield from filter(None, (check.verdict(answer) for check, answer in zip(mine, row[0], strict=True)))


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Once a session, as superuser."""
    connection.execute(PROBE)

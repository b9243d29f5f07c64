"""Makes requests from the document of a role, by schemathesis in all its phases, and judges what the shop answers.

Every check of schemathesis is on, for every operation, with all of Unicode and without a token where one is needed.
What a check holds against an answer and is no fault stands in unchecked.toml with its reason, and is counted.
"""

import re
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.generation.case import Case

LIST = Path(__file__).with_name("unchecked.toml")
# What an entry of the list may be about; all that is given must fit, patterns anywhere.
ASPECTS = {"check", "operation", "status", "said", "answer", "range", "request"}
# Where a 401 is about what is sent, and not about the token.
PROVING = ("/auth/", "/users/me/")


@dataclass(frozen=True)
class Entry:
    """An entry of the list."""

    reason: str
    patterns: dict[str, re.Pattern[str]]
    # Whether tens of thousands of requests may go by without one.
    is_rare: bool

    def fits(self, found: dict[str, str]) -> bool:
        return all(pattern.search(found[aspect]) for aspect, pattern in self.patterns.items())


def exceptions() -> list[Entry]:
    """What is no fault, as the list has it. Raises ValueError for an entry that is too broad or not understood."""
    made = []
    for row in tomllib.loads(LIST.read_text())["unchecked"]:
        aspects = row.keys() - {"reason", "is_rare"}
        if not row.get("reason") or aspects - ASPECTS or not {"check", "operation"} < aspects:
            raise ValueError(f"{LIST.name}: a check, an operation, something more, and a reason are wanted: {row}")
        patterns = {aspect: re.compile(row[aspect]) for aspect in aspects}
        made.append(Entry(row["reason"], patterns, row.get("is_rare", False)))
    return made


def left_out() -> dict[str, str]:
    """Paths that are not asked, with the reason."""
    return dict(tomllib.loads(LIST.read_text())["left_out"])


@dataclass
class Findings:
    """What a run has come to."""

    seed: int
    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    faults: dict[tuple[str, str, str], str] = field(default_factory=dict)
    excused: Counter[str] = field(default_factory=Counter)
    signed_in: int = 0
    seconds: float = 0

    def __str__(self) -> str:
        spread = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return (
            f"seed {self.seed}: {self.cases.total()} cases {dict(self.cases)} of {len(self.operations)} operations in "
            f"{self.seconds:.0f} s, {self.signed_in} with the token; "
            f"{len(self.faults)} faults, {self.excused.total()} excused; {spread}"
        )


def run(found: Findings, document: dict[str, Any], url: str, token: str | None, *, each: int, thorough: bool) -> None:
    """Add to the findings: `each` requests an operation and as many stories; `thorough` tries all limits, too."""
    phases = {"examples": True, "coverage": thorough, "fuzzing": True, "stateful": True}
    config = SchemathesisConfig.from_dict(
        {
            "seed": found.seed + each,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token}"} if token else {},
            "continue-on-failure": True,
            "request-timeout": 30,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": each, "no-shrink": True, "database": "none"},
            # Whichever it is; that it is documented is another check.
            "checks": {"negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]}},
            "phases": {name: {"enabled": on} for name, on in phases.items()},
        }
    )
    schema = schemathesis.openapi.from_dict(document, config=config).exclude(path=list(left_out()))
    known, start = exceptions(), time.monotonic()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.faults["error", "", str(event)[:80]] = str(event)
        if not isinstance(event, events.ScenarioFinished):
            continue
        for name, interaction in event.recorder.interactions.items():
            found.cases[event.phase.value] += 1
            if not found.cases.total() % 1000:
                print(f"{found.cases.total()} cases, {len(found.faults)} faults", flush=True)
            found.operations.add(event.recorder.cases[name].value.operation.label)
            status = interaction.response.status_code if interaction.response else 0
            found.statuses[status] += 1
            sent = interaction.request.headers.get("Authorization")
            if token and sent == [f"Bearer {token}"]:
                found.signed_in += 1
                if status == 401 and not any(part in interaction.request.uri for part in PROVING):
                    found.faults["401", interaction.request.uri, "401"] = "The session has ended in the midst of it."
        for name, checks in event.recorder.checks.items():
            for check in checks:
                if check.status == Status.FAILURE and check.failure_info:
                    case = event.recorder.cases[name].value
                    answer = event.recorder.interactions[name].response
                    said = f"{check.failure_info.failure.title}: {check.failure_info.failure.message}"
                    judge(found, known, check.name, case, said, answer)
    found.seconds += time.monotonic() - start


def judge(found: Findings, known: list[Entry], check: str, case: Case, said: str, answer: Any) -> None:
    """Excuse it, or keep it as a fault, one of a kind."""
    aspects = {
        "check": check,
        "operation": case.operation.label,
        "status": str(answer.status_code if answer else 0),
        "said": re.sub(r"\s+", " ", said),
        "answer": answer.content[:2000].decode(errors="replace") if answer else "",
        "range": ", ".join(answer.headers.get("content-range", [])) if answer else "",
        "request": f"{case.method} {case.formatted_path} {case.query} {case.body!r}"[:2000],
    }
    fitting = next((entry for entry in known if entry.fits(aspects)), None)
    if fitting:
        found.excused[fitting.reason] += 1
    else:
        kind = (check, case.operation.label, aspects["status"])
        if kind not in found.faults:
            found.faults[kind] = "\n    ".join(f"{name}: {value[:700]}" for name, value in aspects.items())
            print(f"{kind}\n    {found.faults[kind]}", flush=True)

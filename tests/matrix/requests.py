"""A request of somebody through the public port, and whether its answer is what the matrix says."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.matrix.probes import UNWRITABLE

DENIED = {"42501", "permission_denied", "not_authenticated"}


@dataclass(frozen=True)
class Ask:
    """A request of somebody, and what it should come to."""

    actor: str
    cell: str
    method: str
    path: str
    expected: str | frozenset[str]
    params: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()

    def verdict(self, answer: httpx.Response) -> str | None:
        """What is wrong with the answer, if anything."""
        status = answer.status_code
        said = answer.json() if answer.content and answer.headers["content-type"].startswith("application/json") else {}
        code = said.get("code") if isinstance(said, dict) else None
        denied = (
            status in {401, 403} and code in DENIED and "row-level security" not in answer.text
        ) or code in UNWRITABLE
        if code == "PGRST200" and "embed" in self.cell:
            # The views don't show what ties the tables.
            right = True
        elif isinstance(self.expected, frozenset):
            right = status in {200, 206} and {row["key"] for row in said} == self.expected
        else:
            right = {
                "allowed": not denied and status < 500,
                # Without a token it is 401.
                "denied": denied and (code in UNWRITABLE or (status == 401) == (self.actor == "anon")),
                "refused": status == 401 and bool(re.search("token_(invalid|expired)", answer.text)),
                # The role itself can't be taken.
                "no_role": status in {401, 403},
                "absent": status in {400, 401, 403, 404},
                "nothing": status == 404,
                # Something inside may still say no.
                "taken": status not in {401, 403, 404} and status < 500,
                "unknown": status in {404, 409, 422},
                "embedded": status == 200,
                "reached": status in {200, 204, 400, 409} and answer.text != "[]",
                "unreached": answer.text == "[]" and status in {200, 404},
            }.get(self.expected, answer.headers.get("content-range", "").endswith(f"/{self.expected}"))
        told = [word for word in self.secrets if word in answer.text]
        if told:
            return f"{self}\n  tells {told[0]}: {answer.text[:300]}"
        return (
            None if right else f"{self}\n  but: {status} {answer.headers.get('content-range', '')} {answer.text[:300]}"
        )

    def __str__(self) -> str:
        expected = self.expected if isinstance(self.expected, str) else f"exactly {sorted(self.expected)}"
        asked = f"{self.method} {self.path} {self.params or ''} {self.body or ''}"
        return f"{self.cell} by {self.actor} should be {expected}\n  {asked}"

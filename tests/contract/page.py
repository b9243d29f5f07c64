"""Write docs/reference/seed-contract.md from points.toml: `python -m tests.contract.page`."""

from collections.abc import Iterable
from itertools import groupby

from tests.conftest import ROOT
from tests.contract.calls import Call
from tests.contract.points import Fault, Point, read

DOCUMENT = ROOT / "docs/reference/seed-contract.md"
HEAD = """\
<!-- Made by python -m tests.contract.page from tests/contract/points.toml; a test holds them equal. -->
# What a client of the seed's shop may rely on

pgshop keeps the addresses, names and promises of the shop that it was drawn after, point by point, on other
foundations. Each row is tested on every run: `tests/contract` sends the requests of its third and fourth column, in
this order and as the person named first, and compares what comes back; further tests are named in the last one.
Where a promise is kept in another way than the seed's, it is a **deviation**, and the tests show what replaces it.
What clients may notice in practice stands in [Move a client](../how-to/move-a-client.md).
What does not hold yet, or not as a whole, is **open**; the number of open rows is asserted and can only fall.

In requests, `$name` stands for a value of the example shop or of an answer above. In answers, `<money>` and the like
stand for any value of that kind (`?`: or null), and `<uuid:line>` for one that is called `$line` from there on;
objects may have more keys; `[x]` is a list in which everything is like x. Writing requests to `/rest/v1` ask for the
changed rows with `Prefer: return=representation`.

"""
FAULTS = """\
## Faults that are absent

What is wrong in the seed, or in the shop that it describes, and the test that shows that it is not so here.

| | Fault | Shown by |
| --- | --- | --- |
"""


def code(text: str) -> str:
    """As code in a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`"


def lines(parts: Iterable[str]) -> str:
    """One below the other, in a cell."""
    return "<br>".join(parts)


def spelled(calls: Iterable[Call]) -> str:
    """Each request and its answer."""
    written = lines(
        f"{call.person} {code(' '.join(filter(None, (call.method, call.url, call.body))))}"
        f" → {call.status}{' ' + code(call.answer) if call.answer else ''}"
        for call in calls
    )
    return written or "-"


def status(row: Point | Fault) -> str:
    """What is to be said of a row beyond its promise."""
    deviation = row.deviation if isinstance(row, Point) else ""
    said = (("Deviation", deviation), ("Open", row.open))
    return "".join(f"<br>**{name}**: {text}" for name, text in said if text)


def row_of(point: Point) -> str:
    """A point's row."""
    seed, rest = ([call for call in point.calls if call.is_seed is is_seed] for is_seed in (True, False))
    cells = (str(point.number), point.promise + status(point), spelled(seed), spelled(rest))
    return f"| {' | '.join(cells)} | {lines(map(code, point.shown_by))} |\n"


def text() -> str:
    """The whole document."""
    points, faults = read()
    opened = [f"W{row.number}" if isinstance(row, Fault) else str(row.number) for row in (*points, *faults) if row.open]
    deviating = [str(point.number) for point in points if point.deviation]
    written = HEAD
    written += f"{len(points)} points and {len(faults)} faults. Deviations: {', '.join(deviating)}. "
    written += f"Open ({len(opened)}): {', '.join(opened)}.\n\n"
    for name, group in groupby(points, lambda point: point.group):
        written += f"## {name}\n\n| | Promise | Request and answer | The same in PostgREST's grammar | Shown by |\n"
        written += "| --- | --- | --- | --- | --- |\n" + "".join(map(row_of, group)) + "\n"
    rows = (
        f"| W{fault.number} | {fault.fault}{status(fault)} | {lines(map(code, fault.tests))} |\n" for fault in faults
    )
    return written + FAULTS + "".join(rows)


if __name__ == "__main__":
    DOCUMENT.write_text(text())

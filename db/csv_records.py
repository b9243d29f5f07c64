"""Read a CSV file record by record in bounded memory, mend what is certain and name what is wrong with the rest."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

# A description may have 100,000 characters, of up to four bytes each.
LONGEST_LINE = 1 << 19
csv.field_size_limit(LONGEST_LINE)
# A quoted field may hold line breaks; one that never closes must not swallow the rest of the file.
MOST_LINES = 2_000
# A spreadsheet computes a cell that begins so; behind an apostrophe it shows it.
FORMULA = re.compile("'*[=+@\t\r-]")


@dataclass
class Record:
    """One record: the number of its first line, its text, and its cells or a fault; `is_repaired` if it was mended."""

    number: int
    text: str
    cells: list[str] = field(default_factory=list)
    fault: str = ""
    is_repaired: bool = False


def read_records(file: BinaryIO, delimiter: str = ",") -> Iterator[Record]:
    """Yield header and records; blank lines are passed over, a byte-order mark too."""
    waiting: deque[bytes] = deque()
    number = width = 0
    while line := take_line(file, waiting):
        number += 1
        lines = [line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line]
        record = parse(number, lines, delimiter)
        size = len(line)
        while (
            record.fault == UNCLOSED
            and len(lines) < MOST_LINES
            and size < LONGEST_LINE
            and (line := take_line(file, waiting))
        ):
            lines.append(line)
            size += len(line)
            # Only a quote can close what a quote has opened.
            record = parse(number, lines, delimiter) if b'"' in line else record
        if len(lines) > 1 and (record.fault or len(record.cells) != width > 0):
            # A stray quote: only its own line is lost, what followed is read anew.
            waiting.extendleft(reversed(lines[1:]))
            record = Record(number, printable(lines[0]), fault=UNCLOSED)
        else:
            number += len(lines) - 1
        if record.cells or record.fault:
            width = width or len(record.cells)
            yield fit(record, width, delimiter)


UNCLOSED = "a quote does not close"


def take_line(file: BinaryIO, waiting: deque[bytes]) -> bytes:
    """The next line, from those put back or from the file; of an overlong one only its beginning is kept."""
    if waiting:
        return waiting.popleft()
    line = file.readline(LONGEST_LINE)
    rest = line
    while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
        rest = file.readline(LONGEST_LINE)
        line = line[: LONGEST_LINE - 1] + b"\0"
    return line


def parse(number: int, lines: list[bytes], delimiter: str) -> Record:
    """The record that `lines` make together."""
    data = b"".join(lines)
    record = Record(number, printable(data))
    try:
        record.cells = next(csv.reader([data.decode()], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError:
        record.fault = "invalid UTF-8"
    except csv.Error as error:
        record.fault = UNCLOSED if "unexpected end" in str(error) else f"malformed: {error}"
    if not record.fault and b"\0" in data:
        record.fault = "too long a line" if len(data) >= LONGEST_LINE else "a zero byte"
    return record


def guarded(value: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula."""
    return "'" + value if FORMULA.match(value) else value


def unguarded(cell: str) -> str:
    """The text that `guarded` made a cell of."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def printable(data: bytes) -> str:
    """Bytes as text for a person, with what is no UTF-8 escaped."""
    return data.decode(errors="backslashreplace").rstrip("\r\n")[:2000]


def fit(record: Record, width: int, delimiter: str) -> Record:
    """Mend a record that was quoted as a whole, and refuse one with the wrong number of columns."""
    if record.fault or len(record.cells) == width:
        return record
    if len(record.cells) == 1:
        inner = parse(record.number, [record.cells[0].encode()], delimiter)
        if len(inner.cells) == width and not inner.fault:
            return Record(record.number, record.text, inner.cells, is_repaired=True)
    record.fault = f"columns: {len(record.cells)} instead of {width}"
    return record

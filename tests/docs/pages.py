"""Pages of documentation as programs: their fenced blocks, executed in order by one shell."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
# How a block is executed; what has a title is a file instead.
EXECUTED = {
    "bash": "{text}",
    "sql": "pgshop psql --quiet --set ON_ERROR_STOP=1 <<'@@'\n{text}@@\n",
    "python": "python - <<'@@'\n{text}@@\n",
    "js": "node - <<'@@'\n{text}@@\n",
}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it is to be, its text, and the line where it begins."""

    language: str
    title: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text()
    return [
        Block(
            found[1] or "",
            (TITLE.search(found[2]) or ["", ""])[1],
            found[3],
            text.count("\n", 0, found.start()) + 1,
        )
        for found in FENCE.finditer(text)
    ]


def write(block: Block, folder: Path) -> None:
    """Do what a block with a file's name says: the file, or lines for one, below the line before the three dots."""
    file = folder / block.title
    first, _, rest = block.text.partition("\n")
    second, _, more = rest.partition("\n")
    if first.startswith("# …"):
        file.write_text(file.read_text() + rest)
    elif second.strip() == "# …":
        text, found = re.subn(rf"(?m)^{re.escape(first)}.*\n", lambda line: line[0] + more, file.read_text())
        assert found == 1, f"line {block.line}: {block.title} has {found} times {first!r}"
        file.write_text(text)
    else:
        assert not file.exists(), f"line {block.line}: {block.title} is there already"
        file.write_text(block.text)


def execute(script: str, folder: Path, environment: dict[str, str], seconds: float = 500) -> list[str]:
    """Run a script in one shell that stops at the first failure. Returns what stood before, between and after marks."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    parts = re.split(r"(?m)^@@ (.*)\n", done.stdout)
    assert done.returncode == 0, f"{done.returncode} in the block at line {[0, *parts[1::2]][-1]}:\n{parts[-1]}"
    return parts


def differs(shown: str, said: str) -> str:
    """What is wrong with an output as a page shows it: its lines are to come in this order, three dots are anything.

    How things are spaced doesn't matter.
    """
    parts = (part for line in shown.splitlines() for part in line.split("…"))
    pattern = ".*".join(re.escape(re.sub(r"\s", "", part)) for part in parts)
    return "" if re.search(pattern, re.sub(r"\s", "", said)) else f"{shown!r} is shown, but it is {said!r}"


def perform(page: Path, story: list[Block], folder: Path, environment: dict[str, str], before: str = "") -> None:
    """Do what the blocks of a page say, and compare what is said with what stands in a block of text below."""
    script, shown, last = [before], {}, 0
    for block in story:
        if block.title:
            script.append(f"{sys.executable} {__file__} {page} {block.line}")
        elif block.language in EXECUTED:
            last = block.line
            script.append(f"echo; echo '@@ {last}'\n{EXECUTED[block.language].format(text=block.text)}")
        elif block.language == "text" and last:
            shown[str(last)] = block.text
    parts = execute("\n".join(script), folder, environment)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))
    wrong = [f"{page.name}:{line}: {error}" for line, text in shown.items() if (error := differs(text, said[line]))]
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    write(next(block for block in blocks(Path(sys.argv[1])) if block.line == int(sys.argv[2])), Path())

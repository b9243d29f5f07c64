"""Show the parts' logs as one, each line with the name of its part in its colour."""

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from stack.state import PARTS, State

COLOURS = dict(
    zip(
        ("stack", *PARTS),
        (
            "white",
            "blue",
            "red",
            "magenta",
            "bright_magenta",
            "green",
            "cyan",
            "yellow",
            "bright_yellow",
            "bright_blue",
            "bright_green",
            "bright_cyan",
        ),
        strict=True,
    )
)


class Follower:
    """Reads what is added to a log file, also after it was rotated."""

    def __init__(self, path: Path, *, last_lines: int | None) -> None:
        self.path = path
        self.position = 0
        if last_lines is None and path.exists():
            self.position = path.stat().st_size
        self.last_lines = last_lines

    def read(self) -> list[str]:
        """The lines added since the last call."""
        try:
            size = self.path.stat().st_size
            if size < self.position:
                self.position = 0
            if size == self.position:
                return []
            with self.path.open("rb") as file:
                file.seek(self.position)
                data = file.read()
        except OSError:
            return []
        # A line that is not finished is left for the next time.
        whole = data[: data.rfind(b"\n") + 1]
        self.position += len(whole)
        lines = whole.decode(errors="replace").splitlines()
        if self.last_lines is not None:
            lines, self.last_lines = lines[max(0, len(lines) - self.last_lines) :], None
        return lines


def follow(
    state: State, console: Console, *, parts: list[str], last_lines: int | None, until: Callable[[], bool]
) -> None:
    """Print the logs of `parts` until `until()`: everything new, or first the last lines of each."""
    followers = {part: Follower(state.log(part), last_lines=last_lines) for part in parts}
    while True:
        is_over = until()
        for part, follower in followers.items():
            for line in follower.read():
                console.print(
                    Text.assemble((f"{part:>9} ", COLOURS[part]), ("│ ", "dim"), Text.from_ansi(line)), soft_wrap=True
                )
        if is_over:
            return
        time.sleep(0.2)

"""The one exception that a person reads: what failed, why, and what to do."""


class StackError(Exception):
    """A start or command that failed. `hint` says the way out, `log` holds the last lines of the part concerned."""

    def __init__(self, message: str, hint: str = "", log: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.log = log

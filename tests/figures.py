"""What suites have measured, told to whoever watches the run."""

import sys
from collections.abc import Callable

import pytest

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Figures for whoever watches, also when all goes well; on stderr, which the processes of a run share."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", file=sys.stderr, flush=True)

    return say

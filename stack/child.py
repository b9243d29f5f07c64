"""Start one part: end what an earlier life of it left behind, drop rights, die with the supervisor, then exec.

Runs as a script under `python -S -E`, so it imports only what starts fast.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1


def leftovers(home: str, executable: str | None = None) -> Iterator[int]:
    """Pids of other processes whose working folder is `home` and which run `executable` (any, when None).

    A killed nginx, Celery or PostgreSQL master leaves children that still hold ports and shared memory. They are known
    by the folder that only this part of this stack works in.
    """
    own = {os.getpid(), os.getppid()}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in own:
            continue
        try:
            # A zombie has no folder any more, and needs nothing from us.
            cwd = os.readlink(entry / "cwd")  # noqa: PTH115 the raw link: it may say "(deleted)"
            exe = os.readlink(entry / "exe").removesuffix(" (deleted)")  # noqa: PTH115
        except OSError:
            continue
        if (
            cwd.removesuffix(" (deleted)") == home
            and (executable is None or exe == executable)
            and not is_manned(entry)
        ):
            yield int(entry.name)


def is_manned(process: Path) -> bool:
    """Whether it has a terminal: parts never have one, a person's shell that looks around does."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[4] != "0"
    except OSError:
        return False


def end_leftovers(home: str, executable: str | None = None, patience: float = 5.0) -> list[int]:
    """Kill what `leftovers` finds, by pid, and wait until it is gone. Returns the pids."""
    ended = list(leftovers(home, executable))
    for pid in ended:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + patience
    while any(leftovers(home, executable)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return ended


def die_with_parent(number: int) -> None:
    """Have the kernel send us signal `number` when the process that started us ends, however it ends (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def main(arguments: list[str]) -> None:
    """child.py HOME SIGNAL UID:GID|- COMMAND…"""
    home, death, identity, *command = arguments
    parent = os.getppid()
    Path(home, "ready").unlink(missing_ok=True)
    executable = str(Path(command[0]).resolve())
    ended = end_leftovers(home, executable)
    if ended:
        print(f"ended {len(ended)} left-over processes of an earlier life: {ended}", flush=True)
    os.chdir(home)
    if identity != "-":
        uid, gid = (int(part) for part in identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After setuid, which clears it; and the parent may be gone by now.
    die_with_parent(getattr(signal, "SIG" + death))
    if os.getppid() != parent:
        sys.exit(1)
    if identity == "-":
        os.execv(command[0], command)
    # The other user may be anybody's, and can read this process's environment: it gets none of our secrets.
    kept = {name: word for name, word in os.environ.items() if name in {"PATH", "LANG", "TZ"} or name[:3] == "LC_"}
    os.execve(command[0], command, kept)


if __name__ == "__main__":
    main(sys.argv[1:])

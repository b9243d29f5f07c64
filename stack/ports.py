"""Free ports on loopback, and who holds one that is not free."""

import errno
import secrets
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from stack.errors import StackError

# Below what the kernel hands to clients (32768 and up): a part that is restarted finds its port still free.
RANGE = range(20_000, 32_000)


def refusal(port: int) -> int:
    """Why nothing could listen on 127.0.0.1:`port` now, as an errno; 0 when it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno or errno.EADDRINUSE
        return 0


def free_port(taken: Collection[int] = ()) -> int:
    """Any free port but those. By chance, so that two stacks that start at once hardly meet."""
    candidates = secrets.SystemRandom().sample(RANGE, 1000)
    return next(port for port in candidates if port not in taken and not refusal(port))


def choose(names: Collection[str], remembered: dict[str, int], public: int) -> dict[str, int]:
    """A free port for each name: the remembered one where it still is free, so that bookmarks last."""
    chosen: dict[str, int] = {}
    for name in names:
        taken = {public, *chosen.values()}
        known = remembered.get(name, public)
        chosen[name] = free_port({*taken, *remembered.values()}) if known in taken or refusal(known) else known
    return chosen


def choose_public(wanted: int) -> int:
    """The port as asked for, any free one for 0. Raises StackError when it cannot be had."""
    if wanted == 0:
        return free_port()
    why = refusal(wanted)
    if why == errno.EACCES:
        raise StackError(f"nginx: port {wanted} is for root only.", "Choose one above 1023 with --port (0: any).")
    if why:
        owner = holder(wanted)
        raise StackError(
            f"nginx: port {wanted} is in use" + (f" by {owner}" if owner else "") + ".",
            "Choose another with --port (0: any free one), or stop what uses it.",
        )
    return wanted


def holder(port: int) -> str:
    """The process that listens on `port`, as `name (pid 123)`; empty when it cannot be seen."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if any(str(link.readlink()) in inodes for link in (entry / "fd").iterdir()):
                    return f"{(entry / 'comm').read_text().strip()} (pid {entry.name})"
    return ""

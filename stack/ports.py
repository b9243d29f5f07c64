"""Free ports on loopback, and who holds one that is not free."""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path


def is_free(port: int) -> bool:
    """Whether something could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(names: list[str], remembered: dict[str, int]) -> dict[str, int]:
    """A free port for each name: the remembered one where it still is free, so that bookmarks last."""
    chosen = {name: remembered[name] for name in names if name in remembered and is_free(remembered[name])}
    with ExitStack() as held:
        # All sockets stay open until the last is chosen, so that no port is given twice.
        for name in names:
            if name not in chosen:
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", 0))
                chosen[name] = probe.getsockname()[1]
    return chosen


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

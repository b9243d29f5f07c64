"""What the kernel knows of a stack: its processes, and what they listen on."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LISTENING = "0A"
ACCEPTS_CONNECTIONS = 0x10000


def everyone() -> Iterator[Path]:
    """The folders of all processes."""
    return (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())


def about(*folders: Path) -> dict[int, str]:
    """Processes that work in one of the folders or name it on their command line. A zombie does neither."""
    own = {os.getpid(), os.getppid()}
    found = {}
    for entry in everyone():
        pid = int(entry.name)
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            cwd = str((entry / "cwd").readlink()) + "/"
            if pid not in own and any(f"{folder}/" in cwd or str(folder) in words for folder in folders):
                found[pid] = words
    return found


def is_alive(pid: int) -> bool:
    """Whether it runs: a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def sockets_of(pids: set[int]) -> set[str]:
    """The inodes of all their sockets."""
    inodes = set()
    for pid in pids:
        with suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    return inodes


def listening_addresses(pids: set[int]) -> set[tuple[str, int]]:
    """Address, as the kernel writes it, and port of everything that they listen on over IPv4 and IPv6."""
    inodes = sockets_of(pids)
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and (fields[3] == LISTENING or table.startswith("udp")):
                address, _, port = fields[1].rpartition(":")
                found.add((address, int(port, 16)))
    return found


def listening_paths(pids: set[int]) -> set[str]:
    """The unix sockets that they listen on."""
    inodes = sockets_of(pids)
    rows = (line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:])
    return {row[7] for row in rows if len(row) > 7 and row[6] in inodes and int(row[3], 16) & ACCEPTS_CONNECTIONS}

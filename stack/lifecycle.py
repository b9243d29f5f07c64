"""Take a stack down, and tell how it is."""

import os
import shutil
from pathlib import Path
from typing import Any

from stack.state import PARTS, State
from stack.supervision import Supervisor


def down(state: State, *, purge: bool) -> bool:
    """Stop everything; with `purge`, remove the state too. True if anything ran."""
    if not state.folder.is_dir():
        return False
    ran = Supervisor(state).stop()
    if purge:
        state.purge()
        data = Path(state.data.get("data_folder", "/nonexistent")).parent
        # It may lie outside, where an unprivileged PostgreSQL can reach it.
        if data.exists() and state.identity in data.name:
            shutil.rmtree(data)
    return ran


def status(state: State) -> dict[str, Any]:
    """What `pgshop status --json` prints; without pids when nothing runs."""
    supervisor = Supervisor(state)
    known = supervisor.processes()
    running = {name: info for name, info in known.items() if info["pid"]}
    return {
        **state.data.get("urls", {}),
        "state": str(state.folder),
        "running": bool(known),
        "supervisor_pid": supervisor.pid(),
        "pids": {part: running[part]["pid"] for part in PARTS if part in running},
        "parts": {part: known[part]["statename"].lower() for part in PARTS if part in known},
        "user": os.geteuid(),
    }

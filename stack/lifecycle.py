"""Bring a stack up, part by part, and take it down."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stack import ports as network
from stack.environment import PARTS, PORTS, Plan, plan, read_settings
from stack.errors import StackError
from stack.parts import Program, programs
from stack.postgres import locate, prepare
from stack.state import State
from stack.supervision import Supervisor, tail, wait_until

ROOM_NEEDED = 300 * 1024 * 1024
LATE = ("postgrest", "nginx")
Report = Callable[[str, str], None]


@contextmanager
def only_one(state: State) -> Iterator[None]:
    """Refuse a second start of the same state at the same time; the lock goes with the process."""
    with (state.folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StackError(f"Another pgshop is starting or stopping {state.folder}.", "Wait for it.") from None
        yield


def up(state: State, port: int | None, *, demo: bool, foreground: bool, report: Report) -> Supervisor:
    """Start everything and return when all parts are ready. On failure nothing is left running. Raises StackError."""
    supervisor = Supervisor(state)
    try:
        state.make_folders(list(PARTS))
        if shutil.disk_usage(state.folder).free < ROOM_NEEDED:
            raise OSError(errno.ENOSPC, "less than 300 MB are free")
        with only_one(state):
            if supervisor.pid() is not None:
                raise StackError(
                    f"This stack is running already at {state.data['urls']['url']}.",
                    f"`pgshop down --state {state.folder}` stops it.",
                )
            # Parts of a stack whose supervisor was killed hold our ports and files.
            if supervisor.stop():
                report("stack", "ended what a killed stack had left behind")
            settle_ports(state, port)
            state.data.setdefault("demo", demo)
            todo = plan(state, read_settings())
            cluster = locate(state) if "postgres" in todo.parts else None
            if cluster:
                state.data["data_folder"] = str(cluster.data)
                prepare(cluster, state.data["ports"]["postgres"], state.secrets()["superuser"])
            state.save()
            made = programs(state, todo, cluster)
            supervisor.launch(todo, made, foreground=foreground)
            try:
                start(supervisor, made, todo, report)
            except BaseException:
                supervisor.stop()
                raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StackError(
                f"The disk with {state.folder} is full ({error.strerror}).",
                "Free some room, or choose another --state.",
            ) from error
        raise StackError(f"The stack cannot start: {error}", "Is the --state folder yours to write?") from error
    return supervisor


def settle_ports(state: State, port: int | None) -> None:
    """The public port as asked (0: any; None: as last time, else 8000), the others free ones. Raises StackError."""
    wanted = port if port is not None else state.data.get("port", 8000)
    if wanted == 0:
        wanted = network.choose(["public"], {})["public"]
    elif not network.is_free(wanted):
        owner = network.holder(wanted)
        raise StackError(
            f"nginx: port {wanted} is in use" + (f" by {owner}" if owner else "") + ".",
            "Choose another with --port (0: any free one), or stop what uses it.",
        )
    state.data["port"] = wanted
    state.data["ports"] = network.choose(list(PORTS), state.data.get("ports", {}))


def start(supervisor: Supervisor, made: list[Program], todo: Plan, report: Report) -> None:
    """Start the parts, each waited for. Raises StackError.

    What only reaches the database later starts at once and loads its code meanwhile; PostgREST and nginx wait for the
    database to be prepared.
    """
    for program in made:
        (supervisor.state.home(program.name) / "ready").unlink(missing_ok=True)
    early = [program for program in made if program.name not in LATE]
    late = [program for program in made if program.name in LATE]
    for program in early:
        supervisor.call("startProcess", program.name, False)
    waiting = await_ready(supervisor, early, report, until="postgres")
    prepare_database(supervisor.state, todo, report)
    for program in late:
        supervisor.call("startProcess", program.name, False)
    await_ready(supervisor, waiting + late, report)


def await_ready(supervisor: Supervisor, stage: list[Program], report: Report, until: str = "") -> list[Program]:
    """Wait until each part is ready, or those up to the one named `until`; the rest is returned. Raises StackError."""
    begun = time.monotonic()
    waiting = list(stage)

    def look() -> bool:
        known = supervisor.processes()
        for program in list(waiting):
            if program.is_ready():
                waiting.remove(program)
                report(program.name, f"ready after {time.monotonic() - begun:.1f} s")
            elif known.get(program.name, {}).get("statename") in {"FATAL", "EXITED"} or restarts(
                supervisor.state, program.name
            ):
                failed(supervisor, program.name, "it ended at once")
        return not waiting or (bool(until) and until not in {program.name for program in waiting})

    if not wait_until(look, 60):
        failed(supervisor, waiting[0].name, "it was not ready after 60 s")
    return waiting


def restarts(state: State, part: str) -> bool:
    """Whether supervisord has seen the part end again and again since this start."""
    lines = tail(state.log("stack"), 200).rpartition("supervisord started with pid")[2]
    return lines.count(f"exited: {part} (") >= 3


def failed(supervisor: Supervisor, part: str, why: str) -> None:
    """Give up, with the last lines of the part's log."""
    raise StackError(f"{part}: {why}", f"The whole log: {supervisor.state.log(part)}", tail(supervisor.state.log(part)))


def prepare_database(state: State, todo: Plan, report: Report) -> None:
    """Roles, migrations, and on the first start the demo shop. Raises StackError."""
    import psycopg

    from db.bootstrap import LOGINS, bootstrap
    from db.migrate import migrate

    begun = time.monotonic()
    try:
        secret = state.secrets()
        bootstrap(todo.admin_url, {role: secret[role] for role in LOGINS})
        applied = migrate(state.data["urls"]["database_url"])
        report("migrate", f"{len(applied)} migrations applied, API rebuilt after {time.monotonic() - begun:.1f} s")
        if state.data["demo"]:
            seed_demo(state, report)
    except psycopg.Error as error:
        raise StackError(f"migrate: {error}", "Mend the file it names, or the database's state.") from error


def seed_demo(state: State, report: Report) -> None:
    """The demo shop, if the shop is empty."""
    from db.demo import is_empty, seed

    if is_empty(state.data["urls"]["database_url"]):
        counts = seed(state.data["urls"]["database_url"], state.media)
        report("seed", ", ".join(f"{count} {what}" for what, count in counts.items()))


def down(state: State, *, purge: bool) -> bool:
    """Stop everything; with `purge`, remove the state too. True if anything ran."""
    if not state.folder.exists():
        return False
    ran = Supervisor(state).stop()
    if purge:
        data = Path(state.data.get("data_folder", "/nonexistent")).parent
        for folder in (state.folder, data):
            # The data folder may lie outside, where an unprivileged PostgreSQL can reach it.
            if folder.exists() and (folder == state.folder or state.identity in folder.name):
                shutil.rmtree(folder)
    return ran


def status(state: State) -> dict[str, Any]:
    """What `pgshop status --json` prints; without pids when nothing runs."""
    known = Supervisor(state).processes()
    running = {name: info for name, info in known.items() if info["pid"]}
    return {
        **state.data.get("urls", {}),
        "state": str(state.folder),
        "running": bool(known),
        "supervisor_pid": Supervisor(state).pid(),
        "pids": {part: running[part]["pid"] for part in PARTS if part in running},
        "parts": {part: known[part]["statename"].lower() for part in PARTS if part in known},
        "user": os.geteuid(),
    }

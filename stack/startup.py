"""Bring a stack up, part by part, each waited for."""

import errno
import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stack import ports
from stack.database import Report, prepare_database
from stack.environment import Plan, plan, read_settings
from stack.errors import StackError
from stack.given import check_given
from stack.parts import Program, programs
from stack.postgres import locate, prepare
from stack.state import PARTS, PORTS, State
from stack.supervision import SUPERVISOR, Supervisor, tail, wait_until

ROOM_NEEDED = 300 * 1024 * 1024
LATE = ("postgrest", "nginx")


@contextmanager
def only_one(state: State) -> Iterator[None]:
    """Refuse a second start of the same state at the same time; the lock goes with the process."""
    with (state.folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StackError(f"Another pgshop is starting {state.folder}.", "Wait for it.") from None
        yield


def up(state: State, port: int | None, *, demo: bool, foreground: bool, report: Report) -> Supervisor:
    """Start everything and return when all parts are ready. On failure nothing is left running. Raises StackError."""
    state.check_name()
    try:
        state.make_folders([SUPERVISOR, *PARTS])
        if shutil.disk_usage(state.folder).free < ROOM_NEEDED:
            raise OSError(errno.ENOSPC, "less than 300 MB are free")
        with only_one(state):
            return launch(state, port, demo=demo, foreground=foreground, report=report)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StackError(
                f"The disk with {state.folder} is full ({error.strerror}).",
                "Free some room, or choose another --state.",
            ) from error
        if error.filename is None:
            raise StackError(f"The stack cannot start: {error}", f"See {state.log('stack')}.") from error
        raise StackError(
            f"The state folder {state.folder} cannot be used: {error.strerror} ({error.filename}).",
            "It must be a folder that is yours to write; choose another with --state.",
        ) from error


def launch(state: State, port: int | None, *, demo: bool, foreground: bool, report: Report) -> Supervisor:
    """The start itself, when nobody else is starting this state. Raises StackError, OSError."""
    supervisor = Supervisor(state)
    if supervisor.pid() is not None:
        raise StackError(
            f"This stack is running already at {state.data['urls']['url']}.",
            f"`pgshop down{state.option}` stops it.",
        )
    settings = read_settings()
    check_given(settings)
    # Parts of a stack whose supervisor was killed hold our ports and files.
    if supervisor.stop():
        report("stack", "ended what a killed stack had left behind")
    # The public port as asked, else as last time; the others are free ones.
    state.data["port"] = ports.choose_public(port if port is not None else state.data.get("port", 8000))
    state.data["ports"] = ports.choose(PORTS, state.data.get("ports", {}), state.data["port"])
    state.data.setdefault("demo", demo)
    todo = plan(state, settings)
    cluster = locate(state) if "postgres" in todo.parts else None
    if cluster:
        state.data["data_folder"] = str(cluster.data)
        prepare(cluster, state.data["ports"]["postgres"], state.secrets()["superuser"])
    state.save()
    made = programs(state, todo, cluster)
    try:
        supervisor.launch(todo, made, foreground=foreground)
        start(supervisor, made, todo, report)
    except BaseException:
        supervisor.stop()
        raise
    return supervisor


def start(supervisor: Supervisor, made: list[Program], todo: Plan, report: Report) -> None:
    """Start the parts, each waited for. Raises StackError.

    What only reaches the database later starts at once and loads its code meanwhile; PostgREST and nginx wait for the
    database to be prepared.
    """
    for program in made:
        (supervisor.state.home(program.name) / "ready").unlink(missing_ok=True)
    early = [program for program in made if program.name not in LATE]
    late = [program for program in made if program.name in LATE]
    begun = time.monotonic()
    for program in early:
        supervisor.start(program.name)
    waiting = await_ready(supervisor, early, report, begun, until="postgres")
    prepare_database(supervisor.state, todo, report)
    for program in late:
        supervisor.start(program.name)
    await_ready(supervisor, waiting + late, report, begun)


def await_ready(
    supervisor: Supervisor, stage: list[Program], report: Report, begun: float, until: str = ""
) -> list[Program]:
    """Wait until each part is ready, or those up to the one named `until`; the rest is returned. Raises StackError."""
    waiting = list(stage)

    def look() -> bool:
        known = supervisor.processes()
        if supervisor.exit_code() is not None:
            failed(supervisor, "stack", "the supervisor was stopped while its parts were starting")
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
    return lines.count(f"exited: {part} (") >= 2


def failed(supervisor: Supervisor, part: str, why: str) -> None:
    """Give up, with the last lines of the part's log."""
    log = supervisor.state.log(part)
    raise StackError(f"{part}: {why}.", f"The whole log: {log}", tail(log))

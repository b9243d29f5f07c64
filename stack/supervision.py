"""Write supervisord's configuration, start it, and talk to it over its unix socket."""

import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stack.child import end_leftovers
from stack.errors import StackError
from stack.state import PARTS, State
from stack.unix_http import UnixTransport

if TYPE_CHECKING:
    from stack.environment import Plan
    from stack.parts import Program

CHILD = Path(__file__).with_name("child.py")
SUPERVISOR = "supervisor"


class Supervisor:
    """The supervisord of one state folder. Its absence is an answer, not an error."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.process: subprocess.Popen[bytes] | None = None

    def call(self, method: str, *arguments: object) -> Any:
        """One call of its API. Raises OSError when it is not there, xmlrpc.client.Fault when it refuses."""
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=UnixTransport(self.state.socket))
        return getattr(proxy.supervisor, method)(*arguments)

    def start(self, part: str) -> None:
        """Start a part without waiting for it. Raises OSError, StackError when its program cannot be run."""
        try:
            self.call("startProcess", part, False)
        except xmlrpc.client.Fault as fault:
            raise StackError(f"{part}: {fault.faultString}", f"See {self.state.log('stack')}.") from None

    def processes(self) -> dict[str, dict[str, Any]]:
        """What supervisord knows of each part; empty when it is not running."""
        try:
            return {info["name"]: info for info in self.call("getAllProcessInfo")}
        except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
            return {}

    def pid(self) -> int | None:
        """Its pid, None when it is not running."""
        try:
            return int(self.call("getPID"))
        except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
            return None

    def launch(self, plan: "Plan", programs: "list[Program]", *, foreground: bool) -> None:
        """Start supervisord with all programs at rest. In the foreground it dies with us. Raises StackError."""
        config = self.state.folder / "supervisor.conf"
        State.write_secret(config, configuration(self.state, programs))
        self.state.socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(config)]
        if foreground:
            command = [sys.executable, "-SE", str(CHILD), self.home(SUPERVISOR), "TERM", "-", *command]
        with self.state.log("stack").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=plan.environment,
                cwd=self.home(SUPERVISOR),
                start_new_session=True,
                # Logs, mails and payments are nobody else's business.
                umask=0o077,
            )
        wait_until(lambda: self.pid() is not None or self.exit_code() is not None, 10)
        if self.pid() is None:
            raise StackError("supervisor: it did not start", "See the end of its log.", tail(self.state.log("stack")))

    def exit_code(self) -> int | None:
        """How the supervisord that we have launched has ended; None while it runs."""
        return self.process.poll() if self.process else None

    def stop(self) -> bool:
        """Stop all parts, last started first, then supervisord itself; end what is left. True if anything ran."""
        pid = self.pid()
        if pid is not None:
            known = self.processes()
            for part in reversed(PARTS):
                if known.get(part, {}).get("statename") in {"RUNNING", "STARTING", "BACKOFF"}:
                    self.quietly("stopProcess", part, part not in {"worker", "beat", "relay", "service", "metrics"})
            wait_until(lambda: all(info["statename"] != "STOPPING" for info in self.processes().values()), 20)
            self.quietly("shutdown")
            wait_until(lambda: self.exit_code() is not None or is_gone(pid), 20)
        # The supervisor first: one that does not answer any more would start its parts anew.
        ended = [pid for part in (SUPERVISOR, *PARTS) for pid in end_leftovers(self.home(part))]
        self.state.socket.unlink(missing_ok=True)
        return pid is not None or bool(ended)

    def quietly(self, method: str, *arguments: object) -> None:
        """A call whose refusal (not running, gone already) is fine."""
        with suppress(OSError, http.client.HTTPException, xmlrpc.client.Fault):
            self.call(method, *arguments)

    def home(self, part: str) -> str:
        """The folder that the part works in; PostgreSQL changes into its data."""
        return str(self.state.data.get("data_folder", "")) if part == "postgres" else str(self.state.home(part))


def configuration(state: State, programs: "list[Program]") -> str:
    """supervisord's ini file. Percent signs are its own, so ours are doubled."""
    lines = [
        f"[unix_http_server]\nfile={state.socket}\nchmod=0600\n",
        # It writes to its standard output anyway, which is our log.
        "[supervisord]\nlogfile=/dev/null\nlogfile_maxbytes=0\nloglevel=info\nminfds=4096\n"
        f"pidfile={state.folder}/supervisor.pid\n" + ("user=root\n" if os.geteuid() == 0 else ""),
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
    ]
    for number, program in enumerate(programs):
        home = str(program.home or state.home(program.name))
        command = [sys.executable, "-SE", str(CHILD), home, program.death, program.identity, *program.command]
        lines.append(
            f"[program:{program.name}]\ncommand={' '.join(quote(word) for word in command)}\n"
            # Stopped in the reverse order, when nobody is left to do it better.
            f"priority={number}\nautostart=false\nautorestart=true\nstartsecs=1\nstartretries=20\n"
            f"stopsignal={program.death}\nstopwaitsecs=12\nstopasgroup=false\nkillasgroup=true\n"
            f"redirect_stderr=true\nstdout_logfile={state.log(program.name)}\n"
            f"stdout_logfile_maxbytes=10MB\nstdout_logfile_backups=2\n"
        )
    return "\n".join(lines).replace("%", "%%")


def quote(word: str) -> str:
    """A word of a command line, as supervisord's shlex reads it."""
    return "'" + word.replace("'", "'\"'\"'") + "'"


def is_gone(pid: int) -> bool:
    """Whether it has ended, be it that its parent has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look every 50 ms until the condition holds. False when it never did."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 20_000))
            return b"\n".join(file.read().splitlines()[-lines:]).decode(errors="replace")
    except OSError:
        return ""

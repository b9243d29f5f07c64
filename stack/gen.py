"""The commands that make clients of the running shop's document: `pgshop gen types` and `pgshop gen client`."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from stack.admin import HERE, Role, StateOption
from stack.errors import StackError

# Those that the tests generate with.
TYPES, CLIENT = "openapi-typescript@7.13.0", "openapi-python-client==0.29.1"
app = typer.Typer(no_args_is_help=True, help="Make a typed client of the API as it is now.")
RoleOption = Annotated[Role | None, typer.Option(help="Only what somebody of this role may do.")]


def document(folder: Path, role: Role | None) -> str:
    """The document of the running shop. Raises StackError when it does not run."""
    import httpx

    from stack.state import State

    urls = State.at(folder).data.get("urls", {})
    try:
        answer = httpx.get(f"{urls['url']}/api/schema/", params={"role": role.value} if role else {}, timeout=60)
    except (KeyError, httpx.HTTPError):
        raise StackError(f"No shop answers in {folder}.", "Start one with `pgshop up`.") from None
    return answer.raise_for_status().text


def generate(command: list[str]) -> None:
    """Run a generator. Raises StackError with what it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise StackError(f"{command[0]} is not installed", "`make install` brings uv; types want Node.") from None
    if done.returncode:
        raise StackError("The client could not be made.", (done.stdout + done.stderr)[-2000:])


@app.command()
def types(
    target: Annotated[Path, typer.Argument(help="The file to write.")] = Path("pgshop.d.ts"),
    role: RoleOption = None,
    state: StateOption = HERE,
) -> None:
    """Types for TypeScript, which openapi-fetch makes a client of."""
    from stack.binaries import find_node, npm_file

    with TemporaryDirectory() as folder:
        file = Path(folder) / "openapi.json"
        file.write_text(document(state, role))
        try:
            tool = [find_node(), npm_file("openapi-typescript/bin/cli.js")]
        except StackError:
            tool = ["npx", "--yes", TYPES]
        # What has a default may be left out of a body.
        generate([*tool, str(file), "--default-non-nullable=false", "-o", str(target)])
    print(target)


@app.command()
def client(
    target: Annotated[Path, typer.Argument(help="The folder to write.")] = Path("pgshop_client"),
    role: RoleOption = None,
    state: StateOption = HERE,
) -> None:
    """A package for Python, synchronous and asynchronous, with models."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "openapi.json"
        file.write_text(document(state, role))
        # In an environment of its own: it wants other versions of what we stand on.
        tool = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", CLIENT, CLIENT.partition("=")[0]]
        more = ["--path", str(file), "--output-path", str(target), "--overwrite", "--meta", "none"]
        generate([*tool, "generate", *more])
    print(target)

"""The keys that sign access tokens: made known to the database at a start, followed by new ones, and taken away."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from stack.admin import HERE, StateOption, database_url
from stack.errors import StackError
from stack.state import State, new_signing_key
from stack.supervision import wait_until

app = typer.Typer(no_args_is_help=True, help="Keys that sign access tokens.")
PATIENCE = 30


def register(url: str, given: str, access_seconds: int) -> None:
    """Make the newest of the given keys known to the database, or all of them to one that knows none."""
    import psycopg

    from extensions.keys import public_jwk, read_keys

    jwks = [public_jwk(key) for key in read_keys(given).values()]
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("select exists (select from auth.signing_keys)").fetchone()
        for jwk in jwks[:1] if row and row[0] else reversed(jwks):
            add = "select logic.add_signing_key(%s, %s, %s)"
            # A token is accepted up to 30 seconds after its end.
            connection.execute(add, [jwk["kid"], jwk["x"], access_seconds + 30])


def ask(folder: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """One statement on the running stack's database, as its owner."""
    import psycopg

    with psycopg.connect(database_url(folder), autocommit=True) as connection:
        return connection.execute(statement, values).fetchall()


def held(state: State) -> dict[str, str]:
    """The private keys of this state by `kid`, as text. Raises StackError when they are the user's own."""
    from extensions.keys import read_keys
    from stack.environment import read_settings

    settings = read_settings()
    if settings.jwt_private_key or settings.jwt_keys_file:
        raise StackError("The keys are given by JWT_PRIVATE_KEY or JWT_KEYS_FILE.", "See docs/how-to/rotate-keys.md.")
    encoded = state.secrets()["jwt_private_key"]
    return dict(zip(read_keys(encoded), encoded.split(","), strict=True))


def keep(state: State, keys: list[str]) -> None:
    """Store private keys, the newest first, and hand them to the service, which signs with none that is not known."""
    from stack.configurations import public_keys

    state.keep_secrets({**state.secrets(), "jwt_private_key": ",".join(keys)})
    state.write_secret(state.signing_keys, ",".join(keys))
    public_keys(state.home("postgrest"), ",".join(keys))


def valid(folder: Path) -> set[str]:
    """The keys that the database lets verify."""
    return {row[0] for row in ask(folder, "select k ->> 'kid' from jsonb_array_elements(logic.signing_keys()) k")}


def verified_by(state: State, encoded: str) -> set[str]:
    """Which of PostgREST and the service take a token of this key for rightly signed.

    Raises httpx.HTTPError, ValueError or KeyError while one of them gives no such answer.
    """
    import httpx
    import jwt

    from extensions.keys import read_keys

    ((kid, key),) = read_keys(encoded).items()
    # Less than an access token, so that it opens nothing: PostgREST says what it misses, once the signature is right.
    token = jwt.encode({"role": "anon", "aud": "pgshop", "exp": int(time.time()) + 60}, key, algorithm="EdDSA")
    postgrest, service = (f"http://127.0.0.1:{state.data['ports'][part]}" for part in ("postgrest", "service"))
    code = httpx.get(f"{postgrest}/", headers={"Authorization": f"Bearer {token}"}).json()["code"]
    jwks = httpx.get(f"{service}/.well-known/jwks.json").json()["keys"]
    by = {"service"} if kid in {jwk["kid"] for jwk in jwks} else set()
    return by | ({"postgrest"} if code == "token_invalid" else set())


def settle(state: State, encoded: str, *, to: set[str]) -> None:
    """Wait until just those in `to` verify a key; a notification that was lost is sent again. Raises StackError."""
    import httpx

    silence = ""

    def is_done() -> bool:
        nonlocal silence
        try:
            return verified_by(state, encoded) == to
        except (httpx.HTTPError, ValueError, KeyError) as error:
            # Busy, or being started anew.
            silence = f" ({error!r})"
            return False

    for _ in range(6):
        if wait_until(is_done, PATIENCE / 6):
            return
        ask(state.folder, "select pg_notify('pgrst', 'reload config')")
    raise StackError(
        f"Not every part has taken the change over{silence}.", f"See {state.log('postgrest')}, and do it once more."
    )


@app.command("list")
def show(state: StateOption = HERE) -> None:
    """Show which keys there are, from when each signs and until when it verifies."""
    for kid, since, until in ask(
        state, "select kid, signs_from, verifies_until from auth.signing_keys order by 2 desc"
    ):
        print(f"{kid}  signs from {since:%F %T}" + (f"  verifies until {until:%F %T}" if until else ""))


@app.command()
def rotate(
    retire: Annotated[bool, typer.Option("--retire", help="End the old keys at once, with their tokens.")] = False,
    state: StateOption = HERE,
) -> None:
    """Sign with a new key from now on; the old one verifies until its last token is over. Nobody is signed out."""
    from stack.environment import read_settings

    stack = State.at(state)
    url, old, fresh = database_url(state), held(stack), new_signing_key()
    keep(stack, [fresh, *old.values()])
    register(url, fresh, read_settings().access_token_seconds)
    settle(stack, fresh, to={"postgrest", "service"})
    signs = "select count(*) from auth.signing_keys where verifies_until is null and signs_from <= now()"
    wait_until(lambda: ask(state, signs) == [(1,)], PATIENCE)
    # What the service knew a moment ago is signed with the old one still.
    time.sleep(1)
    for kid in valid(state) & old.keys() if retire else ():
        remove(kid, state)
    keep(stack, [encoded for kid, encoded in held(stack).items() if kid in valid(state)])
    print(next(iter(held(stack))))


# One key in 64 has a name that begins like an option.
@app.command(context_settings={"ignore_unknown_options": True})
def remove(
    kid: Annotated[str, typer.Argument(help="The key, as `pgshop keys list` shows it.")],
    state: StateOption = HERE,
) -> None:
    """End a key at once: its tokens are refused from now on, and who has one refreshes it."""
    stack = State.at(state)
    keys = held(stack)
    if ask(state, "select logic.remove_signing_key(%s)", kid) != [(True,)]:
        raise StackError(
            f"{kid} is not known, over already, or the only key that signs.", "`pgshop keys rotate` makes another."
        )
    if kid in keys:
        settle(stack, keys[kid], to=set())
        keep(stack, [encoded for name, encoded in keys.items() if name != kid])

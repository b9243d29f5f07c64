"""A stack in which every request is undone, and a database for SQL and mutants, with the same world in both."""

import base64
import json
import os
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key

from db.migrate import migrate
from tests.conftest import ROOT, Shop, eventually, pgshop, start_stack
from tests.databases import scratch, superuser_url
from tests.matrix.asks import Asks
from tests.matrix.cells import Cells
from tests.matrix.declared import Matrix, load
from tests.matrix.probes import Check, prepare
from tests.matrix.world import ACTORS, build, claims

__all__ = ["scratch", "superuser_url"]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stack of its own: what others do in theirs would be seen here as rows that nobody declared."""
    state = tmp_path_factory.mktemp("matrix") / "state"
    # PostgreSQL runs as nobody under root, and pytest's folders are closed.
    for folder in state.parents:
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    running = start_stack(state)
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        pgshop("down", "--state", str(state))


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    return load()


@pytest.fixture(scope="session")
def ground(scratch: Callable[..., Any]) -> Iterator[psycopg.Connection[Any]]:
    """A superuser in a migrated database that nobody else uses."""
    with scratch() as urls:
        migrate(urls["migrator"])
        with psycopg.connect(urls["superuser"]) as connection:
            yield connection
            connection.rollback()


@pytest.fixture(scope="session")
def cells(ground: psycopg.Connection[Any], matrix: Matrix) -> Cells:
    """The cells of a world that lives in the connection's open transaction."""
    world = build(ground)
    prepare(ground)
    return Cells(ground, matrix, world)


@pytest.fixture(scope="session")
def checks(cells: Cells) -> list[Check]:
    return cells.all()


@pytest.fixture(scope="session")
def asks(shop: Shop, superuser_url: str, matrix: Matrix) -> Iterator[Asks]:
    """The cells of the same world in the stack's own database, where no request leaves anything behind."""
    configuration = shop.state / "parts/postgrest/postgrest.conf"
    committing = configuration.read_text()
    assert 'db-tx-end = "commit"' in committing
    configuration.write_text(committing.replace('db-tx-end = "commit"', 'db-tx-end = "rollback"'))
    with psycopg.connect(superuser_url) as connection:
        world = build(connection)
        connection.commit()
        connection.execute("notify pgrst, 'reload config'")
        connection.commit()
        routes = tomllib.loads((ROOT / "gateway/routes.toml").read_text())["route"]
        asks = Asks(Cells(connection, matrix, world), routes)
        client = shop.client(token(shop, asks, "anna"))

        def is_undone() -> bool:
            name = uuid.uuid4().hex
            assert client.patch("/rest/v1/customers?id=not.is.null", json={"last_name": name}).status_code == 204
            return bool(client.get("/rest/v1/customers?select=last_name").json() != [{"last_name": name}])

        eventually(is_undone, what="requests are undone")
        yield asks


def token(shop: Shop, asks: Asks, actor: str) -> str | None:
    """As the service would sign it."""
    if ACTORS[actor][0] == "anon":
        return None
    encoded = json.loads((shop.state / "secrets.json").read_text())["jwt_private_key"]
    said = claims(asks.cells.world, actor) | {"iat": int(time.time()), "exp": int(time.time()) + 900}
    key = load_der_private_key(base64.b64decode(encoded), None)
    (published,) = shop.client().get("/.well-known/jwks.json").json()["keys"]
    return jwt.encode(said, key, algorithm="EdDSA", headers={"kid": published["kid"]})

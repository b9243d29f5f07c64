"""The configuration files of the servers, written anew at each start."""

import json
import os
from pathlib import Path

from stack.environment import Plan, own_keys
from stack.state import State


def valkey(state: State) -> Path:
    """Append-only file on; the password in a file, since anybody may read a command line."""
    path = state.home("valkey") / "valkey.conf"
    State.write_secret(
        path,
        f"""\
bind 127.0.0.1
port {state.data["ports"]["valkey"]}
requirepass {state.secrets()["redis"]}
appendonly yes
appendfsync everysec
save ""
daemonize no
""",
    )
    return path


def public_keys(folder: Path, encoded: str) -> Path:
    """The public halves of keys, as a JWK set that PostgREST begins with."""
    from extensions.keys import public_jwk, read_keys

    path = folder / "jwks.json"
    State.write_secret(path, json.dumps({"keys": [public_jwk(key) for key in read_keys(encoded).values()]}))
    return path


def postgrest(state: State, plan: Plan) -> Path:
    """What PostgREST serves and as whom. It learns public keys from the database: it checks tokens, but makes none."""
    keys = own_keys(plan.settings) or state.secrets()["jwt_private_key"]
    ports = state.data["ports"]
    path = state.home("postgrest") / "postgrest.conf"
    settings = {
        "db-uri": plan.environment["AUTHENTICATOR_DATABASE_URL"],
        "db-schemas": "api,v1",
        "db-anon-role": "anon",
        "db-pre-request": "logic.check_request",
        "db-pre-config": "logic.postgrest_settings",
        # Until it has asked the database: without any key it would answer 500 to whoever shows a token.
        "jwt-secret": f"@{public_keys(state.home('postgrest'), keys)}",
        "jwt-aud": "pgshop",
        "db-extra-search-path": "",
        "db-max-rows": 1000,
        "db-pool": 16,
        # Two hundred who want the same at once stand in line and get an answer; after 3 s some were sent away (503).
        "db-pool-acquisition-timeout": 10,
        "db-plan-enabled": False,
        "db-aggregates-enabled": False,
        "db-tx-end": "commit",
        "openapi-mode": "follow-privileges",
        "openapi-server-proxy-uri": f"{plan.environment['PUBLIC_URL']}/rest/v1",
        "server-host": "127.0.0.1",
        "server-port": ports["postgrest"],
        "admin-server-port": ports["postgrest_admin"],
        "log-level": "error",
    }
    State.write_secret(
        path, "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in settings.items())
    )
    return path


def nginx(state: State, plan: Plan) -> Path:
    """The one public port."""
    from gateway.render import render
    from stack.binaries import page_files

    ports = state.data["ports"]
    return render(
        folder=state.home("nginx"),
        listen=plan.settings.listen,
        port=state.data["port"],
        postgrest=f"127.0.0.1:{ports['postgrest']}",
        service=f"127.0.0.1:{ports['service']}",
        metrics=f"127.0.0.1:{ports['metrics']}",
        media=state.media,
        settings=plan.settings,
        pages=page_files(),
        # As root the workers must read the pictures, and the folder may be closed to others.
        workers_user="root" if os.geteuid() == 0 else None,
    )

"""The servers are set in containers as in the embedded stack, but for what docs/how-to/run-in-containers.md says."""

import json
import re
from pathlib import Path

from extensions.config import Settings
from stack import container
from stack.state import new_signing_key
from tests.conftest import RELAXED, Shop
from tests.contract.test_deployment import SERVICES


def test_postgrest_is_set_as_in_the_embedded_stack(shop: Shop) -> None:
    """But for where things are."""
    written = (shop.state / "parts/postgrest/postgrest.conf").read_text()
    embedded = dict(re.findall(r'(?m)^(\S+) = "?(.*?)"?$', written))
    here = {"db-uri", "jwt-secret", "openapi-server-proxy-uri", "server-host", "server-port", "admin-server-port"}
    given = {
        name.removeprefix("PGRST_").lower().replace("_", "-"): value
        for name, value in SERVICES["postgrest"]["environment"].items()
    }
    assert given.keys() == embedded.keys()
    assert {key: given[key] for key in given.keys() - here} == {key: embedded[key] for key in embedded.keys() - here}


def test_the_gateway_is_set_as_in_the_embedded_stack(shop: Shop, tmp_path: Path) -> None:
    relaxed = {name.lower(): value for name, value in RELAXED.items()}
    given = Settings(_env_file=None, **relaxed, jwt_private_key=new_signing_key())
    container.configure(given, tmp_path, Path("/media"))
    (jwk,) = json.loads((tmp_path / "jwks.json").read_text())["keys"]
    assert (jwk["crv"], "d" in jwk) == ("Ed25519", False)
    assert SERVICES["postgrest"]["environment"]["PGRST_JWT_SECRET"] == f"@{container.CONFIGURATION / 'jwks.json'}"
    lines = (tmp_path / "nginx/nginx.conf").read_text().splitlines()
    assert lines[0] == "load_module modules/ngx_http_js_module.so;"
    embedded = (shop.state / "parts/nginx/nginx.conf").read_text().splitlines()
    differing = [line.strip() for line in [*set(lines) - set(embedded), *set(embedded) - set(lines)]]
    places = (
        r"load_module|listen|alias|root |pid|js_path|user |upstream|\w+_temp_path|proxy_cache_path|js_var \$public_url|"
        r"access_log syslog"
    )
    assert [line for line in differing if not re.match(places, line)] == []
    assert len(differing) > 10
    assert (tmp_path / "nginx/gateway.js").exists()


def test_the_database_is_set_as_in_the_embedded_stack(shop: Shop) -> None:
    """But for where it listens; that is the same in every container."""
    written = (Path(shop.state / "parts/postgres/data/postgresql.auto.conf")).read_text()
    embedded = dict(re.findall(r"(?m)^(\w+) = '?(.*?)'?$", written))
    given = dict(option.removeprefix("-c").split("=", 1) for option in SERVICES["postgres"]["command"][1:])
    here = {"listen_addresses", "port", "unix_socket_directories"}
    archived = {name: value for name, value in given.items() if name.startswith("archive_")}
    assert archived.keys() == {"archive_mode", "archive_timeout", "archive_command"}
    wanted = {name: value for name, value in embedded.items() if name not in here}
    assert {name: value for name, value in given.items() if name not in archived} == wanted


def test_valkey_is_set_as_in_the_embedded_stack(shop: Shop) -> None:
    written = (shop.state / "parts/valkey/valkey.conf").read_text()
    embedded = dict(re.findall(r"(?m)^(\S+) (.+)$", written))
    command = SERVICES["valkey"]["command"][-1]
    for name in embedded.keys() - {"bind", "port", "requirepass", "daemonize"}:
        assert f"--{name} {embedded[name]}".replace('""', "''") in command, name

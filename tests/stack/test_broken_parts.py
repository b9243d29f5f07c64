"""A part that cannot start is named, with the last lines of its log."""

import json
from pathlib import Path

from tests.stack.conftest import Refused


def test_a_corrupt_append_only_file(refused: Refused, spare: Path) -> None:
    folder = spare / "parts/valkey/appendonlydir"
    manifest = next(folder.glob("*.manifest"))
    sound = manifest.read_text()
    manifest.write_text("this is no manifest\n")
    try:
        said = refused(state=spare)
    finally:
        manifest.write_text(sound)
    assert "valkey: it ended at once." in said
    assert "this is no manifest" in said, "the log's last lines"
    assert f"{spare}/logs/valkey.log" in said


def test_a_corrupt_configuration_of_postgres(refused: Refused, spare: Path) -> None:
    configuration = spare / "parts/postgres/data/postgresql.conf"
    sound = configuration.read_text()
    with configuration.open("a") as file:
        file.write("\nno_such_setting = on\n")
    try:
        said = refused(state=spare)
    finally:
        with configuration.open("w") as file:
            file.write(sound)
    assert "postgres: it ended at once." in said
    assert 'unrecognized configuration parameter "no_such_setting"' in said
    assert f"{spare}/logs/postgres.log" in said


def test_secrets_of_another_database(refused: Refused, spare: Path) -> None:
    secrets = spare / "secrets.json"
    sound = secrets.read_text()
    known = json.loads(sound)
    secrets.write_text(json.dumps({**known, "superuser": "another"}))
    try:
        said = refused(state=spare)
    finally:
        secrets.write_text(sound)
    assert "password authentication failed" in said
    assert "restore that file, or begin anew with `pgshop down --purge" in said

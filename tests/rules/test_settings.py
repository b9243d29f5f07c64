""".env.example says what the settings are, and copying it changes nothing."""

import json
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from extensions.config import Settings
from tests.conftest import ROOT

EXAMPLE = ROOT / ".env.example"
HEAD = """\
# The settings of pgshop. Nothing here is needed to start: copy this file to .env and uncomment what is to differ.
# The environment goes before .env; what is empty counts as absent.
"""


def shown(default: object) -> str:
    """A default as it stands in an environment."""
    if default is None or default is PydanticUndefined or default == []:
        return ""
    return default if isinstance(default, str) else json.dumps(default)


def described() -> str:
    """The file that the fields of Settings make."""
    fields = Settings.model_fields.items()
    entries = [f"\n# {field.description}\n#{name.upper()}={shown(field.default)}\n" for name, field in fields]
    return HEAD + "".join(entries)


def test_the_example_has_every_setting_with_its_description_and_default() -> None:
    assert EXAMPLE.read_text() == described()


def test_every_setting_is_described_by_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith(".")
        assert len(field.description) <= 118, name


@pytest.mark.parametrize("uncommented", [False, True])
def test_a_copied_example_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, uncommented: bool
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    text = EXAMPLE.read_text()
    if uncommented:
        # Also when every line is switched on: the defaults in the file are the defaults of the code.
        text = "\n".join(line.removeprefix("#") for line in text.splitlines() if not line.startswith("# "))
    copy = tmp_path / ".env"
    copy.write_text(text)
    copied, plain = Settings(_env_file=copy), Settings(_env_file=None)
    assert copied == plain
    assert bool(copied.model_fields_set) == uncommented


def test_the_example_is_read_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_NAME", raising=False)
    copy = tmp_path / ".env"
    copy.write_text(EXAMPLE.read_text().replace("#SHOP_NAME=pgshop", "SHOP_NAME=Corner shop"))
    assert Settings(_env_file=copy).shop_name == "Corner shop"

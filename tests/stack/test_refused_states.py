"""A state folder that cannot be used is refused with a way out, and what is in it stays."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.conftest import Refused


@pytest.mark.parametrize("text", ['{"port": 80', "[]", '{"ports": 5}', '{"port": "eighty"}', "\0\0\0"])
def test_a_damaged_state_is_named(refused: Refused, tmp_path: Path, text: str) -> None:
    (tmp_path / "stack.json").write_text(text)
    said = refused(state=tmp_path)
    assert f"The state in {tmp_path} cannot be read" in said
    assert f"Remove {tmp_path}/stack.json" in said


@pytest.mark.parametrize("text", ['{"redis": "abc', "[]", "", '{"redis": 5}'])
def test_damaged_secrets_are_named_and_kept(refused: Refused, tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text)
    said = refused(state=tmp_path)
    assert f"{tmp_path}/secrets.json is damaged" in said
    assert f"pgshop down --purge --state {tmp_path}" in said
    assert (tmp_path / "secrets.json").read_text() == text


def test_a_state_that_is_a_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    said = refused(state=tmp_path / "state")
    assert f"The state folder {tmp_path}/state cannot be used: File exists" in said
    assert "choose another with --state" in said


def test_a_state_with_brackets_in_its_name(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "[").mkdir()
    (tmp_path / "[/red]").touch()
    assert f"{tmp_path}/[/red] cannot be used" in refused(state=tmp_path / "[/red]")


@pytest.mark.parametrize("name", ["100%", "a #b", "a;b", "it's", "$HOME", "a{b}", "a\nb"])
def test_a_state_whose_path_no_server_could_read(refused: Refused, tmp_path: Path, name: str) -> None:
    assert "Choose a plainer one with --state" in refused(state=tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_small_disk_is_named(refused: Refused, small_disk: Path) -> None:
    said = refused(state=small_disk / "state")
    assert f"The disk with {small_disk}/state is full" in said
    assert "Free some room" in said


def test_a_full_disk_is_named(refused: Refused, small_disk: Path) -> None:
    (small_disk / "state").mkdir()
    with pytest.raises(OSError, match="No space left"), (small_disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    assert f"The disk with {small_disk}/state is full" in refused(state=small_disk / "state")

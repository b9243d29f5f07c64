"""Under which licences the packages may be used that are locked; handbook/licences.toml says what they leave unsaid."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
KNOWN = tomllib.loads(Path(__file__).with_name("licences.toml").read_text())


@dataclass(frozen=True, order=True)
class Package:
    """One package, and whether a shop that runs has it, or tests and documentation alone."""

    name: str
    registry: str
    licence: str
    ships: bool


def packages() -> Iterator[Package]:
    """Everything that is locked."""
    ships = set(locked("requirements.txt"))
    for name in {name for file in sorted(ROOT.glob("requirements*.txt")) for name in locked(file.name)}:
        yield Package(name, "PyPI", of_python(name), name in ships)
    npm: dict[str, Package] = {}
    for path, entry in json.loads((ROOT / "stack/package-lock.json").read_text())["packages"].items():
        name = path.rpartition("node_modules/")[2]
        # A name may be there in several versions.
        if name and not (name in npm and npm[name].ships):
            said = re.sub(r"^\((.*)\)$", r"\1", entry.get("license", ""))
            npm[name] = Package(name, "npm", spdx(name, said), not entry.get("dev", False))
    yield from npm.values()


def locked(file: str) -> list[str]:
    """The names in one of the locks."""
    return re.findall(r"(?m)^([a-z0-9._-]+)(?:\[[^]]*\])?==", (ROOT / file).read_text())


def of_python(name: str) -> str:
    """What an installed package says of itself: as SPDX, in words, or by its class."""
    if name in KNOWN["read"]:
        return spdx(name, "")
    told = metadata.metadata(name).json
    classes = [line.rpartition(" :: ")[2] for line in told.get("classifier", []) if line.startswith("License ::")]
    words = str(told.get("license", "")).partition("\n")[0]
    return spdx(name, str(told.get("license_expression") or words or " OR ".join(classes)))


def spdx(name: str, said: str) -> str:
    """The licence as SPDX calls it, or as it is called when that is not known."""
    return str(KNOWN["read"].get(name) or KNOWN["spdx"].get(said.lower(), said))


def is_permissive(licence: str) -> bool:
    """Whether one of the licences that may be chosen asks for no more than its notice."""
    return any(all(part in KNOWN["permissive"] for part in choice.split(" AND ")) for choice in licence.split(" OR "))

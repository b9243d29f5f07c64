"""No package is let in whose licence nobody has looked at."""

import pytest

from handbook.licences import KNOWN, is_permissive, packages

FOUND = sorted(packages())


def test_every_licence_is_permissive_or_has_a_reason() -> None:
    assert len(FOUND) > 400
    assert [p for p in FOUND if not is_permissive(p.licence) and p.name not in KNOWN["copyleft"]] == []
    assert [name for name, reason in KNOWN["copyleft"].items() if len(reason) < 15] == []


def test_no_reason_is_left_over() -> None:
    assert KNOWN["copyleft"].keys() == {p.name for p in FOUND if not is_permissive(p.licence)}
    assert KNOWN["read"].keys() <= {p.name for p in FOUND}
    used = {part for p in FOUND for choice in p.licence.split(" OR ") for part in choice.split(" AND ")}
    assert [licence for licence in KNOWN["permissive"] if licence not in used] == []


def test_nothing_that_ships_is_under_the_gpl() -> None:
    assert [
        p for p in FOUND if p.ships and "GPL" in p.licence.replace("LGPL", "") and not is_permissive(p.licence)
    ] == []


@pytest.mark.parametrize("licence", ["", "UNKNOWN", "AGPL-3.0-only", "MIT AND GPL-3.0-only", "Proprietary"])
def test_what_is_not_known_is_refused(licence: str) -> None:
    assert not is_permissive(licence)
    assert is_permissive(f"{licence} OR MIT")

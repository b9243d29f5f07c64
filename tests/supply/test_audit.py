"""The audit tells a hole from silence, and accepts what has a reason; `make audit` asks the services themselves."""

import re
import tomllib
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.supply.audit import ACCEPTED, Advisory, UnaskedError, judge, of_node, of_python, said

SKIPPED = {"name": "celery", "skip_reason": "Dependency not found on PyPI and could not be audited: celery (5.7.0)"}
# As the two programs say it.
PYTHON = {
    "dependencies": [
        SKIPPED,
        {"name": "six", "version": "1.17.0", "vulns": []},
        {
            "name": "jinja2",
            "version": "3.1.0",
            "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2099-1"], "fix_versions": ["3.1.6"], "description": "…"}],
        },
    ]
}
URL = "https://github.com/advisories/GHSA-aaaa"
NODE = {
    "vulnerabilities": {
        "ws": {"via": [{"url": URL, "name": "ws", "range": "<8"}], "fixAvailable": True},
        "maildev": {"via": ["ws"], "fixAvailable": False},
    }
}
FOUND = [*of_python(PYTHON), *of_node(NODE)]


def test_what_the_services_know_is_read() -> None:
    jinja, ws = FOUND
    assert jinja == Advisory(frozenset({"PYSEC-1", "CVE-2099-1"}), "jinja2 3.1.0", "3.1.6")
    assert ws == Advisory(frozenset({"GHSA-aaaa"}), "ws <8", "there is a fix")


@pytest.mark.parametrize(
    ("read", "answer"),
    [(of_python, {"dependencies": [SKIPPED]}), (of_node, {"message": "405 Method Not Allowed", "statusCode": 405})],
)
def test_no_answer_is_not_taken_for_a_good_one(read: Any, answer: Any) -> None:
    with pytest.raises(UnaskedError, match=r"could not be audited|405"):
        list(read(answer))


def test_a_program_that_fails_has_not_asked() -> None:
    with pytest.raises(UnaskedError, match="no network"):
        said("sh", "-c", "echo no network >&2; exit 1")


def test_only_what_is_accepted_passes() -> None:
    assert judge([], {}, is_whole=True) == []
    assert len(judge(FOUND, {}, is_whole=True)) == 2
    (left,) = judge(FOUND, {"CVE-2099-1": {}}, is_whole=True)
    assert "GHSA-aaaa" in left
    assert judge(FOUND, {"PYSEC-1": {}, "GHSA-aaaa": {}}, is_whole=True) == []
    accepted = {"PYSEC-1": {}, "GHSA-aaaa": {}, "GHSA-old": {}}
    assert judge(FOUND, accepted, is_whole=True) == ["accepted.toml: GHSA-old is known no more; take it out"]
    assert judge(FOUND, accepted, is_whole=False) == []


def test_each_acceptance_has_a_reason() -> None:
    for name, why in tomllib.loads(ACCEPTED.read_text()).items():
        assert re.match(r"(CVE|GHSA|PYSEC)-", name), name
        assert len(why["reason"]) > 30 and why["package"], name


def test_the_audit_is_part_of_every_run() -> None:
    assert "make audit" in (ROOT / ".ci/run").read_text()
    assert "tests.supply.audit" in (ROOT / "Makefile").read_text()

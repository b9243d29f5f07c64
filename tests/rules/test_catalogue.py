"""The rules about the database hold, and each of them notices when it is broken."""

from typing import Any

import psycopg
import pytest

from tests.rules.catalogue import RULES, Rule

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def offenders(connection: psycopg.Connection[Any], rule: Rule) -> list[str]:
    return sorted(row[0] for row in connection.execute(rule.offenders))


@each_rule
def test_the_rule_holds(superuser: psycopg.Connection[Any], rule: Rule) -> None:
    assert offenders(superuser, rule) == []


@each_rule
def test_the_rule_notices_a_breach(superuser: psycopg.Connection[Any], rule: Rule) -> None:
    superuser.execute(rule.breakage)
    assert any(rule.guilty in found for found in offenders(superuser, rule))

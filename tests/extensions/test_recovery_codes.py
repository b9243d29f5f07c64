"""Recovery codes are renewed without a new secret; and of all that is done to a second factor its owner is told."""

from typing import Any

import psycopg

from tests.conftest import PASSWORD, Person, Shop, eventually
from tests.extensions.test_second_factor import (
    MFA,
    WRONG,
    challenge,
    code,
    enrol,
    half_a_minute_later,
    outcome,
    verify,
)


def test_recovery_codes_are_renewed(shop: Shop, customer: Person, database: psycopg.Connection[Any]) -> None:
    """Password and code give ten others, and the old ones open nothing any more."""
    url = f"{MFA}recovery-codes/"
    assert customer.client.post(url, json={"password": PASSWORD, "code": "123456"}).status_code == 422
    secret, old = enrol(customer)
    half_a_minute_later(database, customer)
    for body in ({"password": PASSWORD, "code": "123"}, {"password": "a wrong enough password", "code": old[0]}):
        assert customer.client.post(url, json=body).status_code == 422, body
    answer = customer.client.post(url, json={"password": PASSWORD, "code": code(secret)})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    new = answer.json()["recovery_codes"]
    assert len({*old, *new}) == 20
    token = challenge(shop, customer)
    assert [outcome(verify(shop, token, given)) for given in (old[0], new[0], new[0])] == [WRONG, 200, WRONG]
    # One of them does it as well, and none is left of what was before.
    answer = customer.client.post(url, json={"password": PASSWORD, "code": new[1]})
    assert outcome(verify(shop, token, new[2])) == WRONG
    assert outcome(verify(shop, token, answer.json()["recovery_codes"][2])) == 200
    told = database.execute("select action from shop.audit_log where object_id = %s order by id", [customer.id])
    assert [row["action"] for row in told] == ["second_factor.enabled", *["second_factor.codes_renewed"] * 2]


def test_the_account_is_told_by_mail(shop: Shop, customer: Person) -> None:
    _, codes = enrol(customer)
    for path in ("recovery-codes/", "disable/"):
        answer = customer.client.post(f"{MFA}{path}", json={"password": PASSWORD, "code": codes[0]})
        assert answer.is_success, answer.text
        codes = answer.json().get("recovery_codes")

    def told() -> list[str]:
        return sorted(mail["text"] for mail in shop.mails(customer.email) if "second factor" in mail["subject"])

    letters = eventually(lambda: len(told()) == 3 and told(), what="three mails")
    for letter, said in zip(
        letters, ("switched off", "has a second factor now", "has new recovery codes"), strict=True
    ):
        assert said in letter
        assert f"{shop.url}/reset" in letter

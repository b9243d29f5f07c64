"""Nobody's words become headers, and unusual addresses are written to."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import Person, Shop
from tests.workers.mails import mail, source


def test_a_name_of_several_lines_becomes_no_header(
    shop: Shop, customer: Person, order: dict[str, Any], pay: Any, database: psycopg.Connection[Any]
) -> None:
    # The table refuses line breaks; these characters pass, and some programs break lines at them.
    lines = "Ann\u2028Bcc: spam@example.com\u2029Subject: cheap\u2028\u2028buy"
    with pytest.raises(psycopg.errors.CheckViolation):
        database.execute("update shop.customers set first_name = %s where id = %s", ["Ann\r\nBcc: x", customer.id])
    database.execute("update shop.customers set first_name = %s where id = %s", [lines, customer.id])
    assert pay(customer, order).status_code == 200
    letter = mail(shop, customer.email, "confirmed")
    wire = source(shop, letter)
    assert wire["bcc"] is None
    assert len(wire.get_all("subject")) == 1
    assert shop.mails("spam@example.com") == []


def test_a_shop_name_of_several_lines_becomes_no_header(
    shop: Shop, customer: Person, acting_as: Callable[..., Person], database: psycopg.Connection[Any]
) -> None:
    before = database.execute("select shop_name from shop.settings").fetchone()
    assert before
    try:
        database.execute("update shop.settings set shop_name = E'A\\nBcc: spam@example.com'")
        letter = mail(shop, acting_as().email, "Welcome")
    except psycopg.errors.CheckViolation:
        return
    finally:
        database.execute("update shop.settings set shop_name = %s", [before["shop_name"]])
    assert letter["subject"] == "Welcome to A Bcc: spam@example.com"
    assert shop.mails("spam@example.com") == []


@pytest.mark.parametrize("name", ["jörg", "o'brien+tag", "名前"])
def test_unusual_addresses_get_their_mail(shop: Shop, acting_as: Callable[..., Person], name: str) -> None:
    person = acting_as(email=f"{name}.{id(name)}@example.com")
    assert mail(shop, person.email, "Welcome")["subject"] == "Welcome to pgshop"

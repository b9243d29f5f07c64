"""`pgshop user`: accounts of any role, and what is refused."""

import os
import uuid

import pytest

from tests.conftest import PASSWORD, Shop, pgshop
from tests.stack import selling
from tests.stack.conftest import fails


def test_user_create_and_role(shop: Shop) -> None:
    email = f"worker-{uuid.uuid4().hex[:6]}@example.com"
    state = ("--state", str(shop.state))
    made = pgshop("user", "create", "--email", email, *state, env={**os.environ, "PGSHOP_PASSWORD": PASSWORD})
    assert str(uuid.UUID(made.stdout.strip())) == made.stdout.strip()
    client = selling.sign_in(shop, email)
    assert client.post("/api/v1/products/", json={"name": "X", "sku": "x", "price": "1"}).status_code == 403
    assert "is staff now" in pgshop("user", "role", "--email", email, "--role", "staff", *state).stdout
    assert client.get("/api/v1/cart/").status_code == 401, "the old token speaks of another role"
    sku = uuid.uuid4().hex[:8]
    answer = selling.sign_in(shop, email).post("/api/v1/products/", json={"name": "X", "sku": sku, "price": "1"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("create --email new@example.com --password short", "The password is refused: "),
        ("create --email new@example.com --password aaaaaaaaaaaaaa", "The password is refused: "),
        ("create --email nonsense --password fine-enough-4-me", "'nonsense' is no address."),
        ("role --email nobody@example.com --role staff", "nobody@example.com has no account."),
    ],
)
def test_users_that_cannot_be(shop: Shop, command: str, said: str) -> None:
    assert said in fails("user", *command.split(), "--state", str(shop.state))


def test_a_taken_address_and_an_unknown_role(shop: Shop) -> None:
    arguments = ("--email", f"twice-{uuid.uuid4().hex[:6]}@example.com", "--password", PASSWORD)
    pgshop("user", "create", *arguments, "--state", str(shop.state))
    said = fails("user", "create", *arguments, "--state", str(shop.state))
    assert "has an account already" in said
    assert "pgshop user role" in said
    assert "'king' is not one of" in fails("user", "create", *arguments, "--role", "king", code=2)

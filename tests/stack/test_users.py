"""`pgshop user`: accounts of any role, and what is refused; and passwords when their parameters are raised."""

import os
import uuid
from pathlib import Path

import pytest

from tests.conftest import PASSWORD, Shop, pgshop
from tests.stack import selling
from tests.stack.conftest import Start, fails


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


def test_raised_parameters_renew_a_hash_at_the_next_login(spare: Path, start: Start) -> None:
    """A6: for the right password alone, once, and what was stored before signs in until then."""
    email = f"{uuid.uuid4().hex}@example.com"

    def login(shop: Shop, password: str = PASSWORD) -> tuple[int, str]:
        answer = shop.client().post("/api/v1/auth/login/", json={"email": email, "password": password})
        with shop.connect() as connection:
            row = connection.execute(
                "select a.password_hash from auth.accounts a join shop.customers c on c.id = a.id where c.email = %s",
                [email],
            ).fetchone()
        assert row
        return answer.status_code, row["password_hash"]

    shop = start(spare)
    pgshop("user", "create", "--email", email, "--password", PASSWORD, "--state", str(spare))
    _, before = login(shop)
    pgshop("down", "--state", str(spare))
    raised = start(spare, ARGON2_MEMORY_KIB="20480", ARGON2_TIME_COST="3")
    assert before.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert login(raised, "a wrong enough password") == (401, before)
    status, renewed = login(raised)
    assert (status, renewed.rpartition("$")[0].rpartition("$")[0]) == (200, "$argon2id$v=19$m=20480,t=3,p=1")
    assert login(raised) == (200, renewed)

"""A twin that is killed has lost nothing: intents, keys and events that nobody has taken yet."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.conftest import Shop, eventually
from tests.twin.conftest import Receiver, Twin


@pytest.fixture
def mortal(receiver: Receiver, tmp_path: Path) -> Iterator[Twin]:
    """A twin that a test may kill."""
    made = Twin(tmp_path / "mortal.sqlite3", receiver.url)
    made.start()
    yield made
    made.end()


def test_everything_survives_a_kill(mortal: Twin, receiver: Receiver) -> None:
    client = mortal.client()
    options: Any = {"idempotency_key": "before the kill"}
    body: Any = {"amount": 1000, "currency": "gbp", "payment_method": "pm_card_visa", "confirm": True}
    paid = client.v1.payment_intents.create(body, options)
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 100})
    mortal.end(signal.SIGKILL)
    mortal.start()
    assert client.v1.payment_intents.retrieve(paid.id).to_dict() == paid.to_dict()
    assert client.v1.refunds.list({"payment_intent": paid.id}).data[0].id == refund.id
    again = client.v1.payment_intents.create(body, options)
    assert again.id == paid.id
    assert again.last_response and again.last_response.headers["idempotent-replayed"] == "true"
    assert len(client.v1.payment_intents.list().data) == 1


def test_what_was_not_taken_before_the_kill_is_told_after_it(receiver: Receiver, tmp_path: Path) -> None:
    # Nobody listens at the port of a receiver that is gone.
    gone = Receiver()
    gone.close()
    twin = Twin(tmp_path / "twin.sqlite3", gone.url)
    twin.start()
    intent = twin.client().v1.payment_intents.create({"amount": 1000, "currency": "gbp"})
    twin.end(signal.SIGKILL)
    assert receiver.of(intent.id) == []
    twin.webhook_url = receiver.url
    twin.start()
    try:
        [delivery] = eventually(lambda: receiver.of(intent.id))
        assert delivery.event.type == "payment_intent.created"
    finally:
        twin.end()


def test_the_stack_says_where_its_twin_is(shop: Shop) -> None:
    client = stripe.StripeClient(
        shop.status["stripe_secret_key"],
        http_client=stripe.UrllibClient(),
        base_addresses={"api": shop.status["stripe_api_base"]},
    )
    assert client.v1.payment_intents.create({"amount": 1000, "currency": "gbp"}).status == "requires_payment_method"
    assert shop.status["stripe_webhook_secret"].startswith("whsec_")

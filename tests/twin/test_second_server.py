"""The happy path at a stand-in of Stripe that others made, localstripe, goes as at the twin."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tests.conftest import eventually
from tests.stack.processes import listening_addresses
from tests.twin.conftest import KEY, free_port

# It has no option for the address and would listen at all of them.
SERVE = "from aiohttp import web; from localstripe.server import app; web.run_app(app, host='127.0.0.1', port={})"
CARD, ASKING_CARD = "4242424242424242", "4000002760003184"


def is_up(url: str) -> bool:
    try:
        return httpx.get(url).status_code < 500
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """Its process and address. It keeps its state in the folder for temporary files."""
    port, folder = free_port(), tmp_path_factory.mktemp("localstripe")
    environment = {**os.environ, "TMPDIR": str(folder)}
    with Path(folder, "log").open("w") as log:
        command = [sys.executable, "-c", SERVE.format(port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            eventually(lambda: is_up(f"http://127.0.0.1:{port}/"), what="localstripe")
            yield process.pid, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def other(server: tuple[int, str]) -> stripe.StripeClient:
    return stripe.StripeClient(KEY, http_client=stripe.UrllibClient(), base_addresses={"api": server[1]})


def pay_with(bank: stripe.StripeClient, number: str, **more: Any) -> stripe.PaymentIntent:
    # localstripe wants the date and code that the twin does without.
    card: Any = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
    method = bank.v1.payment_methods.create({"type": "card", "card": card})
    wanted: Any = {
        "amount": 1000,
        "currency": "gbp",
        "metadata": {"order_id": "7"},
        "payment_method": method.id,
        **more,
    }
    made = bank.v1.payment_intents.create(wanted)
    assert (made.status, made.latest_charge) == ("requires_confirmation", None)
    # localstripe takes the card here only.
    return bank.v1.payment_intents.confirm(made.id)


def told(intent: stripe.PaymentIntent) -> tuple[Any, ...]:
    """What both must say alike."""
    return (
        intent.object, intent.status, intent.amount, intent.currency, intent.metadata.to_dict(), intent.livemode,
        intent.next_action is None, bool(intent.latest_charge),
    )  # fmt: skip


def pay(bank: stripe.StripeClient) -> list[Any]:
    paid = pay_with(bank, CARD)
    return [told(paid), told(bank.v1.payment_intents.retrieve(paid.id))]


def ask_back(bank: stripe.StripeClient) -> list[Any]:
    asked = pay_with(bank, ASKING_CARD)
    return [asked.status, asked.amount, bool(asked.next_action)]


def capture(bank: stripe.StripeClient) -> list[Any]:
    held = pay_with(bank, CARD, capture_method="manual")
    taken = bank.v1.payment_intents.capture(held.id)
    return [held.status, taken.status, taken.amount]


def cancel(bank: stripe.StripeClient) -> list[Any]:
    made = bank.v1.payment_intents.create({"amount": 1000, "currency": "gbp"})
    gone = bank.v1.payment_intents.cancel(made.id)
    with pytest.raises(stripe.InvalidRequestError):
        bank.v1.payment_intents.confirm(made.id)
    return [made.status, gone.status, bank.v1.payment_intents.retrieve(made.id).status]


def give_back(bank: stripe.StripeClient) -> list[Any]:
    paid = pay_with(bank, CARD)
    parts = [bank.v1.refunds.create({"payment_intent": paid.id, "amount": amount}) for amount in (300, 700)]
    listed = bank.v1.refunds.list({"charge": str(parts[0].charge)})
    return [
        [(part.object, part.status, part.amount, part.currency) for part in parts],
        sorted(refund.amount for refund in listed.data),
        [part.payment_intent == paid.id for part in parts],
    ]


@pytest.mark.parametrize("act", [pay, ask_back, capture, cancel, give_back])
def test_both_say_the_same(
    client: stripe.StripeClient, other: stripe.StripeClient, act: Callable[[stripe.StripeClient], list[Any]]
) -> None:
    here, there = act(client), act(other)
    assert here == there
    assert here


def test_the_second_server_listens_on_loopback_alone(server: tuple[int, str]) -> None:
    assert {address for address, _ in listening_addresses({server[0]})} == {"0100007F"}

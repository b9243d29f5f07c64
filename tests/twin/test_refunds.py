"""Refunds through the SDK: in whole, in part, and never more than was paid."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import stripe

Make = Callable[..., stripe.PaymentIntent]


@pytest.fixture
def paid(make_intent: Make) -> stripe.PaymentIntent:
    return make_intent("pm_card_visa", confirm=True)


def test_a_refund_gives_everything_back_and_only_once(client: stripe.StripeClient, paid: stripe.PaymentIntent) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid.id, "reason": "requested_by_customer"})
    assert (refund.amount, refund.currency, refund.status) == (1000, "gbp", "succeeded")
    assert (refund.charge, refund.payment_intent) == (paid.latest_charge, paid.id)
    charge = client.v1.charges.retrieve(str(paid.latest_charge))
    assert (charge.refunded, charge.amount_refunded) == (True, 1000)
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert caught.value.code == "charge_already_refunded"


def test_parts_add_up_to_what_was_paid(client: stripe.StripeClient, paid: stripe.PaymentIntent) -> None:
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 400, "metadata": {"part": "1"}})
    charge = client.v1.charges.retrieve(str(paid.latest_charge))
    assert (charge.refunded, charge.amount_refunded) == (False, 400)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 601})
    assert caught.value.param == "amount"
    # Without an amount it is what is left.
    assert client.v1.refunds.create({"charge": str(paid.latest_charge)}).amount == 600
    listed = client.v1.refunds.list({"payment_intent": paid.id})
    assert [refund.amount for refund in listed.data] == [600, 400]
    assert listed.data[1].to_dict()["metadata"] == {"part": "1"}
    assert client.v1.charges.retrieve(str(paid.latest_charge)).refunded


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({}, "payment_intent"),
        ({"payment_intent": "pi_nobody"}, "payment_intent"),
        ({"charge": "ch_nobody"}, "charge"),
        ({"payment_intent": "PAID", "amount": 0}, "amount"),
        ({"payment_intent": "PAID", "amount": -5}, "amount"),
        ({"payment_intent": "PAID", "amount": 1001}, "amount"),
        ({"payment_intent": "PAID", "reason": "because"}, "reason"),
    ],
)
def test_a_bad_refund_gives_nothing_back(
    client: stripe.StripeClient, paid: stripe.PaymentIntent, parameters: Any, param: str
) -> None:
    filled = {name: paid.id if value == "PAID" else value for name, value in parameters.items()}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create(filled)  # type: ignore[arg-type]
    assert caught.value.param == param
    assert client.v1.refunds.list({"payment_intent": paid.id}).data == []
    assert client.v1.charges.retrieve(str(paid.latest_charge)).amount_refunded == 0


def test_what_is_not_paid_is_not_refunded(client: stripe.StripeClient, make_intent: Make) -> None:
    unpaid = make_intent()
    declined = make_intent()
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(declined.id, {"payment_method": "pm_card_chargeDeclined"})
    for intent in (unpaid, declined):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({"payment_intent": intent.id})
        assert caught.value.http_status == 400
        assert "successful charge" in str(caught.value)


def test_two_refunds_at_once_do_not_give_back_twice(client: stripe.StripeClient, paid: stripe.PaymentIntent) -> None:
    barrier = Barrier(4)

    def refund(_: int) -> str:
        barrier.wait()
        try:
            return client.v1.refunds.create({"payment_intent": paid.id, "amount": 1000}).status or ""
        except stripe.InvalidRequestError as error:
            return error.code or ""

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(refund, range(4))) == ["charge_already_refunded"] * 3 + ["succeeded"]
    assert client.v1.charges.retrieve(str(paid.latest_charge)).amount_refunded == 1000

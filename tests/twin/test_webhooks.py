"""Events: told to the shop with a signature that the SDK believes, again and again until they are taken."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import stripe
from stripe._api_version import _ApiVersion

from stack.twin.events import API_VERSION
from tests.conftest import eventually
from tests.twin.conftest import SECRET, Receiver, Twin

Make = Callable[..., stripe.PaymentIntent]


def test_a_payment_is_told_step_by_step(make_intent: Make, receiver: Receiver) -> None:
    intent = make_intent("pm_card_visa", confirm=True, metadata={"order_id": "7"})
    kinds = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    told = eventually(lambda: len(receiver.of(intent.id)) == 3 and receiver.of(intent.id))
    events = [delivery.event for delivery in told]
    assert sorted(event.type for event in events) == sorted(kinds)
    succeeded = next(event for event in events if event.type == "payment_intent.succeeded")
    assert succeeded.data.object["id"] == intent.id
    assert succeeded.to_dict()["data"]["object"]["metadata"] == {"order_id": "7"}
    assert (succeeded.data.object["status"], succeeded.livemode) == ("succeeded", False)
    # What is told is what was then, not what is now.
    assert next(e for e in events if e.type == kinds[0]).data.object["status"] == "requires_confirmation"


def test_a_signature_holds_for_one_secret_one_body_and_a_while(make_intent: Make, receiver: Receiver) -> None:
    intent = make_intent()
    [delivery] = eventually(lambda: receiver.of(intent.id))
    assert delivery.event.data.object["id"] == intent.id
    for body, secret, tolerance in (
        (delivery.body, "whsec_" + "x" * 24, 300),
        (delivery.body.replace(intent.id, "pi_other"), SECRET, 300),
        (delivery.body, SECRET, -5),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, delivery.signature, secret, tolerance)


def test_a_decline_a_cancellation_and_a_refund_are_told(
    client: stripe.StripeClient, make_intent: Make, receiver: Receiver
) -> None:
    declined, paid = make_intent(), make_intent("pm_card_visa", confirm=True)
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(declined.id, {"payment_method": "pm_card_chargeDeclinedExpiredCard"})
    client.v1.payment_intents.cancel(declined.id)
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 300})
    failed = eventually(lambda: receiver.of(declined.id, "payment_intent.payment_failed"))[0].event.data.object
    assert (failed["status"], failed["last_payment_error"]["code"]) == ("requires_payment_method", "expired_card")
    assert (
        eventually(lambda: receiver.of(declined.id, "payment_intent.canceled"))[0].event.data.object["id"]
        == declined.id
    )
    assert eventually(lambda: receiver.of(refund.id, "refund.created"))[0].event.data.object["amount"] == 300
    charge = eventually(lambda: receiver.of(paid.id, "charge.refunded"))[0].event.data.object
    assert (charge["amount_refunded"], charge["refunded"]) == (300, False)


@pytest.mark.parametrize("statuses", [[500], [503, 302]])
def test_what_is_not_taken_is_told_again_later_and_then_no_more(
    twin: Twin, make_intent: Make, receiver: Receiver, statuses: list[int]
) -> None:
    # No other event may take the bad answers.
    eventually(lambda: twin.has_told_all() and receiver.is_quiet())
    for status in statuses:
        receiver.statuses.put(status)
    intent = make_intent()
    attempts = len(statuses) + 1
    told = eventually(lambda: len(receiver.of(intent.id)) == attempts and receiver.of(intent.id))
    assert len({delivery.event.id for delivery in told}) == 1
    # Each later than the one before, signed anew.
    pauses = [later.at - earlier.at for earlier, later in pairwise(told)]
    assert all(pause > 2**number - 0.3 for number, pause in enumerate(pauses)), pauses
    assert len({delivery.signature for delivery in told}) == attempts
    # Once taken, it is over: what comes after it comes, it does not.
    other = make_intent()
    eventually(lambda: receiver.of(other.id))
    assert len(receiver.of(intent.id)) == attempts


def test_events_are_listed_by_type_and_read_by_id(client: stripe.StripeClient, make_intent: Make) -> None:
    intent = make_intent("pm_card_visa", confirm=True)
    listed = client.v1.events.list({"type": "payment_intent.succeeded", "limit": 1}).data[0]
    assert listed.data.object["id"] == intent.id
    assert client.v1.events.retrieve(listed.id).to_dict() == listed.to_dict()
    both = client.v1.events.list({"types": ["charge.succeeded", "payment_intent.succeeded"], "limit": 2})
    assert [event.type for event in both.data] == ["payment_intent.succeeded", "charge.succeeded"]


def test_the_version_is_the_sdks(make_intent: Make, receiver: Receiver) -> None:
    assert API_VERSION == _ApiVersion.CURRENT == stripe.api_version
    intent = make_intent()
    assert eventually(lambda: receiver.of(intent.id))[0].event.api_version == stripe.api_version

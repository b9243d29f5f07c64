"""Disputes: opened by a card, answered with evidence, won or lost, each step told."""

from collections.abc import Callable

import pytest
import stripe

from tests.conftest import eventually
from tests.twin.conftest import Receiver

Make = Callable[..., stripe.PaymentIntent]


@pytest.fixture
def disputed(make_intent: Make) -> stripe.PaymentIntent:
    return make_intent("pm_card_createDispute", confirm=True)


def only(client: stripe.StripeClient, intent: stripe.PaymentIntent) -> stripe.Dispute:
    [dispute] = client.v1.disputes.list({"payment_intent": intent.id}).data
    return dispute


def test_a_disputed_payment_is_paid_and_then_taken_back(
    client: stripe.StripeClient, disputed: stripe.PaymentIntent, receiver: Receiver
) -> None:
    assert disputed.status == "succeeded"
    dispute = only(client, disputed)
    assert (dispute.amount, dispute.status, dispute.reason) == (1000, "needs_response", "fraudulent")
    assert client.v1.charges.retrieve(str(dispute.charge)).disputed
    for kind in ("created", "funds_withdrawn"):
        [told] = eventually(lambda k=kind: receiver.of(dispute.id, f"charge.dispute.{k}"))  # type: ignore[misc]
        assert told.event.data.object["payment_intent"] == disputed.id


@pytest.mark.parametrize("end", ["won", "lost"])
def test_evidence_wins_or_loses(
    client: stripe.StripeClient, disputed: stripe.PaymentIntent, receiver: Receiver, end: str
) -> None:
    dispute = only(client, disputed)
    words = {"won": "winning_evidence", "lost": "losing_evidence"}[end]
    assert client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": words}}).status == end
    [closed] = eventually(lambda: receiver.of(dispute.id, "charge.dispute.closed"))
    assert closed.event.data.object["status"] == end
    kinds = {event.type for event in client.v1.events.list({"limit": 20}).data if dispute.id in str(event)}
    assert ("charge.dispute.funds_reinstated" in kinds) == (end == "won")
    for act in (client.v1.disputes.close, client.v1.disputes.update):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            act(dispute.id)
        assert caught.value.code == "dispute_already_closed"


def test_a_dispute_can_be_given_up_and_other_evidence_waits(
    client: stripe.StripeClient, disputed: stripe.PaymentIntent
) -> None:
    dispute = only(client, disputed)
    waiting = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "They have it."}})
    assert (waiting.status, waiting.evidence_details.submission_count) == ("under_review", 1)
    assert client.v1.disputes.close(dispute.id).status == "lost"
    assert client.v1.disputes.retrieve(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.retrieve("du_nothing")

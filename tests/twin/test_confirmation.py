"""What a confirmation leads to, card by card, and what can't be done any more after it."""

from collections.abc import Callable

import pytest
import stripe

from stack.twin.cards import NAMED, NUMBERS
from tests.twin.conftest import KEY, Twin

Make = Callable[..., stripe.PaymentIntent]
# As https://docs.stripe.com/testing#declined-payments tells them: card → code, decline code.
DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", "incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", "processing_error"),
}
PAYS = {
    *("pm_card_visa", "pm_card_mastercard", "pm_card_amex"),
    *("pm_card_createDispute", "pm_card_createDisputeProductNotReceived"),
}
ASKS = {"pm_card_authenticationRequired", "pm_card_threeDSecure2Required"}
SLOW = "pm_twin_processing"


def test_the_tables_here_name_every_card() -> None:
    assert DECLINES.keys() | PAYS | ASKS | {SLOW} == NAMED.keys()


@pytest.mark.parametrize("card", DECLINES)
def test_a_declining_card_raises_and_the_intent_asks_for_another(
    client: stripe.StripeClient, make_intent: Make, card: str
) -> None:
    intent = make_intent()
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": card})
    error = caught.value
    assert error.http_status == 402
    assert error.error and (error.code, error.error.decline_code) == DECLINES[card]
    assert error.error.payment_intent and error.error.payment_intent.id == intent.id
    assert error.user_message
    left = client.v1.payment_intents.retrieve(intent.id)
    assert (left.status, left.amount_received, left.payment_method) == ("requires_payment_method", 0, None)
    assert left.last_payment_error and left.last_payment_error.code == DECLINES[card][0]
    charge = client.v1.charges.retrieve(str(error.error.charge))
    assert (charge.paid, charge.status, charge.failure_code) == (False, "failed", DECLINES[card][0])
    # The next card pays.
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)


@pytest.mark.parametrize("card", sorted(PAYS))
def test_a_paying_card_pays(make_intent: Make, card: str) -> None:
    assert make_intent(card, confirm=True).status == "succeeded"


@pytest.mark.parametrize("card", sorted(ASKS))
@pytest.mark.parametrize("succeeds", [True, False])
def test_a_card_with_3d_secure_waits_for_its_owner(
    client: stripe.StripeClient, twin: Twin, make_intent: Make, card: str, succeeds: bool
) -> None:
    intent = make_intent(card, confirm=True)
    assert (intent.status, intent.amount_received) == ("requires_action", 0)
    assert intent.next_action and intent.next_action.type == "use_stripe_sdk"
    # At Stripe this happens in a browser; the SDK has no call for it.
    twin.ask("POST", f"/twin/payment_intents/{intent.id}/authenticate", data={"succeeds": str(succeeds).lower()})
    after = client.v1.payment_intents.retrieve(intent.id)
    assert after.status == ("succeeded" if succeeds else "requires_payment_method")
    assert after.next_action is None


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_payment_that_takes_its_time_is_processing_first(
    client: stripe.StripeClient, twin: Twin, make_intent: Make, succeeds: bool
) -> None:
    intent = make_intent(SLOW, confirm=True)
    assert (intent.status, intent.amount_received) == ("processing", 0)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.cancel(intent.id)
    twin.ask("POST", f"/twin/payment_intents/{intent.id}/authenticate", data={"succeeds": str(succeeds).lower()})
    after = client.v1.payment_intents.retrieve(intent.id)
    assert after.status == ("succeeded" if succeeds else "requires_payment_method")
    assert (after.last_payment_error is None) == succeeds


@pytest.mark.parametrize("number", NUMBERS)
def test_a_card_by_number_does_what_its_name_does(client: stripe.StripeClient, make_intent: Make, number: str) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": {"number": number}})
    assert method.card and method.card.last4 == number[-4:]
    name = NUMBERS[number]
    try:
        outcome = make_intent(method.id, confirm=True).status
    except stripe.CardError as error:
        outcome = error.code or ""
    assert outcome == ("succeeded" if name in PAYS else "requires_action" if name in ASKS else DECLINES[name][0])


def test_a_real_card_number_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_methods.create({"type": "card", "card": {"number": "4929000000006"}})
    assert caught.value.code == "incorrect_number"


def test_without_a_card_nothing_can_be_confirmed(client: stripe.StripeClient, make_intent: Make) -> None:
    intent = make_intent()
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(intent.id)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_a_settled_intent_can_neither_be_confirmed_nor_cancelled(
    client: stripe.StripeClient, make_intent: Make
) -> None:
    intents = client.v1.payment_intents
    paid = make_intent("pm_card_visa", confirm=True)
    cancelled = intents.cancel(make_intent().id, {"cancellation_reason": "abandoned"})
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    assert cancelled.canceled_at
    for intent, acts in ((paid, (intents.confirm, intents.cancel)), (cancelled, (intents.confirm, intents.cancel))):
        for act in acts:
            with pytest.raises(stripe.InvalidRequestError) as caught:
                act(intent.id)
            assert (caught.value.http_status, caught.value.code) == (400, "payment_intent_unexpected_state")
            assert intent.status in str(caught.value)
            assert caught.value.error and caught.value.error.payment_intent
            assert caught.value.error.payment_intent.status == intent.status
        assert intents.retrieve(intent.id).to_dict() == intent.to_dict()


def test_manual_capture_takes_a_part_and_never_more(client: stripe.StripeClient, make_intent: Make) -> None:
    intent = make_intent("pm_card_visa", confirm=True, capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 1000, 0)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1001})
    assert caught.value.param == "amount_to_capture"
    taken = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 600})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 600, 0)
    [event] = client.v1.events.list({"type": "charge.captured", "limit": 1}).data
    assert (event.data.object["id"], event.data.object["captured"]) == (intent.latest_charge, True)


@pytest.mark.parametrize("key", ["sk_test_" + "x" * 24, "sk_live_" + "k" * 24, "", KEY + "x"])
def test_another_key_opens_nothing(twin: Twin, make_intent: Make, key: str) -> None:
    intent = make_intent("pm_card_visa")
    stranger = twin.client(key or "none")
    for act in (stranger.v1.payment_intents.retrieve, stranger.v1.payment_intents.confirm):
        with pytest.raises(stripe.AuthenticationError) as caught:
            act(intent.id)
        assert caught.value.http_status == 401
        assert KEY not in str(caught.value)

"""One key, one act: the same answer again, never a second object, never another act under the same key."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import stripe

from tests.twin.conftest import Twin

Make = Callable[..., stripe.PaymentIntent]
BODY: Any = {"amount": 1000, "currency": "gbp"}


@pytest.fixture
def options() -> Any:
    return {"idempotency_key": str(uuid.uuid4())}


def replayed(answer: stripe.StripeObject) -> bool:
    assert answer.last_response
    return bool(answer.last_response.headers.get("idempotent-replayed") == "true")


def test_the_same_key_and_parameters_are_the_same_object(client: stripe.StripeClient, options: Any) -> None:
    body = {**BODY, "customer": f"cus_{options['idempotency_key']}"}
    first = client.v1.payment_intents.create(body, options)  # type: ignore[arg-type]
    again = client.v1.payment_intents.create(body, options)  # type: ignore[arg-type]
    assert (replayed(first), replayed(again)) == (False, True)
    assert again.to_dict() == first.to_dict()
    assert len(client.v1.payment_intents.list({"customer": body["customer"]}).data) == 1


def test_an_answer_is_replayed_as_it_was_then(client: stripe.StripeClient, options: Any) -> None:
    first = client.v1.payment_intents.create(BODY, options)
    client.v1.payment_intents.confirm(first.id, {"payment_method": "pm_card_visa"})
    assert client.v1.payment_intents.create(BODY, options).status == "requires_payment_method"
    assert client.v1.payment_intents.retrieve(first.id).status == "succeeded"


@pytest.mark.parametrize("other", [{"amount": 1001}, {"currency": "eur"}, {"metadata": {"a": "b"}}])
def test_other_parameters_under_the_same_key_are_refused(
    client: stripe.StripeClient, options: Any, other: dict[str, Any]
) -> None:
    first = client.v1.payment_intents.create(BODY, options)
    with pytest.raises(stripe.IdempotencyError) as caught:
        client.v1.payment_intents.create({**BODY, **other}, options)
    assert caught.value.http_status == 400
    assert client.v1.payment_intents.retrieve(first.id).to_dict() == first.to_dict()


def test_another_act_under_the_same_key_is_refused(
    client: stripe.StripeClient, make_intent: Make, options: Any
) -> None:
    intents = [make_intent("pm_card_visa"), make_intent("pm_card_visa")]
    client.v1.payment_intents.confirm(intents[0].id, None, options)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.confirm(intents[1].id, None, options)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.cancel(intents[0].id, None, options)
    assert client.v1.payment_intents.retrieve(intents[1].id).status == "requires_confirmation"


def test_a_decline_is_replayed_and_charges_no_second_time(
    client: stripe.StripeClient, make_intent: Make, options: Any
) -> None:
    intent = make_intent()
    errors = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"}, options)
        errors.append(caught.value)
    assert [error.headers.get("idempotent-replayed") for error in errors] == [None, "true"]
    assert errors[0].json_body == errors[1].json_body
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 1


def test_a_refusal_by_state_is_replayed_even_when_the_state_has_changed(
    client: stripe.StripeClient, make_intent: Make, options: Any
) -> None:
    intent = make_intent()
    for is_replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({"payment_intent": intent.id}, options)
        assert caught.value.headers.get("idempotent-replayed") == is_replayed
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}) if not is_replayed else None
    assert client.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_bad_parameters_do_not_use_the_key_up(client: stripe.StripeClient, options: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({**BODY, "amount": "ten"}, options)
    assert not replayed(client.v1.payment_intents.create(BODY, options))


def test_a_wrong_key_does_not_get_an_answer_replayed(client: stripe.StripeClient, twin: Twin, options: Any) -> None:
    client.v1.payment_intents.create(BODY, options)
    with pytest.raises(stripe.AuthenticationError):
        twin.client("sk_test_" + "x" * 24).v1.payment_intents.create(BODY, options)


def test_a_key_that_is_too_long_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.create(BODY, {"idempotency_key": "k" * 256})


def test_at_once_with_one_key_there_is_one_object(client: stripe.StripeClient, options: Any) -> None:
    body = {**BODY, "customer": f"cus_{options['idempotency_key']}", "payment_method": "pm_card_visa", "confirm": True}
    barrier = Barrier(6)

    def create(_: int) -> stripe.PaymentIntent:
        barrier.wait()
        return client.v1.payment_intents.create(body, options)  # type: ignore[arg-type]

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(create, range(6)))
    assert len({intent.id for intent in made}) == 1
    assert sorted(map(replayed, made)) == [False] + [True] * 5
    assert len(client.v1.payment_intents.list({"customer": body["customer"]}).data) == 1
    assert len(client.v1.charges.list({"payment_intent": made[0].id}).data) == 1


def test_at_once_with_keys_of_their_own_there_are_as_many(client: stripe.StripeClient) -> None:
    barrier = Barrier(6)

    def create(number: int) -> str:
        barrier.wait()
        return client.v1.payment_intents.create(BODY, {"idempotency_key": f"{uuid.uuid4()}{number}"}).id

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(create, range(6)))) == 6

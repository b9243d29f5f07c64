"""PaymentIntents through the SDK: made, read, listed, changed, confirmed and cancelled as at Stripe."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

Make = Callable[..., stripe.PaymentIntent]


def test_a_new_intent_is_read_as_it_was_made(client: stripe.StripeClient, make_intent: Make) -> None:
    made = make_intent(amount=1234, currency="eur", metadata={"order": "A 7/ü&=%"}, description="Order 7")
    assert made.status == "requires_payment_method"
    assert (made.amount, made.currency, made.amount_received, made.livemode) == (1234, "eur", 0, False)
    assert made.client_secret and made.client_secret.startswith(f"{made.id}_secret_")
    found = client.v1.payment_intents.retrieve(made.id)
    assert found.to_dict() == made.to_dict()
    assert found.to_dict()["metadata"] == {"order": "A 7/ü&=%"}


def test_an_intent_with_a_card_waits_for_its_confirmation_and_is_paid_by_it(
    client: stripe.StripeClient, make_intent: Make
) -> None:
    made = make_intent("pm_card_visa")
    assert made.status == "requires_confirmation"
    paid = client.v1.payment_intents.confirm(made.id)
    assert (paid.status, paid.amount_received) == ("succeeded", 1000)
    assert paid.last_payment_error is None
    charge = client.v1.charges.retrieve(str(paid.latest_charge))
    assert (charge.amount, charge.captured, charge.paid, charge.payment_intent) == (1000, True, True, made.id)
    assert client.v1.payment_intents.retrieve(made.id).status == "succeeded"


def test_an_intent_can_be_paid_in_one_call(client: stripe.StripeClient, make_intent: Make) -> None:
    assert make_intent("pm_card_visa", confirm=True).status == "succeeded"


def test_a_charge_is_shown_whole_when_asked_for(client: stripe.StripeClient, make_intent: Make) -> None:
    paid = make_intent("pm_card_visa", confirm=True)
    found = client.v1.payment_intents.retrieve(paid.id, {"expand": ["latest_charge"]})
    assert isinstance(found.latest_charge, stripe.Charge)
    assert found.latest_charge.id == paid.latest_charge


def test_a_list_is_newest_first_and_paged_without_gap_or_repetition(
    client: stripe.StripeClient, make_intent: Make
) -> None:
    made = [make_intent(customer="cus_pages").id for _ in range(5)]
    page = client.v1.payment_intents.list({"customer": "cus_pages", "limit": 2})
    assert [intent.id for intent in page.data] == [made[4], made[3]]
    assert page.has_more
    assert [intent.id for intent in page.auto_paging_iter()] == made[::-1]
    last = client.v1.payment_intents.list({"customer": "cus_pages", "limit": 3, "starting_after": made[2]})
    assert ([intent.id for intent in last.data], last.has_more) == ([made[1], made[0]], False)
    back = client.v1.payment_intents.list({"customer": "cus_pages", "limit": 2, "ending_before": made[0]})
    assert ([intent.id for intent in back.data], back.has_more) == ([made[2], made[1]], True)
    assert client.v1.payment_intents.list({"customer": "cus_nobody"}).data == []


def test_a_list_can_be_limited_in_time(client: stripe.StripeClient, make_intent: Make) -> None:
    made = make_intent(customer="cus_time")
    for created, is_found in (
        ({"gte": made.created}, True),
        ({"lte": made.created}, True),
        ({"gt": made.created}, False),
        ({"lt": made.created}, False),
        (made.created, True),
        (made.created + 1, False),
    ):
        found = client.v1.payment_intents.list({"customer": "cus_time", "created": created})  # type: ignore[typeddict-item]
        assert bool(found.data) is is_found, created


def test_an_unpaid_intent_changes_and_a_paid_one_keeps_its_amount(
    client: stripe.StripeClient, make_intent: Make
) -> None:
    made = make_intent(metadata={"kept": "1", "dropped": "1"})
    changed = client.v1.payment_intents.update(
        made.id, {"amount": 2000, "metadata": {"dropped": "", "added": "1"}, "description": "New"}
    )
    assert (changed.amount, changed.description) == (2000, "New")
    assert changed.to_dict()["metadata"] == {"kept": "1", "added": "1"}
    assert client.v1.payment_intents.update(made.id, {"metadata": ""}).to_dict()["metadata"] == {}
    client.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    late = client.v1.payment_intents.update(made.id, {"metadata": {"late": "1"}})
    assert late.to_dict()["metadata"] == {"late": "1"}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.update(made.id, {"amount": 1})
    assert caught.value.code == "payment_intent_unexpected_state"
    assert client.v1.payment_intents.retrieve(made.id).amount == 2000


@pytest.mark.parametrize(
    ("parameters", "param", "code"),
    [
        ({"currency": "gbp"}, "amount", "parameter_missing"),
        ({"amount": 1000}, "currency", "parameter_missing"),
        ({"amount": 1000, "currency": "xyz"}, "currency", None),
        ({"amount": "ten", "currency": "gbp"}, "amount", "parameter_invalid_integer"),
        ({"amount": 10.5, "currency": "gbp"}, "amount", "parameter_invalid_integer"),
        ({"amount": -1000, "currency": "gbp"}, "amount", "parameter_invalid_integer"),
        ({"amount": 29, "currency": "gbp"}, "amount", "amount_too_small"),
        ({"amount": 49, "currency": "usd"}, "amount", "amount_too_small"),
        ({"amount": 100_000_000, "currency": "gbp"}, "amount", "amount_too_large"),
        ({"amount": 1000, "currency": "gbp", "colour": "red"}, "colour", "parameter_unknown"),
        ({"amount": 1000, "currency": "gbp", "metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 41}]", None),
        ({"amount": 1000, "currency": "gbp", "metadata": {"key": "v" * 501}}, "metadata[key]", None),
        ({"amount": 1000, "currency": "gbp", "metadata": "flat"}, "metadata", None),
        ({"amount": {"of": "it"}, "currency": "gbp"}, "amount[of]", None),
        ({"amount": 1000, "currency": "gbp", "automatic_payment_methods": "yes"}, "automatic_payment_methods", None),
        ({"amount": 1000, "currency": "gbp", "payment_method": {"a": "b"}}, "payment_method[a]", None),
        ({"amount": 1000, "currency": "gbp", "payment_method": "pm_nobody"}, "payment_method", "resource_missing"),
    ],
)
def test_bad_parameters_are_named(client: stripe.StripeClient, parameters: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create(parameters)
    assert caught.value.param == param
    assert code is None or caught.value.code == code


def test_the_least_amount_is_taken(make_intent: Make) -> None:
    assert make_intent(amount=30).amount == 30
    assert make_intent(amount=99_999_999).amount == 99_999_999


def test_an_unknown_id_is_missing(client: stripe.StripeClient) -> None:
    intents = client.v1.payment_intents
    for act in (
        intents.retrieve,
        intents.confirm,
        intents.cancel,
        client.v1.refunds.retrieve,
        client.v1.charges.retrieve,
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            act("pi_nobody")
        assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
        assert "pi_nobody" in str(caught.value)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        intents.list({"starting_after": "pi_nobody"})
    assert (caught.value.code, caught.value.param) == ("resource_missing", "starting_after")


def test_an_address_that_the_twin_has_not_is_an_error_of_the_request(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.products.list()
    assert caught.value.http_status == 404
    assert "/v1/products" in str(caught.value)

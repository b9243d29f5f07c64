"""The twin's objects have the fields that the SDK's own types name, and no others; words are among those it lists."""

import types
from collections.abc import Callable
from typing import Any, ForwardRef, Literal, NotRequired, Union, get_args, get_origin

import pytest
import stripe

Make = Callable[..., stripe.PaymentIntent]
# The twin's own note on a card, which goes where a shop's notes go.
UNTYPED = (stripe._stripe_object.UntypedStripeObject, dict)


def resolve(kind: Any) -> Any:
    """The type behind a name, which the SDK gives where modules would import each other."""
    return getattr(stripe, kind.__forward_arg__, Any) if isinstance(kind, ForwardRef) else kind


def alternatives(kind: Any) -> list[Any]:
    kind = resolve(kind)
    if get_origin(kind) in {Union, types.UnionType, NotRequired}:
        return [each for part in get_args(kind) for each in alternatives(part)]
    return [kind]


def complaints(thing: Any, kind: Any, path: str = "") -> list[str]:
    """What is wrong with a thing for the SDK's type, field by field."""
    every = alternatives(kind)
    if Any in every or any(get_origin(each) in UNTYPED or each in UNTYPED for each in every):
        return []
    words = [word for each in every if get_origin(each) is Literal for word in get_args(each)]
    if isinstance(thing, dict):
        objects = [each for each in every if isinstance(each, type) and issubclass(each, stripe.StripeObject)]
        fields = {name: of for each in objects for name, of in each.__annotations__.items() if name != "OBJECT_NAME"}
        if not objects:
            return [f"{path}: no object"]
        found = [f"{path}.{name}: unknown" for name in thing.keys() - fields.keys()]
        for name, of in fields.items():
            if name in thing:
                found += complaints(thing[name], of, f"{path}.{name}")
            elif type(None) not in alternatives(of) and get_origin(of) is not NotRequired:
                found.append(f"{path}.{name}: missing")
        return found
    if isinstance(thing, list):
        lists = [each for each in every if get_origin(each) is list]
        inner = [of for each in lists for of in get_args(each)]
        return (
            [word for one in thing for word in complaints(one, inner[0], f"{path}[]")] if lists else [f"{path}: list"]
        )
    if thing is None:
        return [] if type(None) in every else [f"{path}: null"]
    # The SDK lets any word pass beside those it lists, for what Stripe may bring; the twin has only what is listed.
    is_right = thing in words if words and isinstance(thing, str) else type(thing) in every
    return [] if is_right else [f"{path}: {thing!r} is none of these"]


def test_every_kind_of_object_has_its_shape(client: stripe.StripeClient, make_intent: Make) -> None:
    seen: dict[str, int] = {}
    with pytest.raises(stripe.CardError) as declined:
        make_intent("pm_card_chargeDeclined", confirm=True)
    error = declined.value.error
    assert error and error.payment_intent
    things: list[Any] = [make_intent(), error.payment_intent]
    cards = ("pm_card_visa", "pm_card_createDispute", "pm_card_authenticationRequired", "pm_twin_processing")
    things += [make_intent(card, confirm=True) for card in cards]
    things += [
        make_intent("pm_card_visa", confirm=True, capture_method="manual"),
        client.v1.payment_intents.cancel(make_intent().id),
    ]
    things += [client.v1.refunds.create({"payment_intent": things[2].id, "amount": 300, "reason": "duplicate"})]
    things += [*client.v1.charges.list({"limit": 100}).data, *client.v1.disputes.list({"limit": 100}).data]
    things += [*client.v1.events.list({"limit": 100}).data]
    things += [client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})]
    wrong = set()
    for thing in things:
        plain = thing.to_dict(recursive=True) if hasattr(thing, "to_dict") else thing
        seen[plain["object"]] = seen.get(plain["object"], 0) + 1
        wrong |= {f"{plain['object']}{said}" for said in complaints(plain, type(thing))}
        if plain["object"] == "event":
            told = plain["data"]["object"]
            kind = {"payment_intent": stripe.PaymentIntent, "charge": stripe.Charge, "refund": stripe.Refund,
                    "dispute": stripe.Dispute}[told["object"]]  # fmt: skip
            wrong |= {f"{plain['type']}: {said}" for said in complaints(told, kind)}
    assert wrong == set()
    assert seen.keys() == {"payment_intent", "refund", "charge", "dispute", "event", "payment_method"}


def test_another_shape_would_have_been_seen(make_intent: Make) -> None:
    right = make_intent().to_dict(recursive=True)
    for change, complaint in (
        ({"status": "paid"}, ".status: 'paid' is none of"),
        ({"colour": "red"}, ".colour: unknown"),
        ({"amount": "10"}, ".amount: '10' is none of"),
        ({"currency": None}, ".currency: null"),
        ({"automatic_payment_methods": {"enabled": True, "who": 1}}, ".automatic_payment_methods.who: unknown"),
    ):  # fmt: skip
        found = complaints({**right, **change}, stripe.PaymentIntent)
        assert len(found) == 1, found
        assert found[0].startswith(complaint)
    del right["amount"]
    assert complaints(right, stripe.PaymentIntent) == [".amount: missing"]

"""Where settings say so, a card is authorised first, and its money taken by staff."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import stripe

from tests.conftest import Person, Shop, eventually
from tests.extensions.conftest import all_at_once
from tests.extensions.payments import charges, state
from tests.extensions.webhooks import event, send

SETTINGS = "/rest/v1/settings?is_only_row=eq.true"


@pytest.fixture
def by_hand(acting_as: Callable[..., Person]) -> Iterator[Person]:
    """While it lasts, new orders are captured by hand."""
    admin = acting_as("admin")
    assert admin.client.patch(SETTINGS, json={"capture_method": "manual"}).status_code == 204
    yield admin
    admin.client.patch(SETTINGS, json={"capture_method": "automatic"})


@pytest.fixture
def authorised(by_hand: Person, customer: Person, order: dict[str, Any], pay: Any) -> dict[str, Any]:
    """An order with the money laid aside for it; settings have been changed back meanwhile."""
    assert by_hand.client.patch(SETTINGS, json={"capture_method": "automatic"}).status_code == 204
    told = pay(customer, order).json()
    assert (told["status"], told["order_status"]) == ("requires_capture", "pending")
    return order | {"intent": told["payment_intent_id"], "capture": f"/api/v1/orders/{order['id']}/capture/"}


def test_staff_take_the_money_and_the_order_is_confirmed(
    customer: Person, staff: Person, authorised: dict[str, Any], pay: Any, bank: stripe.StripeClient
) -> None:
    assert customer.client.post(authorised["capture"]).status_code == 403
    # Who has paid is told so, and is not asked again.
    assert pay(customer, authorised, "pm_card_chargeDeclined").json()["status"] == "requires_capture"
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answers = all_at_once([lambda: staff.client.post(authorised["capture"], headers=key)] * 10)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    eventually(lambda: state(customer, authorised) == "confirmed", what="captured")
    again = staff.client.post(authorised["capture"])
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_capture")
    assert bank.v1.payment_intents.retrieve(authorised["intent"]).amount_received == 2895
    assert charges(bank, authorised["intent"]) == ["succeeded"]


def test_news_from_before_the_authorisation_change_nothing(
    shop: Shop, staff: Person, authorised: dict[str, Any], bank: stripe.StripeClient
) -> None:
    late = bank.v1.payment_intents.retrieve(authorised["intent"]).to_dict() | {"status": "requires_payment_method"}
    assert send(shop, event("payment_intent.created", late)).json()["outcome"] == "applied"
    assert staff.client.post(authorised["capture"]).status_code == 200


def test_goods_wait_for_the_decision(
    customer: Person, authorised: dict[str, Any], bank: stripe.StripeClient, database: psycopg.Connection[Any]
) -> None:
    database.execute("update shop.reservations set expires_at = now() where order_id = %s", [authorised["id"]])
    database.execute("select logic.expire_reservations()")
    assert state(customer, authorised) == "pending"
    assert customer.client.delete(f"/api/v1/orders/{authorised['id']}/").json()["status"] == "cancelled"
    eventually(lambda: bank.v1.payment_intents.retrieve(authorised["intent"]).status == "canceled", what="released")
    assert charges(bank, authorised["intent"]) in (["succeeded"], [])
    assert bank.v1.payment_intents.retrieve(authorised["intent"]).amount_received == 0


def test_without_an_authorisation_there_is_nothing_to_take(
    staff: Person, customer: Person, order: dict[str, Any], acting_as: Callable[..., Person]
) -> None:
    refused = staff.client.post(f"/api/v1/orders/{order['id']}/capture/")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_capture")
    unknown = staff.client.post(f"/api/v1/orders/{uuid.uuid4()}/capture/")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "order_not_found")
    odd = acting_as("admin").client.patch(SETTINGS, json={"capture_method": "perhaps"})
    assert (odd.status_code, "settings_capture_method_is_known" in odd.text) == (400, True)

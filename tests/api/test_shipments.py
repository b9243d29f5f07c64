"""Orders that leave in parcels, lose a part before they leave, and are talked about."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import ADDRESS, Person, Shop, eventually
from tests.extensions.conftest import all_at_once


@pytest.fixture
def two_lines(customer: Person, make_product: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Three of one thing and two of another at 10.00 each, tax 10.00 and delivery 4.95."""
    for quantity in (3, 2):
        body = {"product_id": make_product(stock_quantity=5)["id"], "quantity": quantity}
        assert customer.client.post("/api/v1/cart/items/", json=body).status_code == 201
    placed = customer.client.post("/api/v1/orders/", json={"shipping_address": ADDRESS})
    order = dict(placed.json())
    three, two = sorted(order["items"], key=lambda item: -item["quantity"])
    return {**order, "three": three, "two": two, "url": f"/api/v1/orders/{order['id']}/"}


@pytest.fixture
def paid(customer: Person, two_lines: dict[str, Any], pay: Any) -> dict[str, Any]:
    assert pay(customer, two_lines).status_code == 200
    return two_lines


def some(item: dict[str, Any], quantity: int) -> dict[str, Any]:
    return {"order_item_id": item["id"], "quantity": quantity}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def stock(person: Person, item: dict[str, Any]) -> int:
    row = person.client.get("/rest/v1/products", params={"id": f"eq.{item['product']}"}).json()[0]
    return int(row["stock_quantity"])


@pytest.mark.usefixtures("no_webhooks")
def test_an_order_leaves_in_parcels_and_each_is_told(
    shop: Shop, customer: Person, staff: Person, paid: dict[str, Any]
) -> None:
    parcels = f"{paid['url']}shipments/"
    first = {"items": [some(paid["three"], 1), {"sku": paid["two"]["sku"], "quantity": 2}], "carrier": "Royal Mail"}
    shipped = staff.client.post(parcels, json={**first, "tracking_number": "RM1"})
    assert (shipped.status_code, shipped.json()["status"]) == (201, "processing"), shipped.text
    too_many = staff.client.post(parcels, json={"items": [some(paid["three"], 3)]})
    assert refusal(too_many) == (409, "shipment_exceeds_order")
    last = staff.client.post(parcels, json={"tracking_number": "DHL2"}).json()
    assert (last["status"], last["tracking_number"]) == ("shipped", "DHL2")
    assert [item["shipped_quantity"] for item in last["items"]] == [item["quantity"] for item in last["items"]]
    assert refusal(staff.client.post(parcels, json={})) == (409, "transition_not_allowed")

    seen = customer.client.get(paid["url"]).json()
    assert [(s["carrier"], s["tracking_number"]) for s in seen["shipments"]] == [("Royal Mail", "RM1"), (None, "DHL2")]
    sent = {s["tracking_number"]: {i["order_item_id"]: i["quantity"] for i in s["items"]} for s in seen["shipments"]}
    assert sent == {"RM1": {paid["three"]["id"]: 1, paid["two"]["id"]: 2}, "DHL2": {paid["three"]["id"]: 2}}
    assert [(h["status"], h["actor"]) for h in seen["status_history"]] == [
        ("pending", "customer"), ("confirmed", "customer"), ("processing", "staff"), ("shipped", "staff"),
    ]  # fmt: skip
    mails = eventually(
        lambda: (found := [m for m in shop.mails(customer.email) if "on its way" in m["subject"]])[1:] and found,
        what="a mail for each parcel",
    )
    assert sorted("RM1" in m["text"] and "a part of order" in m["text"] for m in mails) == [False, True]
    assert sorted("DHL2" in m["text"] for m in mails) == [False, True]
    # The rows are there for PostgREST's clients too.
    rows = customer.client.get("/rest/v1/shipments", params={"order_id": f"eq.{paid['id']}", "order": "shipped_at"})
    assert [{**row, "order_id": None} for row in rows.json()] == [{**s, "order_id": None} for s in seen["shipments"]]


@pytest.mark.parametrize(
    "items",
    [{}, [{}], [{"quantity": 1}], [{"sku": "no-such", "quantity": 1}], [{"sku": "{sku}", "quantity": "x"}], ["x"]],
    ids=str,
)
def test_items_that_mean_nothing_are_refused(staff: Person, paid: dict[str, Any], items: Any) -> None:
    for act in ("shipments", "refunds", "cancel"):
        answer = staff.client.post(f"{paid['url']}{act}/", json={"items": items})
        assert refusal(answer) == (422, "validation_failed"), answer.text
    assert staff.client.get(paid["url"]).json()["status"] == "confirmed"


def test_nothing_leaves_unpaid_or_by_customers(customer: Person, staff: Person, two_lines: dict[str, Any]) -> None:
    url = f"{two_lines['url']}shipments/"
    assert refusal(staff.client.post(url, json={})) == (409, "transition_not_allowed")
    assert customer.client.post(url, json={}).status_code == 403
    assert refusal(staff.client.post(f"/api/v1/orders/{uuid.uuid4()}/shipments/", json={})) == (404, "order_not_found")


def test_a_part_is_cancelled_before_it_leaves(
    shop: Shop, customer: Person, staff: Person, acting_as: Callable[..., Person], paid: dict[str, Any]
) -> None:
    cancel = f"{paid['url']}cancel/"
    assert acting_as().client.post(cancel, json={}).status_code == 404
    answer = customer.client.post(cancel, json={"items": [some(paid["three"], 2)], "reason": "One is enough"})
    # Two at 10.00 and their share of the tax.
    assert (answer.status_code, answer.json()["status"], answer.json()["refunded_amount"]) == (
        200,
        "confirmed",
        "24.00",
    )
    assert stock(customer, paid["three"]) == 4
    too_many = customer.client.post(cancel, json={"items": [some(paid["three"], 2)]})
    assert refusal(too_many) == (409, "return_exceeds_sale")
    # What has left is not cancelled, and what is cancelled does not leave.
    assert staff.client.post(f"{paid['url']}shipments/", json={"items": [some(paid["two"], 1)]}).status_code == 201
    late = customer.client.post(cancel, json={"items": [some(paid["two"], 1)]})
    assert refusal(late) == (409, "order_not_cancellable")
    for item, quantity in ((paid["two"], 2), (paid["three"], 2)):
        over = staff.client.post(cancel, json={"items": [some(item, quantity)]})
        assert refusal(over) == (409, "return_exceeds_sale")
    # With all that is left of it gone one way or the other, the order is shipped.
    rest = staff.client.post(cancel, json={"items": [some(paid["two"], 1), some(paid["three"], 1)]}).json()
    assert (rest["status"], rest["refunded_amount"]) == ("shipped", "48.00")
    lines = {i["id"]: (i["shipped_quantity"], i["cancelled_quantity"], i["returned_quantity"]) for i in rest["items"]}
    assert lines == {paid["three"]["id"]: (0, 3, 3), paid["two"]["id"]: (1, 1, 1)}
    # What left comes back as a return, with the last of the money.
    back = staff.client.post(f"{paid['url']}refunds/", json={"items": [some(paid["two"], 1)]})
    assert (back.status_code, back.json()["refunded_amount"]) == (201, "64.95")
    assert (stock(customer, paid["three"]), stock(customer, paid["two"])) == (5, 5)
    eventually(lambda: customer.client.get(paid["url"]).json()["status"] == "refunded", what="refunded")


def test_cancelling_every_line_cancels_the_order(customer: Person, paid: dict[str, Any]) -> None:
    cancel = f"{paid['url']}cancel/"
    assert customer.client.post(cancel, json={"items": [some(paid["three"], 3)]}).json()["status"] == "confirmed"
    gone = customer.client.post(cancel, json={"items": [some(paid["two"], 2)]}).json()
    assert (gone["status"], gone["refunded_amount"]) == ("cancelled", "64.95")
    assert (stock(customer, paid["three"]), stock(customer, paid["two"])) == (5, 5)


def test_what_is_not_paid_is_cancelled_as_a_whole(customer: Person, two_lines: dict[str, Any]) -> None:
    cancel = f"{two_lines['url']}cancel/"
    part = customer.client.post(cancel, json={"items": [some(two_lines["two"], 1)]})
    assert refusal(part) == (409, "order_not_paid")
    assert customer.client.post(cancel, json={}).json()["status"] == "cancelled"
    # It stays so whatever is asked, unless that makes no sense.
    assert customer.client.post(cancel, json={"items": [some(two_lines["two"], 1)]}).json()["status"] == "cancelled"
    nonsense = {"items": [{"sku": "", "quantity": 0}]}
    assert refusal(customer.client.post(cancel, json=nonsense)) == (422, "validation_failed")


def test_shipping_and_cancelling_at_once_never_loses_count(
    customer: Person, staff: Person, paid: dict[str, Any]
) -> None:
    items = [some(paid["three"], 1)]
    acts = [lambda act=act: staff.client.post(f"{paid['url']}{act}/", json={"items": items})
            for act in ("shipments", "cancel") * 4]  # fmt: skip
    answers = all_at_once(acts)
    assert sorted(answer.status_code for answer in answers if answer.is_success) in [
        [200] * n + [201] * (3 - n) for n in range(4)
    ]
    assert {refusal(a)[0] for a in answers if not a.is_success} == {409}
    (line,) = [i for i in customer.client.get(paid["url"]).json()["items"] if i["id"] == paid["three"]["id"]]
    assert line["shipped_quantity"] + line["cancelled_quantity"] == 3
    assert stock(customer, paid["three"]) == 2 + line["cancelled_quantity"]


def test_one_key_is_one_parcel(customer: Person, staff: Person, paid: dict[str, Any]) -> None:
    body = {"items": [some(paid["three"], 1)]}
    for act, counted in (("shipments", "shipped_quantity"), ("cancel", "cancelled_quantity")):
        key = {"Idempotency-Key": uuid.uuid4().hex}
        answers = all_at_once([lambda a=act, k=key: staff.client.post(f"{paid['url']}{a}/", json=body, headers=k)] * 50)  # type: ignore[misc]
        assert len({(answer.is_success, answer.text) for answer in answers}) == 1, answers[0].text
        (line,) = [i for i in answers[0].json()["items"] if i["id"] == paid["three"]["id"]]
        assert line[counted] == 1
        other = staff.client.post(f"{paid['url']}{act}/", json={}, headers=key)
        assert refusal(other) == (422, "idempotency_key_reused")


def test_notes_of_both_sides_and_private_ones(
    customer: Person, staff: Person, acting_as: Callable[..., Person], two_lines: dict[str, Any]
) -> None:
    notes = f"{two_lines['url']}notes/"
    assert customer.client.post(notes, json={"text": "Please ring twice"}).status_code == 201
    assert staff.client.post(notes, json={"text": "We shall"}).status_code == 201
    assert staff.client.post(notes, json={"text": "Rings thrice", "is_private": True}).status_code == 201
    seen = customer.client.get(two_lines["url"]).json()["order_notes"]
    assert [(n["author"], n["text"]) for n in seen] == [("customer", "Please ring twice"), ("staff", "We shall")]
    assert len(staff.client.get(two_lines["url"]).json()["order_notes"]) == 3
    private = customer.client.post(notes, json={"text": "Psst", "is_private": True})
    assert private.status_code in (400, 422)
    assert refusal(acting_as().client.post(notes, json={"text": "Me too"})) == (404, "order_not_found")
    for text in ("", " ", "x" * 2001):
        assert customer.client.post(notes, json={"text": text}).status_code in (400, 422)
    assert len(customer.client.get("/rest/v1/order_notes", params={"order_id": f"eq.{two_lines['id']}"}).json()) == 2
    direct = acting_as().client.post("/rest/v1/order_notes", json={"order_id": two_lines["id"], "text": "Me too"})
    assert direct.status_code == 403

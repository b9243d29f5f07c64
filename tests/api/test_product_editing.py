"""Products as staff edits them: partial bodies, stock by the ledger, and no quarrel with those who buy."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from gateway.render import read_routes
from tests.conftest import ADDRESS, Person, Shop

Make = Callable[..., dict[str, Any]]
DETAILS = {
    "barcode": "4006381333931",
    "weight": 1.25,
    "length": 30,
    "width": 20.5,
    "height": 10,
    "meta_title": "A basket",
    "meta_description": "Woven by hand.",
    "brand": "Weavers",
}


def url(product: dict[str, Any]) -> str:
    return f"/api/v1/products/{product['slug']}/"


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def shown(staff: Person, product: dict[str, Any]) -> dict[str, Any]:
    """What the address answers, from the shop itself: staff's answers come from no cache."""
    answer = staff.client.get(url(product))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_partial_body_changes_what_it_names(staff: Person, make_product: Make, method: str) -> None:
    product = make_product(compare_price="20.00", cost_price="3.00", description="Old", **DETAILS)
    assert DETAILS.items() <= shown(staff, product).items()
    answer = staff.client.request(method, url(product), json={"price": "12.50", "compare_price": None})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    different = {key for key in product if changed[key] != product[key]}
    assert different == {"price", "compare_price", "updated_at"}
    assert (changed["price"], changed["compare_price"], changed["cost_price"]) == ("12.50", None, "3.00")
    assert shown(staff, product)["price"] == "12.50"


def test_everything_can_be_changed(staff: Person, make_product: Make) -> None:
    product = make_product()
    category = staff.client.post("/api/v1/products/categories/", json={"name": uuid.uuid4().hex}).json()
    word = uuid.uuid4().hex
    body = {
        **DETAILS,
        **{"name": "New", "slug": word, "sku": word, "description": "New", "is_featured": True, "is_active": False},
        **{"cost_price": "4.00", "price": "5.00", "compare_price": "6.00", "low_stock_threshold": 2},
    }
    changed = staff.client.put(url(product), json={**body, "category": category["id"]}).json()
    assert body.items() <= changed.items()
    assert changed["category_id"] == category["id"]
    assert shown(staff, changed)["category"]["slug"] == category["slug"]
    assert staff.client.put(url(changed), json={"category_id": None}).json()["category_id"] is None
    assert staff.client.get(url(product)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"price": "-1"}, 400, "products_price_not_negative"),
        ({"price": "free"}, 422, "validation_failed"),
        ({"price": None}, 400, "validation_failed"),
        ({"name": " "}, 400, "products_name_length"),
        ({"slug": "No Slug"}, 400, "products_slug_is_a_slug"),
        ({"weight": 0}, 400, "products_measures_are_positive"),
        ({"weight": "heavy"}, 422, "validation_failed"),
        ({"weight": 999999999}, 400, "invalid_value"),
        ({"barcode": ""}, 400, "products_barcode_length"),
        ({"meta_title": "x" * 256}, 400, "products_meta_length"),
        ({"low_stock_threshold": -1}, 400, "products_low_stock_threshold_not_negative"),
        ({"stock_quantity": -1}, 422, "validation_failed"),
        ({"category": str(uuid.uuid4())}, 409, "products_category_id_fkey"),
        ({"category": "shelf"}, 422, "validation_failed"),
        ({"colour": "red"}, 422, "validation_failed"),
        ({"id": str(uuid.uuid4())}, 422, "validation_failed"),
        ([], 422, "validation_failed"),
    ],
)
def test_bad_changes_change_nothing(staff: Person, make_product: Make, fields: Any, status: int, code: str) -> None:
    product = make_product()
    body = {"description": "changed", "stock_quantity": 3, **fields} if fields else fields
    assert refused(staff.client.put(url(product), json=body)) == (status, code)
    assert (shown(staff, product)["description"], shown(staff, product)["stock_quantity"]) == ("", 10)


def test_no_product_hides_behind_another_address(staff: Person) -> None:
    taken = {route.path.split("/")[4] for route in read_routes() if route.path.startswith("/api/v1/products/")}
    literal = {segment for segment in taken if segment and "{" not in segment}
    assert "categories" in literal
    for name in literal:
        body = {"name": name.title(), "sku": uuid.uuid4().hex, "price": "1.00"}
        answer = staff.client.post("/api/v1/products/", json=body)
        assert refused(answer) == (400, "products_slug_is_no_other_address"), name


def test_names_that_others_have_are_refused(staff: Person, make_product: Make) -> None:
    one, other = make_product(), make_product()
    for field, rule in (("slug", "products_slug_key"), ("sku", "products_sku_key")):
        assert refused(staff.client.put(url(one), json={field: other[field]})) == (409, rule)


def test_only_staff_edits(shop: Shop, customer: Person, make_product: Make) -> None:
    product = make_product()
    for client, status, code in (
        (shop.client(), 401, "not_authenticated"),
        (customer.client, 403, "permission_denied"),
    ):
        assert refused(client.put(url(product), json={"price": "0.01"})) == (status, code)
        assert refused(client.delete(url(product))) == (status, code)
        row = f"/rest/v1/products?id=eq.{product['id']}"
        assert client.patch(row, json={"price": 0.01}).status_code == status
        assert client.delete(row).status_code == status
        assert client.get("/rest/v1/product_internals").status_code == status
    assert shop.client().get(url(product)).json()["price"] == "10.00"


@pytest.mark.parametrize("slug", ["no-such", "Ünïcode", "a%0ab", "%20", "x" * 3000])
def test_what_is_not_there_is_not_changed(staff: Person, slug: str) -> None:
    address = f"/api/v1/products/{slug}/"
    for answer in (staff.client.put(address, json={"price": "1.00"}), staff.client.delete(address)):
        assert answer.status_code == 404, answer.text


def test_stock_is_set_to_what_can_be_sold_and_booked(
    staff: Person, customer: Person, make_product: Make, buy: Any, database: psycopg.Connection[Any]
) -> None:
    product = make_product(stock_quantity=10)
    buy(customer, product, 3)
    assert shown(staff, product)["stock_quantity"] == 7
    for wanted in (7, 2, 0, 20):
        changed = staff.client.put(url(product), json={"stock_quantity": wanted})
        assert changed.json()["stock_quantity"] == wanted, changed.text
    rows = database.execute(
        """select m.quantity, m.reason, m.actor_id::text from shop.stock_movements m
        join shop.product_variants v on v.id = m.variant_id where v.product_id = %s order by m.id""",
        [product["id"]],
    ).fetchall()
    assert [(row["quantity"], row["reason"]) for row in rows] == [
        (10, "delivery"), (-5, "correction"), (-2, "correction"), (20, "correction"),
    ]  # fmt: skip
    assert {row["actor_id"] for row in rows} == {staff.id}


def test_changes_of_different_fields_at_once_all_stay(staff: Person, make_product: Make, at_once: Any) -> None:
    product = make_product()
    fields = {"name": "New", "price": "7.00", "brand": "B", "description": "D", "meta_title": "M", "stock_quantity": 4}
    answers = at_once([lambda f=f: staff.client.put(url(product), json={f: fields[f]}) for f in fields])
    assert [answer.status_code for answer in answers] == [200] * len(fields)
    assert fields.items() <= shown(staff, product).items()


def test_staff_sees_what_runs_low(staff: Person, make_product: Make) -> None:
    product = make_product(stock_quantity=3, low_stock_threshold=2)
    row = f"/rest/v1/product_internals?id=eq.{product['id']}&select=is_low_stock,low_stock_threshold,cost_price"
    assert product["is_low_stock"] is False
    assert staff.client.get(row).json() == [{"is_low_stock": False, "low_stock_threshold": 2, "cost_price": None}]
    assert staff.client.put(url(product), json={"stock_quantity": 2}).json()["is_low_stock"] is True
    assert staff.client.get(row + "&is_low_stock=is.true").json()
    assert staff.client.patch(row, json={"low_stock_threshold": 1, "cost_price": 2.5}).status_code == 204
    assert staff.client.get(row).json() == [{"is_low_stock": False, "low_stock_threshold": 1, "cost_price": 2.5}]


def test_products_in_postgrests_grammar(staff: Person, customer: Person) -> None:
    word = uuid.uuid4().hex
    body = {"name": "Basket", "slug": word, "sku": word, "price": 5, **DETAILS}
    one = {"Prefer": "return=representation", "Accept": "application/vnd.pgrst.object+json"}
    made = staff.client.post("/rest/v1/products", json=body, headers=one)
    assert made.status_code == 201
    assert body.items() <= made.json().items()
    row = f"/rest/v1/products?id=eq.{made.json()['id']}"
    changed = staff.client.patch(row, json={"weight": 2, "price": 6}, headers=one).json()
    assert (changed["weight"], changed["price"], changed["brand"]) == (2, 6, "Weavers")
    seen = customer.client.get(f"{row}&weight=gte.2&select=barcode,weight,meta_title").json()
    assert seen == [{"barcode": DETAILS["barcode"], "weight": 2, "meta_title": DETAILS["meta_title"]}]
    hidden = customer.client.get(f"{row}&select=low_stock_threshold")
    assert hidden.status_code == 400


def test_editing_and_selling_at_once_never_lock_each_other_out(
    staff: Person, acting_as: Callable[..., Person], make_product: Make, at_once: Any, database: psycopg.Connection[Any]
) -> None:
    product = make_product(stock_quantity=50)
    variant = {"name": "Red", "sku": uuid.uuid4().hex, "stock_quantity": 50, "price_modifier": "-1.00"}
    other = make_product(stock_quantity=0)
    made = staff.client.post(f"{url(other)}variants/", json=variant).json()
    buyers = [acting_as() for _ in range(3)]
    order = {"shipping_address": ADDRESS, "accept_price_changes": True}
    answers: list[httpx.Response] = []
    for number in range(6):
        for buyer in buyers:
            for body in ({"product_id": product["id"]}, {"product_id": other["id"], "variant_id": made["id"]}):
                assert buyer.client.post("/api/v1/cart/items/", json=body).status_code == 201
        changes = {
            url(product): {"slug": uuid.uuid4().hex, "price": 11 + number, "stock_quantity": 40},
            f"{url(other)}variants/{made['id']}/": {"stock_quantity": 40 + number, "price_modifier": f"-{number}.00"},
        }
        answers += at_once(
            [lambda b=b: b.client.post("/api/v1/orders/", json=order) for b in buyers]
            + [lambda way=way, body=body: staff.client.put(way, json=body) for way, body in changes.items()]
        )
        product["slug"] = changes[url(product)]["slug"]
    assert [answer.text for answer in answers if answer.status_code >= 400] == []
    sold = database.execute(
        """select count(*) as sold, min(s.available) >= 0 and min(s.reserved) = 18 as is_right
        from shop.stock s join shop.product_variants v on v.id = s.variant_id
        where v.product_id = any(%s::uuid[]) and v.is_active""",
        [[product["id"], other["id"]]],
    ).fetchone()
    assert sold == {"sold": 2, "is_right": True}

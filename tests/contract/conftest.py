"""A small shop that the points speak of by name: its shelves, its people, and one paid order."""

import json
import random
import string
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import ADDRESS, PASSWORD, Person, Renewing, Shop
from tests.contract.described import Description


def letters() -> str:
    """A word that nobody else uses; letters only, since a digit may be found in other things too."""
    return "".join(random.choices(string.ascii_lowercase, k=12))


def made(answer: httpx.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


@pytest.fixture(scope="session")
def shelf(
    shop: Shop, staff: Person, make_product: Callable[..., dict[str, Any]], acting_as: Callable[..., Person]
) -> dict[str, str]:
    """Three products that are sold and one that is not, in a category with one below it.

    Amber costs 10, is featured, and two people gave it 3 and 4; Birch costs 20, is sold out, and one gave it 5; Cedar
    costs 30, lies in the category below, and comes in red (as it is, 4 left) and blue (2.50 more, 6 left).
    """
    mark = letters()
    category = made(staff.client.post("/api/v1/products/categories/", json={"name": f"Shelf {mark}"}))
    below = made(
        staff.client.post("/api/v1/products/categories/", json={"name": f"Drawer {mark}", "parent": category["id"]})
    )
    amber, birch, cedar, dogwood = (
        make_product(
            name=f"{name} {mark}", slug=f"{name.lower()}-{mark}", sku=f"{mark}-{name}", description=text, **more
        )
        for name, text, more in (
            ("Amber", "A warm lamp.", {"price": "10.00", "is_featured": True, "category_id": category["id"]}),
            ("Birch", "A bright board.", {"price": "20.00", "stock_quantity": 0, "category_id": category["id"]}),
            ("Cedar", "A red tree.", {"price": "30.00", "stock_quantity": 0, "category_id": below["id"]}),
            ("Dogwood", "Not sold.", {"price": "40.00", "is_active": False, "category_id": category["id"]}),
        )
    )
    variants = {}
    for name, modifier, stock in (("Red", 0, 4), ("Blue", 2.5, 6)):
        row = {"product_id": cedar["id"], "name": name, "sku": f"{mark}-Cedar-{name}", "price_modifier": modifier}
        wanted = {"Prefer": "return=representation"}
        variants[name] = made(staff.client.post("/rest/v1/product_variants", json=row, headers=wanted))[0]
        delivered = {"variant_id": variants[name]["id"], "quantity": stock, "reason": "delivery"}
        assert staff.client.post("/rest/v1/stock_movements", json=delivered).status_code == 201
    for product, rating in ((amber, 3), (amber, 4), (birch, 5)):
        review = {"product_id": product["id"], "rating": rating, "title": "Tried", "comment": "It is as it says."}
        assert acting_as().client.post("/rest/v1/reviews", json=review).status_code == 201
    approved = staff.client.patch(
        f"/rest/v1/reviews?product_id=in.({amber['id']},{birch['id']})", json={"is_approved": True}
    )
    assert approved.status_code == 204, approved.text
    named = {"amber": amber, "birch": birch, "cedar": cedar, "dogwood": dogwood, "shelf": category, "drawer": below}
    return {
        "mark": mark,
        **{name: thing["slug"] for name, thing in named.items()},
        **{f"{name}_id": thing["id"] for name, thing in named.items()},
        **{f"{name.lower()}_id": variant["id"] for name, variant in variants.items()},
    }


@pytest.fixture(scope="session")
def regular(shop: Shop, acting_as: Callable[..., Person], shelf: dict[str, str], pay: Any) -> dict[str, Any]:
    """A customer with an address and an order of two ambers that is paid."""
    person = acting_as()
    # The last file that asks for them may come later than the 15 minutes of a token.
    del person.client.headers["Authorization"]
    person.client.auth = Renewing(shop.url, {"access": person.access, "refresh": person.refresh})
    address = made(person.client.post("/api/v1/users/me/addresses/", json=ADDRESS))
    made(person.client.post("/api/v1/cart/items/", json={"product_id": shelf["amber_id"], "quantity": 2}))
    order = made(person.client.post("/api/v1/orders/", json={"shipping_address": address["id"]}))
    made(pay(person, order))
    return {"person": person, "address": address["id"], "order": order["id"], "order_number": order["order_number"]}


@pytest.fixture(scope="session")
def description(shop: Shop) -> Description:
    """The document of everything."""
    return Description(made(shop.client().get("/api/schema/")))


@pytest.fixture(scope="session")
def admin(acting_as: Callable[..., Person]) -> Person:
    return acting_as("admin")


@pytest.fixture
def known(shop: Shop, shelf: dict[str, str], regular: dict[str, Any]) -> dict[str, str]:
    """What the points may name with a $; `new`, `sku` and `word` are new for each."""
    mine = {key: value for key, value in regular.items() if key != "person"}
    return {
        **shelf,
        **mine,
        "url": shop.url,
        "me": regular["person"].id,
        "email": regular["person"].email,
        "password": PASSWORD,
        "somewhere": json.dumps(ADDRESS),
        "new": f"new-{uuid.uuid4().hex[:10]}@example.com",
        "sku": uuid.uuid4().hex[:10],
        "word": letters(),
        "nobody": str(uuid.uuid4()),
    }


@pytest.fixture
def client_of(
    shop: Shop,
    staff: Person,
    admin: Person,
    regular: dict[str, Any],
    acting_as: Callable[..., Person],
    known: dict[str, str],
) -> Callable[[str], httpx.Client]:
    """`client_of("customer")`; `somebody` is a new customer, the same for all calls of a point."""
    clients = {
        "anybody": shop.client(),
        "customer": regular["person"].client,
        "staff": staff.client,
        "admin": admin.client,
    }

    def find(name: str) -> httpx.Client:
        if name == "somebody" and name not in clients:
            person = acting_as()
            clients[name] = person.client
            known.update(refresh=person.refresh, access=person.access, somebody=person.id, address_of=person.email)
        return clients[name]

    return find

"""A customer who has written words of their own into every field that takes any, and where those words then are."""

import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any

import psycopg

from stack.postgres import find_binaries
from tests.conftest import PASSWORD, Person, Shop, eventually
from tests.extensions.uploads import picture
from tests.extensions.uploads import send as upload
from tests.extensions.webhooks import event, send, succeeded


@dataclass
class Canary:
    """Somebody with words that occur nowhere else, and what they have ordered."""

    person: Person
    words: dict[str, str]
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    avatar: str = ""


def sign_in(shop: Shop, email: str, first_name: str, last_name: str, device: str) -> Person:
    client = shop.client()
    body = {"email": email, "password": PASSWORD, "password2": PASSWORD}
    names = {"first_name": first_name, "last_name": last_name}
    assert client.post("/api/v1/auth/register/", json=body | names).status_code == 201
    login = {"email": email, "password": PASSWORD}
    tokens = client.post("/api/v1/auth/login/", json=login, headers={"User-Agent": device}).json()
    client.headers["Authorization"] = f"Bearer {tokens['access']}"
    return Person(client, email, tokens["user"]["id"], tokens["access"], tokens["refresh"])


def address(words: dict[str, str], which: str) -> dict[str, str]:
    keys = ("address_line1", "address_line2", "city", "state", "postal_code", "country")
    return {key: words.setdefault(f"{which} {key}", f"{which[0]}{key[-3:]}{uuid.uuid4().hex[:12]}") for key in keys}


def fill(
    shop: Shop, staff: Person, database: psycopg.Connection[Any], make_product: Callable[..., dict[str, Any]], pay: Any
) -> Canary:
    """Register, and do all that a customer can do, in canary words; orders are delivered, cancelled and unpaid."""
    words = {
        name: f"{name.replace(' ', '')}{uuid.uuid4().hex[:12]}"
        for name in (
            *("first", "last", "device", "bio", "title", "comment", "notes", "reason", "key", "request", "refund"),
            *("staff note", "tracking", "order note", "private note", "card holder", "mail server"),
        )
    }
    words |= {"email": f"canary.{uuid.uuid4().hex[:12]}@example.com", "phone": f"+49 {uuid.uuid4().int % 10**14}"}
    person = sign_in(shop, words["email"], words["first"], words["last"], words["device"])
    me, canary = person.client, Canary(person, words)

    def done(answer: Any) -> Any:
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    done(
        me.put(
            "/api/v1/users/me/",
            json={"phone_number": words["phone"], "date_of_birth": "1907-03-14", "bio": words["bio"]},
        )
    )
    # Refused by a rule of the table, which the database's own log tells of.
    crooked = {"last_name": f"{words['last']}\n"}
    assert me.patch(f"/rest/v1/customers?id=eq.{person.id}", json=crooked).status_code == 400
    canary.avatar = upload(person, "/api/v1/users/me/avatar/", picture()).json()["avatar"]
    kept = done(me.post("/api/v1/users/me/addresses/", json=address(words, "kept")))
    product = make_product(stock_quantity=50)
    done(me.post("/api/v1/wishlist/toggle/", json={"product_id": product["id"]}))
    url = f"/api/v1/products/{product['slug']}/reviews/"
    review = done(me.post(url, json={"rating": 1, "title": words["title"], "comment": words["comment"]}))
    done(staff.client.post(f"{url}{review['id']}/approve/"))
    agreed = {"customer_id": person.id, "prices": {product["sku"]: 9.5}}
    done(staff.client.post("/rest/v1/rpc/set_customer_prices", json=agreed))

    sent = {**address(words, "sent"), "first_name": words["first"], "phone_number": words["phone"]}
    for name, shipping in (("delivered", sent), ("cancelled", kept["id"]), ("unpaid", sent)):
        done(me.post("/api/v1/cart/items/", json={"product_id": product["id"], "quantity": 2}))
        body = {"shipping_address": shipping, "billing_address": sent, "notes": words["notes"]}
        headers = {"Idempotency-Key": words["key"] + name, "X-Request-Id": words["request"]}
        order = done(me.post("/api/v1/orders/", json=body, headers=headers))
        intent = done(me.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}))
        canary.orders[name] = order | {"intent": intent["payment_intent_id"]}
    for name in ("delivered", "cancelled"):
        assert pay(person, canary.orders[name]).status_code == 200
    tell(shop, canary)
    given_up = {"order_id": canary.orders["cancelled"]["id"], "reason": words["reason"]}
    done(me.post("/rest/v1/rpc/cancel_order", json=given_up, headers={"X-Request-Id": words["request"]}))
    for status in ("processing", "shipped", "delivered"):
        moved = {"status": status, "note": words["staff note"], "tracking_number": words["tracking"]}
        done(
            staff.client.post(
                "/rest/v1/rpc/set_order_status", json={"order_id": canary.orders["delivered"]["id"], **moved}
            )
        )
    url = f"/api/v1/orders/{canary.orders['delivered']['id']}/"
    done(me.post(f"{url}notes/", json={"text": words["order note"]}))
    done(staff.client.post(f"{url}notes/", json={"text": words["private note"], "is_private": True}))
    # What staff was told is kept for whoever asks again.
    goodwill, key = {"amount": "1.00", "reason": words["refund"]}, {"Idempotency-Key": uuid.uuid4().hex}
    done(staff.client.post(f"{url}refunds/", json=goodwill, headers=key))
    done(me.post("/api/v1/cart/items/", json={"product_id": product["id"]}))
    # In work that is done, where it stays: success is what removes it.
    failed = "update shop.outbox set last_error = %s where payload ->> 'order_id' = %s and done_at is not null"
    told = [words["mail server"], canary.orders["delivered"]["id"]]
    eventually(lambda: database.execute(failed, told).rowcount, what="work on the order that is done")
    return canary


def tell(shop: Shop, canary: Canary) -> None:
    """Stripe tells of the payment, with all it knows of the payer."""
    order, words = canary.orders["delivered"], canary.words
    payer = {"name": words["card holder"], "email": words["email"], "phone": words["phone"]}
    intent = succeeded(order, receipt_email=words["email"], shipping={"name": words["last"]})
    for kind, thing in (
        ("payment_intent.succeeded", intent | {"charges": {"data": [{"billing_details": payer}]}}),
        ("charge.updated", {"id": "ch_1", "payment_intent": order["intent"], "billing_details": payer}),
        ("customer.created", {"id": "cus_1", "object": "customer", **payer}),
    ):
        assert send(shop, event(kind, thing)).status_code == 200


def dump(url: str) -> str:
    """All data of all schemas, as a superuser sees it."""
    return subprocess.run(
        [str(find_binaries() / "pg_dump"), "--data-only", "--dbname", url], capture_output=True, text=True, check=True
    ).stdout


def texts_in(folder: Path) -> dict[Path, str]:
    """Every file below a folder of a running stack, and what is in it.

    What vanishes meanwhile (logs are turned over, files written beside their place are moved) may be there by another
    name, so all of them are looked at again.
    """

    def look() -> list[dict[Path, str]]:
        try:
            files = [path for path in folder.rglob("*") if S_ISREG(path.stat().st_mode)]
            return [{path: path.read_bytes().decode("latin-1") for path in files}]
        except FileNotFoundError:
            return []

    return dict(eventually(look, what=f"all files in {folder}")[0])


def found(canary: Canary, text: str) -> set[str]:
    """Which of the words are in a text."""
    return {name for name, word in canary.words.items() if word.lower() in text.lower()}

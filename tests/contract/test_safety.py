"""What is sent is never SQL, never script, and its origin is not invented."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.render import read_routes
from tests.conftest import Person, Shop, eventually
from tests.gateway.conftest import Upstream, gateway, head, send, start_gateway, upstream

__all__ = ["gateway", "start_gateway", "upstream"]

SQL = [
    "' or '1'='1",
    "'; drop table shop.products; --",
    "\\'; select pg_sleep(9); --",
    "$$; select 1/0; $$",
    "1) union select password_hash from auth.accounts --",
    "%27 or 1=1",
    '" or ""="',
    "price; delete from shop.products",
    "{1,2}",
    "*",
    ")zzqx(jjxq",
]
SCRIPT = "<script>alert('pgshop')</script><img src=x onerror=alert(1)>"
READ = [route for route in read_routes() if not route.is_service and "GET" in route.targets]
QUERIES = [(route.path, name) for route in READ for name in route.query]
PATHS = [route.path for route in READ if route.parameter]
COLUMNS = ["name", "slug", "price", "category_id", "is_active", "created_at", "average_rating"]


def told(answer: httpx.Response) -> tuple[int, Any]:
    """What can be compared of an answer: links and times of pages differ with what was asked."""
    assert answer.status_code < 500, answer.text
    body = answer.json()
    if answer.status_code >= 400:
        return answer.status_code, body["code"]
    if isinstance(body, list):
        return answer.status_code, body
    return answer.status_code, (body.get("count"), [row.get("id") for row in body.get("results", [])])


@pytest.mark.parametrize(("path", "name"), QUERIES)
def test_sql_in_a_parameter_is_text(
    regular: dict[str, Any], admin: Person, known: dict[str, str], path: str, name: str
) -> None:
    """It answers as for any other word that means nothing."""
    client = (admin if path == "/api/v1/api-keys/" else regular["person"]).client
    address = re.sub(r"{\w+}", known["amber"], path)
    others = {"search": known["mark"]} if name != "search" and "search" in address_names(path) else {}
    nonsense = told(client.get(address, params={**others, name: f"zzz{known['word']}"}))
    # A word may be no price and no page, and is never anything worse.
    assert nonsense[0] == 200 or nonsense[1] in ("invalid_filter", "invalid_page")
    for injected in SQL:
        seen = told(client.get(address, params={**others, name: injected}))
        # Finding forgives so much that there may be something for the words in it.
        assert seen == nonsense or (name in {"q", "search"} and seen[0] == 200), injected


def address_names(path: str) -> tuple[str, ...]:
    return next(route.query for route in READ if route.path == path)


@pytest.mark.parametrize("path", PATHS)
def test_sql_in_a_path_is_no_such_thing(regular: dict[str, Any], path: str) -> None:
    client = regular["person"].client
    # A slash begins another segment, also when it is encoded.
    for injected in (text for text in SQL if "/" not in text):
        key = "".join(f"%{byte:02x}" for byte in injected.encode())
        assert told(client.get(re.sub(r"{\w+}", lambda _, key=key: key, path)))[0] == 404, injected


@pytest.mark.parametrize("column", COLUMNS)
def test_sql_in_a_filter_of_postgrest_is_text(shop: Shop, column: str) -> None:
    for injected in SQL:
        answer = shop.client().get("/rest/v1/products", params={column: f"eq.{injected}"})
        assert answer.status_code in (200, 400), answer.text
        assert answer.json() == [] if answer.status_code == 200 else answer.json()["code"][:2] in ("22", "42")


@pytest.mark.parametrize("name", ["select", "order", "or", "limit", "offset"])
def test_sql_in_the_grammar_of_postgrest_is_refused(shop: Shop, name: str) -> None:
    for injected in SQL:
        answer = shop.client().get("/rest/v1/products", params={name: injected})
        assert answer.status_code < 500, answer.text
        if answer.status_code == 200:
            assert name in ("limit", "offset", "select"), f"{injected}: {answer.text[:300]}"
        else:
            assert answer.json().keys() == {"code", "message", "details", "hint"}


def test_script_in_a_name_is_data(
    shop: Shop, customer: Person, make_product: Callable[..., dict[str, Any]], buy: Any, pay: Any
) -> None:
    product = make_product(name=SCRIPT, slug=f"script-{uuid.uuid4().hex[:8]}", description=SCRIPT)
    assert customer.client.put("/api/v1/users/me/", json={"first_name": SCRIPT}).json()["first_name"] == SCRIPT
    for way in (f"/api/v1/products/{product['slug']}/", f"/rest/v1/products?id=eq.{product['id']}"):
        answer = shop.client().get(way)
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        body = answer.json()
        assert (body[0] if isinstance(body, list) else body)["name"] == SCRIPT
    refused = shop.client().get("/rest/v1/products", params={"id": f"eq.{SCRIPT}"})
    assert refused.headers["content-type"].startswith("application/json")
    order = buy(customer, product)
    assert pay(customer, order).status_code == 200
    mails = eventually(
        lambda: [mail for mail in shop.mails(customer.email) if order["order_number"] in mail["subject"]], what="mail"
    )
    assert "<script>" not in mails[0]["html"] and "onerror=alert(1)>" not in mails[0]["html"]
    assert "&lt;script&gt;" in mails[0]["html"]


def test_links_say_https_where_the_shop_is_reached_by_it(
    start_gateway: Callable[..., str],
    upstream: Upstream,
) -> None:
    url = start_gateway(postgrest=upstream.address, service=upstream.address, public_url="https://shop.example")
    send(url, head("GET", "/api/v1/orders/?page=2", "Authorization: Bearer a.b.c"))
    # Of it the links of a page are made.
    assert upstream.headers()["x-original-url"] == ["https://shop.example/api/v1/orders/?page=2"]

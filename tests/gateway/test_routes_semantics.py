"""What clients of the seed take for granted: slashes, parameters, pages and their links, money, HEAD."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from gateway.render import Route, read_routes
from tests.conftest import Person, Shop, eventually
from tests.gateway.conftest import assert_problem, head, send

READ = [route for route in read_routes() if route.targets.get("GET", "service") != "service"]
PAGED = [route for route in READ if "page" in route.query]
# Shares, means and measures; everything else that is not whole is money.
MEANS = {"average_rating", "tax_rate", "rate", "weight", "length", "width", "height"}
MONEY = re.compile(
    r"price|price_modifier|(compare|cost|unit|old|new|current)_price|price_(snapshot|min|max)|(?!total_items)\w*total\w*|\w*amount|tax|shipping_cost|discount"
)
Walk = Iterator[tuple[str, Any]]


@pytest.fixture(scope="module")
def people(shop: Shop, acting_as: Callable[..., Person], staff: Person) -> dict[str, httpx.Client]:
    # An admin sees what staff does, and what admins alone may see.
    admin = acting_as("admin").client
    return {"customer": acting_as("customer").client, "staff": staff.client, "admin": admin, "visitor": shop.client()}


@pytest.fixture(scope="module")
def address_of(
    people: dict[str, httpx.Client], make_product: Callable[..., dict[str, Any]], staff: Person
) -> Callable[[Route], str]:
    """A route's path to things that are there, of which there are some of each kind."""
    mark = uuid.uuid4().hex[:8]
    category = staff.client.post("/api/v1/products/categories/", json={"name": f"Kind {mark}"}).json()
    product = make_product(
        name=f"Seen {mark}", category_id=category["id"], price="1234.5", compare_price="2000", weight="1.25"
    )
    variant = {"name": "Big", "sku": f"{mark}-big", "price_modifier": "0.5", "stock_quantity": 9}
    made = staff.client.post(f"/api/v1/products/{product['slug']}/variants/", json=variant)
    assert made.status_code == 201, made.text
    buyer = people["customer"]
    address = {"address_line1": "1 High Street", "city": "York", "postal_code": "YO1 7AA", "country": "UK"}
    assert buyer.post("/api/v1/users/me/addresses/", json=address).status_code == 201
    line = {"product_id": product["id"], "variant_id": made.json()["id"], "quantity": 2}
    for _ in range(2):
        assert buyer.post("/api/v1/cart/items/", json=line).status_code == 201
        order = buyer.post("/api/v1/orders/", json={"shipping_address": address})
        assert order.status_code == 201, order.text
    assert buyer.post("/api/v1/cart/items/", json=line).status_code == 201
    assert buyer.post("/api/v1/wishlist/toggle/", json={"product_id": product["id"]}).status_code in (200, 201)
    review = {"rating": 4, "title": "Good", "comment": "It is."}
    written = buyer.post(f"/api/v1/products/{product['slug']}/reviews/", json=review)
    assert written.status_code == 201, written.text
    approved = staff.client.post(f"/api/v1/products/{product['slug']}/reviews/{written.json()['id']}/approve/")
    assert approved.status_code == 200, approved.text

    def fill(route: Route) -> str:
        slug = category["slug"] if "/categories/" in route.path else product["slug"]
        return route.path.replace("{slug}", slug).replace("{id}", order.json()["id"])

    return fill


def seen(people: dict[str, httpx.Client], path: str) -> dict[str, Any]:
    """What the path shows, by person; at least one of them sees something."""
    answers = {name: client.get(path) for name, client in people.items()}
    bodies = {name: answer.json() for name, answer in answers.items() if answer.status_code == 200}
    assert bodies, {name: answer.text for name, answer in answers.items()}
    return bodies


def without_links(body: Any) -> Any:
    return {k: v for k, v in body.items() if k not in ("next", "previous")} if isinstance(body, dict) else body


def shows_the_same(people: dict[str, httpx.Client], path: str, other: str) -> bool:
    """Whether two spellings of a path do; workers and clocks may change what is there in between, but not for ever."""
    plain, found = seen(people, path), seen(people, other)
    return {name: without_links(body) for name, body in found.items()} == {
        name: without_links(body) for name, body in plain.items()
    }


@pytest.mark.parametrize("route", READ, ids=lambda route: route.path)
def test_slash_and_unknown_parameters_change_nothing(
    people: dict[str, httpx.Client], address_of: Callable[[Route], str], route: Route
) -> None:
    path = address_of(route)
    for other in (
        path.rstrip("/"),
        f"{path}?unknown=1&format=json&_=17",
        f"{path.rstrip('/')}?%FC=%C3%BC"[: len(path)],
    ):
        eventually(lambda other=other: shows_the_same(people, path, other), what=f"{other} as {path}")


@pytest.mark.parametrize("route", READ, ids=lambda route: route.path)
def test_empty_parameters_are_as_if_they_were_not_given(
    people: dict[str, httpx.Client], address_of: Callable[[Route], str], route: Route
) -> None:
    path = address_of(route)
    for query in ("&".join(f"{name}=" for name in route.query), "&".join(route.query)):
        eventually(lambda query=query: shows_the_same(people, path, f"{path}?{query}"), what=query)


@pytest.mark.parametrize("route", READ, ids=lambda route: route.path)
def test_head_is_get_without_the_body(
    people: dict[str, httpx.Client], address_of: Callable[[Route], str], route: Route
) -> None:
    for client in people.values():
        whole, only_head = client.get(address_of(route)), client.head(address_of(route))
        assert (only_head.status_code, only_head.content) == (whole.status_code, b"")
        for name in ("content-type", "cache-control", "etag"):
            assert str(only_head.headers.get(name)).removeprefix("W/") == str(whole.headers.get(name)).removeprefix(
                "W/"
            )


def walk(value: Any, name: str = "") -> Walk:
    """Every value that is no container, with the key that it stands under."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, name)
    else:
        yield name, value


@pytest.mark.parametrize("route", READ, ids=lambda route: route.path)
def test_money_is_text_with_two_decimals(
    people: dict[str, httpx.Client], address_of: Callable[[Route], str], route: Route
) -> None:
    values = [pair for body in seen(people, address_of(route)).values() for pair in walk(body)]
    wrong = [
        (name, value)
        for name, value in values
        if (isinstance(value, float) and name not in MEANS)
        or (MONEY.fullmatch(name) and value is not None and not re.fullmatch(r"-?\d+\.\d\d", str(value)))
        or (MONEY.fullmatch(name) and not isinstance(value, str | None))
    ]
    assert not wrong


def test_money_was_among_them(people: dict[str, httpx.Client], address_of: Callable[[Route], str]) -> None:
    met = {
        name
        for route in READ
        for body in seen(people, address_of(route)).values()
        for name, value in walk(body)
        if isinstance(value, str) and re.fullmatch(r"\d+\.\d\d", value)
    }
    assert {name for name in met if not MONEY.fullmatch(name)} == set()
    assert {"price", "compare_price", "price_modifier", "total_amount", "subtotal", "tax", "shipping_cost"} <= met


@pytest.mark.parametrize("route", PAGED, ids=lambda route: route.path)
def test_pages_are_counted_from_one_and_no_further_than_there_are(
    people: dict[str, httpx.Client], address_of: Callable[[Route], str], route: Route
) -> None:
    path = address_of(route)
    eventually(lambda: shows_the_same(people, path, f"{path}?page=1"), what=f"{path} is its first page")
    shown = seen(people, path)
    for name in shown:
        for page in ("0", "abc", "-1", "1.5", "1e3", "99999999999999999999", "999999", "%C3%BC", "1%202"):
            answer = people[name].get(f"{path}?page={page}")
            assert_problem(answer, 404, "invalid_page")
            assert answer.json()["message"] == "Invalid page."
        for size in ("0", "-1", "abc", "1.5", "99999999999999999999"):
            assert len(people[name].get(f"{path}?page_size={size}").json()["results"]) <= 100
        assert len(people[name].get(f"{path}?page_size=1").json()["results"]) == min(1, shown[name]["count"])


@pytest.fixture(scope="module")
def crowd(staff: Person, make_product: Callable[..., dict[str, Any]]) -> str:
    """The id of a category with 102 products."""
    made = staff.client.post("/api/v1/products/categories/", json={"name": f"Crowd {uuid.uuid4().hex[:6]}"}).json()
    for number in range(102):
        make_product(category_id=made["id"], name=f"Ünïted & söld {number:03}", price=f"{number}.00")
    return str(made["id"])


@pytest.mark.parametrize(("size", "shown"), [(None, 20), ("7", 7), ("100", 100), ("101", 100), ("100000", 100)])
def test_a_page_has_20_unless_told_and_100_at_most(
    people: dict[str, httpx.Client], crowd: str, size: str | None, shown: int
) -> None:
    query = {"category": crowd, **({"page_size": size} if size else {})}
    page = people["visitor"].get("/api/v1/products/", params=query).json()
    assert (page["count"], len(page["results"])) == (102, shown)


@pytest.mark.parametrize(
    "query",
    [
        "name=%C3%9Cn%C3%AFted",
        "name=%c3%9cn%c3%aFted+%26+s",
        "name=Ünïted",
        "name=%C3%9Cn%C3%AFted%20%26%20s&utm=%F0%9F%8D%93+x%26y%3Dz",
        "utm=a&utm=b&empty=&bare&name=United&name=%C3%9Cn%C3%AFted",
        "mypage=4&pages=5&page_size=15&Page=9",
        "page_size=15&ordering=-price&x=%25&y=%2B&z=a+b",
        "x[]=1&x[]=2&q=a;b&price_min=0&price_max=99999",
    ],
)
def test_links_are_absolute_and_keep_every_parameter(shop: Shop, crowd: str, query: str) -> None:
    # Byte by byte: a client's library would encode it anew.
    address = f"{shop.url}/api/v1/products/?{query}&category={crowd}".encode()

    def get(url: str | bytes) -> dict[str, Any]:
        target = (url if isinstance(url, bytes) else url.encode("ascii")).removeprefix(shop.url.encode())
        answer = send(shop.url, head("GET", target.decode("latin-1")))
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))

    def parameters(url: str | bytes) -> list[tuple[str, str]]:
        text = url.decode() if isinstance(url, bytes) else url
        return [pair for pair in parse_qsl(urlsplit(text).query, keep_blank_values=True) if pair[0] != "page"]

    pages = [get(address)]
    links = []
    while pages[-1]["next"]:
        links.append(pages[-1]["next"])
        assert links[-1].startswith(f"{shop.url}/api/v1/products/?")
        assert parameters(links[-1]) == parameters(address)
        pages.append(get(links[-1]))
    assert len(links) == -(-102 // len(pages[0]["results"])) - 1
    found = [row["id"] for page in pages for row in page["results"]]
    assert len(found) == len(set(found)) == 102
    for earlier, later in pairwise(pages):
        assert parameters(later["previous"]) == parameters(address)
        assert get(later["previous"])["results"] == earlier["results"]


def test_of_a_repeated_parameter_the_last_counts(people: dict[str, httpx.Client], crowd: str) -> None:
    get = people["visitor"].get
    last = get(f"/api/v1/products/?category=nowhere&page=77&page_size=1&category={crowd}&%70age=2&page_size=3").json()
    assert last["results"] == get(f"/api/v1/products/?category={crowd}&page=2&page_size=3").json()["results"]
    assert_problem(get(f"/api/v1/products/?category={crowd}&category=nowhere"), 400, "invalid_filter")

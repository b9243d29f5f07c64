"""What the gateway hands on: its own words only, whatever a client puts into paths and headers."""

from collections.abc import Callable

import pytest

from tests.conftest import ADDRESS, Person, Shop
from tests.gateway.conftest import Upstream, assert_problem, head, send

Start = Callable[..., str]
# What the gateway itself says to PostgREST and the service; a client's word for it must not arrive.
OWN = {
    "X-Path-Id": "evil",
    "X-Original-Url": "http://evil.example/",
    "X-Forwarded-For": "6.6.6.6",
    "X-Real-Ip": "6.6.6.6",
    "X-Forwarded-Proto": "evil",
    "Accept-Profile": "logic",
    "Content-Profile": "auth",
}
PATHS = ["/api/v1/orders/7/", "/api/v1/products/", "/rest/v1/products", "/health/", "/"]
# Of a visitor's request still less is handed on (test_cache_keys.py).
SIGNED_IN = "Authorization: Bearer a.b.c"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("spelling", [str, str.lower, str.upper, lambda name: name.replace("-", "_")])
def test_internal_headers_are_the_gateways(
    gateway: str, upstream: Upstream, path: str, spelling: Callable[[str], str]
) -> None:
    answer = send(gateway, head("GET", path, SIGNED_IN, *(f"{spelling(name)}: {value}" for name, value in OWN.items())))
    assert answer.status == 200
    arrived = upstream.headers()
    said = [value for values in arrived.values() for value in values]
    # The service knows no profiles.
    strange = {"logic", "auth"} if path in ("/", "/health/") else set()
    assert not {*OWN.values(), "6.6.6.6"} - strange & set(said)
    assert all(len(values) == 1 for values in arrived.values())
    assert arrived["x-forwarded-for"] == arrived["x-real-ip"] == ["127.0.0.1"]
    # Not of the Host that somebody sent: links in bodies are built of it.
    assert arrived["x-original-url"] == [f"{gateway}{path}"]
    if path.startswith("/rest"):
        assert (arrived["accept-profile"], arrived["content-profile"]) == (["api"], ["api"])
        assert "x-path-id" not in arrived
    elif path.startswith("/api"):
        assert (arrived["accept-profile"], arrived["content-profile"]) == (["v1"], ["v1"])
        assert arrived.get("x-path-id") == (["7"] if "orders" in path else None)


@pytest.mark.parametrize("path", ["/api/v1/orders/{}/", "/api/v1/cart/items/{}/", "/api/v1/users/me/addresses/{}"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "key",
    [
        "7%0d%0aX-Real-Ip:%206.6.6.6",
        "7%0aX-Real-Ip:%206.6.6.6",
        "7%0dX-Real-Ip:%206.6.6.6",
        "7%0d%0a%0d%0aPOST%20%2frpc%2fopen_session%20HTTP%2f1.1%0d%0a",
        "%0d%0aAuthorization:%20Bearer%20x",
        "7%7f",
        "7%1b%5b2J",
    ],
)
def test_a_path_begins_no_header_and_no_request(
    gateway: str, upstream: Upstream, path: str, method: str, key: str
) -> None:
    before = len(upstream.requests)
    answer = send(gateway, head(method, path.format(key), "Content-Length: 2") + b"{}")
    assert_problem(answer, 404, "not_found")
    assert len(upstream.requests) == before


@pytest.mark.parametrize(
    "key", ["a;b", "eq.a", "not.in.(a)", "a%20b", "a%3fb=c", "a%26b=c", "%c3%bc", "%2e%2e%2e", "a%25b"]
)
def test_a_key_reaches_the_function_as_one_value(gateway: str, upstream: Upstream, key: str) -> None:
    assert send(gateway, head("GET", f"/api/v1/products/{key}/")).status == 200
    line = upstream.last()[0]
    assert line.startswith("GET /rpc/get_product?slug=")
    assert line.count("=") == line.count("?") == 1
    assert "&" not in line and ";" not in line


def test_only_known_parameters_reach_a_function_and_each_once(gateway: str, upstream: Upstream) -> None:
    query = "search=b&search=a;page=7&id=1&slug=x&Page=3&page=2&%70age=4&&=&page_size"
    assert send(gateway, head("GET", f"/api/v1/products/?{query}")).status == 200
    assert upstream.last()[0] == "GET /rpc/list_products?search=a%3Bpage=7&page=4 HTTP/1.1"


@pytest.mark.parametrize(
    ("headers", "arrives"),
    [
        (["apikey: sb_publishable_key", "Authorization: Bearer sb_publishable_key"], None),
        (["apikey: sb_publishable_key"], None),
        (["apikey: sb_publishable_key", "Authorization: Bearer a.b.c"], "Bearer a.b.c"),
        (["Authorization: Bearer a.b.c"], "Bearer a.b.c"),
        # A token is a token, though it be said twice.
        (["apikey: a.b.c", "Authorization: Bearer a.b.c"], "Bearer a.b.c"),
        (["apikey: key", "Authorization: Bearer keys"], "Bearer keys"),
        (["apikey: .*", "Authorization: Bearer x"], "Bearer x"),
    ],
)
@pytest.mark.parametrize("path", ["/rest/v1/products", "/api/v1/products/"])
def test_a_bare_anonymous_key_is_no_token(
    gateway: str, upstream: Upstream, path: str, headers: list[str], arrives: str | None
) -> None:
    assert send(gateway, head("GET", path, *headers)).status == 200
    assert upstream.headers().get("authorization") == ([arrives] if arrives else None)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        ([], "9.9.9.9", "127.0.0.1"),
        (["10.0.0.1"], "9.9.9.9", "127.0.0.1"),
        (["127.0.0.1"], "9.9.9.9", "9.9.9.9"),
        # Who invents a hop is found behind the last proxy that is trusted.
        (["127.0.0.1"], "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (["127.0.0.1", "10.0.0.0/8"], "9.9.9.9, 10.1.2.3", "9.9.9.9"),
        (["127.0.0.1"], "nonsense", "127.0.0.1"),
    ],
)
def test_an_address_is_believed_from_a_known_proxy_only(
    start_gateway: Start, upstream: Upstream, proxies: list[str], forwarded: str, seen: str
) -> None:
    url = start_gateway(postgrest=upstream.address, service=upstream.address, trusted_proxies=proxies)
    for path in ("/rest/v1/products", "/api/v1/products/", "/health/"):
        assert send(url, head("GET", path, SIGNED_IN, f"X-Forwarded-For: {forwarded}")).status == 200
        assert upstream.headers()["x-real-ip"] == upstream.headers()["x-forwarded-for"] == [seen]


def test_headers_lead_to_no_other_persons_things(
    shop: Shop, customer: Person, acting_as: Callable[..., Person]
) -> None:
    other = acting_as("customer")
    ids = [p.client.post("/api/v1/users/me/addresses/", json=ADDRESS).json()["id"] for p in (customer, other)]
    path = f"/api/v1/users/me/addresses/{ids[0]}/"
    claims = {"X-Path-Id": ids[1], "Role": "admin", "X-Role": "admin", "Request.jwt.claims": '{"role":"admin"}'}
    changed = customer.client.put(path, json={**ADDRESS, "city": "Leeds"}, headers=claims)
    assert (changed.json()["id"], changed.json()["city"]) == (ids[0], "Leeds")
    assert_problem(customer.client.put(path.replace(ids[0], ids[1]), json=ADDRESS, headers=claims), 404)
    assert [address["city"] for address in other.client.get("/rest/v1/addresses").json()] == [ADDRESS["city"]]
    assert len(customer.client.get("/rest/v1/customers", headers=claims).json()) == 1
    assert_problem(shop.client().get("/api/v1/cart/", headers=claims), 401)


@pytest.mark.parametrize("schema", ["logic", "auth", "shop", "v1", "pg_catalog", "information_schema", "public"])
def test_a_profile_leads_to_no_other_schema(customer: Person, schema: str) -> None:
    headers = {"Accept-Profile": schema, "Content-Profile": schema}
    for method, path in (
        ("GET", "/rest/v1/accounts"),
        ("GET", "/rest/v1/outbox"),
        ("GET", "/rest/v1/pg_class"),
        ("GET", "/rest/v1/tables"),
        ("GET", "/rest/v1/rpc/get_cart"),
        ("POST", "/rest/v1/rpc/open_session"),
        ("POST", f"/rest/v1/rpc/{schema}.get_cart"),
        ("GET", f"/rest/v1/{schema}.accounts"),
    ):
        assert_problem(customer.client.request(method, path, headers=headers, json={}), 404)
    # Clients that name a schema by habit get the only one.
    own = customer.client.get("/rest/v1/customers?select=id", headers=headers)
    assert own.json() == [{"id": customer.id}]
    assert "content-profile" not in own.headers

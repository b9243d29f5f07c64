"""The document of /api/schema/: valid, true to roles, as committed, and as new as the database."""

import json
import os
import re
from typing import Any

import psycopg
import pytest
import yaml
from openapi_spec_validator import validate

from extensions.openapi.document import LOCAL, as_json
from tests.conftest import ROOT, Shop, eventually

COPY = ROOT / "docs/reference/openapi.json"
RENEW = "PGSHOP_RENEW=1 .venv/bin/python -m pytest tests/contract/test_openapi.py -k committed"
ROLES = ("anon", "customer", "staff", "admin")


@pytest.fixture(scope="module")
def documents(shop: Shop) -> dict[str, dict[str, Any]]:
    """By role; of everything under an empty name."""
    client = shop.client()
    return {role: client.get("/api/schema/", params={"role": role}).json() for role in ("", *ROLES)}


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Operations by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def fields(document: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Whatever may stand in a body."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *([schema["items"]] if "items" in schema else ())]
    return [*schema.get("properties", {}).items(), *(field for part in parts for field in fields(document, part))]


@pytest.mark.parametrize("role", ["", "anon"])
def test_it_is_openapi(documents: dict[str, dict[str, Any]], role: str) -> None:
    validate(documents[role])
    broken = {**documents[role], "paths": {"/x": {"get": {"parameters": [{"name": "x"}]}}}}
    with pytest.raises(Exception, match=r"."):
        validate(broken)


def test_the_committed_copy_is_the_document(shop: Shop, documents: dict[str, dict[str, Any]]) -> None:
    document = json.loads(json.dumps(documents[""]).replace(f'"url": "{shop.url}"', f'"url": "{LOCAL}"'))
    if "PGSHOP_RENEW" in os.environ:
        COPY.write_text(as_json(document))
    assert COPY.read_text() == as_json(document), f"The API has changed. If that is meant: {RENEW}"


def test_every_role_sees_what_it_may_do(documents: dict[str, dict[str, Any]]) -> None:
    seen = {role: operations(document).keys() for role, document in documents.items()}
    assert seen["anon"] < seen["customer"] < seen["staff"] < seen["admin"] == seen[""]
    assert "POST /api/v1/auth/login/" in seen["anon"]
    assert seen["customer"] - seen["anon"] >= {
        "POST /api/v1/orders/",
        "POST /rest/v1/reviews",
        "POST /rest/v1/rpc/checkout",
    }
    assert seen["staff"] - seen["customer"] >= {
        "PUT /api/v1/products/{slug}/", "POST /api/v1/products/{slug}/images/", "PATCH /rest/v1/products",
        "GET /rest/v1/stock", "POST /rest/v1/rpc/refund_order",
    }  # fmt: skip
    assert seen["admin"] - seen["staff"] >= {"PATCH /rest/v1/settings", "DELETE /rest/v1/tax_rates"}
    # Columns as well: a customer changes the words of a review, staff approves it.
    updates = {role: documents[role]["components"]["schemas"].get("ReviewsUpdate") for role in ROLES}
    assert updates["anon"] is None
    assert updates["customer"]["properties"].keys() == {"rating", "title", "comment"}
    assert updates["staff"]["properties"].keys() == {"rating", "title", "comment", "is_approved"}
    assert "cost_price" not in json.dumps(documents["customer"])


def test_every_operation_is_described(documents: dict[str, dict[str, Any]]) -> None:
    everything = operations(documents[""])
    assert len(everything) > 100
    names = [operation["operationId"] for operation in everything.values()]
    assert len(names) == len(set(names))
    tags = {tag["name"]: tag["description"] for tag in documents[""]["tags"]}
    for name, operation in everything.items():
        assert operation["summary"] and operation["description"], name
        assert tags[operation["tags"][0]], name
        assert operation["responses"].keys() & {"200", "201", "202", "204"}, name
        if "security" not in operation or {"bearer": []} in operation["security"]:
            assert "401" in operation["responses"], name
        if "requestBody" in operation and operation["operationId"] != "webhook":
            [content] = operation["requestBody"]["content"].values()
            assert content["schema"], name
            for field, schema in fields(documents[""], content["schema"]):
                assert schema.get("description"), f"{name}: {field}"


def test_rules_of_the_database_are_in_it(documents: dict[str, dict[str, Any]]) -> None:
    schemas = documents[""]["components"]["schemas"]
    row, made = schemas["ProductsRow"]["properties"], schemas["ProductsInsert"]
    assert made["required"] == ["name", "slug", "price", "sku"]
    assert made["additionalProperties"] is False
    assert (made["properties"]["name"]["maxLength"], made["properties"]["name"]["minLength"]) == (255, 1)
    assert made["properties"]["slug"]["pattern"] == "^[a-z0-9]+(-[a-z0-9]+)*$"
    assert made["properties"]["price"]["minimum"] == 0
    assert made["properties"]["is_active"]["default"] is True
    assert row["category_id"]["type"] == ["string", "null"]
    assert row["created_at"]["format"] == "date-time"
    assert schemas["ReviewsInsert"]["properties"]["rating"] | {"description": ""} == {
        "type": "integer", "minimum": 1, "maximum": 5, "description": "",
    }  # fmt: skip
    assert schemas["OrdersRow"]["properties"]["status"]["enum"][:2] == ["cancelled", "confirmed"]
    assert schemas["AddressesInsert"]["properties"]["address_type"]["enum"] == ["billing", "shipping"]
    assert schemas["CreateProductBody"]["required"] == ["name", "price", "sku"]
    assert schemas["CheckoutBody"]["properties"]["notes"]["maxLength"] == 2000
    assert schemas["Registration"]["properties"]["first_name"]["maxLength"] == 150


def test_rules_over_several_columns_and_what_lies_in_json_are_in_it(documents: dict[str, dict[str, Any]]) -> None:
    schemas, reading = documents[""]["components"]["schemas"], documents[""]["paths"]["/rest/v1/products"]["get"]
    assert {schemas["ProductsInsert"]["properties"][name]["exclusiveMinimum"] for name in ("weight", "height")} == {0}
    assert schemas["ProductsInsert"]["properties"]["meta_description"]["maxLength"] == 1000
    # Each column has its own of a rule that speaks of two.
    assert schemas["ProductsInsert"]["properties"]["meta_title"]["maxLength"] == 255
    assert schemas["OrdersRow"]["properties"]["shipping_address"]["$ref"].endswith("/AddressSnapshot")
    assert schemas["ShipmentsRow"]["properties"]["items"]["items"]["$ref"].endswith("/ShippedItem")
    for body, field, line in (("CreateShipmentBody", "items", "LineGiven"), ("RpcTakeStock", "counts", "Counted")):
        assert schemas[body]["properties"][field]["items"]["$ref"].endswith(line)
    assert {"new", "succeeded", None} < set(schemas["Order"]["properties"]["payment_status"]["enum"])
    assert reading["responses"]["206"]["headers"].keys() == {"Content-Range"}


def test_every_state_of_an_order_is_explained(documents: dict[str, dict[str, Any]]) -> None:
    said = next(tag["description"] for tag in documents[""]["tags"] if tag["name"] == "Orders")
    states = documents[""]["components"]["schemas"]["OrdersRow"]["properties"]["status"]["enum"]
    assert set(re.findall(r"`(\w+)`", said)) == set(states)


def test_it_comes_as_json_and_as_yaml(shop: Shop, documents: dict[str, dict[str, Any]]) -> None:
    client = shop.client()
    by_accept = client.get("/api/schema/", params={"role": "anon"}, headers={"Accept": "application/yaml"})
    by_name = client.get("/api/schema", params={"role": "anon", "format": "yaml"})
    assert by_accept.headers["content-type"] == "application/yaml"
    assert not by_accept.text.startswith("{")
    assert yaml.safe_load(by_accept.text) == yaml.safe_load(by_name.text) == documents["anon"]
    plain = client.get("/api/schema/", headers={"Accept": "text/html, */*"})
    assert plain.headers["content-type"] == "application/json"
    again = client.get("/api/schema/", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name, value in (("role", "owner"), ("format", "xml")):
        refused = client.get("/api/schema/", params={name: value})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_filter")
        assert refused.json()["details"].keys() == {name}


def test_it_follows_the_database_without_a_restart(shop: Shop, database: psycopg.Connection[Any]) -> None:
    def paths() -> Any:
        return shop.client().get("/api/schema/", params={"role": "customer"}).json()["paths"]

    database.execute(
        """create function api.count_sheep(most integer, kind text default 'merino') returns integer
        language plpgsql stable as 'begin return 3; end';
        comment on function api.count_sheep is 'Count sheep
Until asleep. Errors: 404 product_not_found.';
        grant execute on function api.count_sheep to customer"""
    )
    try:
        found = eventually(lambda: paths().get("/rest/v1/rpc/count_sheep"), what="the new function is described")
    finally:
        database.execute("drop function api.count_sheep")
    assert found.keys() == {"get", "post"}
    assert found["post"]["summary"] == "Count sheep"
    assert found["post"]["responses"]["404"]["$ref"].endswith("product_not_found")
    eventually(lambda: "/rest/v1/rpc/count_sheep" not in paths(), what="the dropped function is not described")


@pytest.mark.parametrize(("page", "library"), [("docs", "swagger-ui-bundle.js"), ("redoc", "redoc.standalone.js")])
def test_pages_show_it_and_want_nothing_from_elsewhere(shop: Shop, page: str, library: str) -> None:
    client = shop.client()
    for address in (f"/api/{page}/", f"/api/{page}"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert client.post(f"/api/{page}/").status_code == 405
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"https?:|\*", answer.headers["content-security-policy"])
    files = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert f"/api/docs/{library}" in files
    for file in files:
        assert file.startswith("data:") or client.get(file).status_code == 200, file
    # Its makers' logo.
    assert "cdn.redoc" not in client.get(f"/api/docs/{library}").text
    assert "/api/schema/" in client.get("/api/docs/start.js").text
    assert client.get("/api/docs/nothing.js").json()["code"] == "not_found"

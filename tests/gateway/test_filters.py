"""A change or removal over /rest/v1 must say which rows, however its query is dressed up."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import ADDRESS, Person
from tests.gateway.conftest import assert_problem

# Each of these names no row of the table itself, whatever it looks like.
UNFILTERED = [
    "",
    "?",
    "?select=id",
    "?order=id",
    "?order=id&limit=1",
    "?limit=1&offset=0",
    "?columns=city",
    "?on_conflict=id",
    "?%73elect=id",
    "?selec%74=id&%6frder=id",
    "?customers.id=eq.1",
    "?customers.order=id",
    "?select=id&customers.limit=1",
    "?id",
    "?city&country",
    "?x;select=id",
    "?=eq.1",
    "?&&",
]


@pytest.fixture(scope="module")
def resident(acting_as: Callable[..., Person]) -> Person:
    return acting_as("customer")


@pytest.fixture(autouse=True)
def two_addresses(resident: Person) -> Iterator[None]:
    before = len(addresses(resident))
    for number in range(before, 2):
        assert resident.client.post("/rest/v1/addresses", json={**ADDRESS, "city": f"City {number}"}).status_code == 201
    yield


def addresses(person: Person) -> list[dict[str, Any]]:
    return list(person.client.get("/rest/v1/addresses?order=id").json())


@pytest.mark.parametrize("query", UNFILTERED)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_without_a_filter_is_refused(resident: Person, method: str, query: str) -> None:
    before = addresses(resident)
    answer = resident.client.request(method, f"/rest/v1/addresses{query}", json={"city": "Changed"})
    assert_problem(answer, 400, "filter_required")
    assert addresses(resident) == before
    assert len(before) == 2


@pytest.mark.parametrize(
    "query",
    [
        "id=eq.{id}",
        "i%64=eq.{id}",
        "and=(id.eq.{id})",
        "or=(id.eq.{id})",
        "not.or=(id.neq.{id})",
        "select=id&id=eq.{id}",
        "x;id=eq.{id}",
        "id=in.({id})",
    ],
)
def test_a_change_with_a_filter_hits_what_it_names(resident: Person, query: str) -> None:
    mine, other = addresses(resident)
    wanted = query.format(id=mine["id"])
    answer = resident.client.patch(f"/rest/v1/addresses?{wanted}", json={"address_line2": query[:20]})
    assert answer.status_code in (200, 204), answer.text
    assert [address["address_line2"] for address in addresses(resident)] == [query[:20], other["address_line2"]]
    assert resident.client.delete(f"/rest/v1/addresses?{wanted}").status_code in (200, 204)
    assert addresses(resident) == [other]


@pytest.mark.parametrize("query", ["select=", "select=&limit=1", "limit=1&select=", "limit=1&select=&offset=0"])
def test_an_empty_select_of_a_function_is_all_and_no_more(
    resident: Person, make_product: Callable[..., dict[str, Any]], query: str
) -> None:
    url, body = "/rest/v1/rpc/search_products", {"search": make_product()["name"]}
    [row] = resident.client.post(f"{url}?{query}", json=body).json()
    assert [row] == resident.client.post(f"{url}?limit=1", json=body).json()

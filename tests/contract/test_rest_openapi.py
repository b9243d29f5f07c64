"""Whatever fits PostgREST's own description, and much that does not, is answered without a fault of ours.

schemathesis makes requests from the document of /rest/v1/, as anybody and as a customer. The document is Swagger 2.0
and names only good answers, so of answers only this is asked: no status of 500 or above, and errors in the one shape.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation.case import Case

from tests.conftest import Person, Shop

# Requests below which the test has become another one.
LEAST = {"anybody": 200, "customer": 500}
CALM = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# The document says of a filter's parameter what the column has; without an operator that is always a 400.
FILTERS = {
    "uuid": r"^(eq|neq|gt)\.[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    "boolean": r"^(not\.)?is\.(true|false|unknown|null)$",
    "timestamp with time zone": r"^(eq|lt|gte)\.20[0-9]{2}-0[1-9]-[12][0-9]T[01][0-9]:00:00$",
    "text": r"^(not\.)?(eq|neq|gt|i?like|i?match|(ph|pl|w)?fts)\.[^\x00]{0,20}$",
    "": r"^(not\.)?(eq|neq|gt|gte|lt|lte)\.-?[0-9]{1,12}$",
}
# With random ones a request never gets as far as its filter.
PLAIN = {
    "select": ["*"],
    "order": ["id", "id.desc.nullslast"],
    "limit": ["3", "0"],
    "offset": ["0", "7"],
    "range": ["0-4"],
}


def judge(answer: Any) -> str:
    """What is wrong with an answer, or nothing."""
    asked = f"{answer.request.method} {answer.request.url} {answer.request.body!r}"
    said = f"{asked} → {answer.status_code} {answer.text[:300]}"
    if answer.status_code >= 500:
        return said
    if answer.status_code < 400 or answer.request.method == "HEAD":
        return ""
    try:
        body = answer.json()
    except ValueError:
        return f"no JSON: {said}"
    is_ours = body.keys() == {"code", "message", "details", "hint"} and body["code"] and body["message"]
    return "" if is_ours else f"another shape: {said}"


def with_operators(document: dict[str, Any]) -> dict[str, Any]:
    """The same document, whose filters look like filters; what is said to be taken and is not, is left out."""
    for name, parameter in document["parameters"].items():
        if name.startswith("rowFilter."):
            kind = parameter.pop("format", "")
            parameter |= {"type": "string", "pattern": FILTERS.get(kind, FILTERS[""])}
        elif name in PLAIN:
            parameter |= {"type": "string", "enum": PLAIN[name]}
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        if "consumes" in operation:
            operation["consumes"] = ["application/json"]
    return document


@pytest.mark.parametrize("is_plain", [True, False], ids=["as-described", "with-operators"])
@pytest.mark.parametrize("who", LEAST)
def test_nothing_that_is_asked_breaks_it(
    shop: Shop, acting_as: Callable[..., Person], who: str, *, is_plain: bool
) -> None:
    client = acting_as().client if who == "customer" else shop.client()
    document = client.get("/rest/v1/").json()
    schema = schemathesis.openapi.from_dict(document if is_plain else with_operators(document))
    wrong: set[str] = set()
    statuses: Counter[int] = Counter()
    with requests.Session() as session:
        # Nothing of the surroundings: proxies are for others.
        session.trust_env = False
        if "authorization" in client.headers:
            session.headers["Authorization"] = client.headers["authorization"]

        for loaded in schema.get_all_operations():

            @CALM
            @given(case=loaded.ok().as_strategy())
            def send(case: Case) -> None:
                answer = case.call(base_url=f"{shop.url}/rest/v1", session=session, timeout=40)
                statuses[answer.status_code] += 1
                wrong.add(judge(answer))

            send()
    print(f"{who}: {statuses.total()} requests: {dict(statuses)}")
    assert wrong <= {""}, "\n".join(sorted(wrong))
    assert statuses.total() >= LEAST[who]
    assert statuses[200] > 20

"""Every point of the contract is walked: the request that is written is sent, and what is written must come back."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from typing import Any

import httpx
import pytest

from extensions.openapi.source import examples
from tests.conftest import ROOT, Shop
from tests.contract import page
from tests.contract.calls import mistakes, parse, walk
from tests.contract.described import Description
from tests.contract.points import Point, read

POINTS, FAULTS = read()
RENEW = "PGSHOP_RENEW=1 .venv/bin/python -m pytest tests/contract/test_points.py"
# These want a file, a mail's link, a signature of Stripe's or an authenticator, or are long.
WITHOUT_EXAMPLE = {
    "avatar", "category_image", "mfa_confirm", "mfa_disable", "mfa_enroll", "mfa_recovery_codes", "mfa_verify",
    "product_image", "reset", "schema", "verify", "webhook", "claim_orders", "record_payment", "update_product_image",
    "export_me",
}  # fmt: skip
# This number only falls.
OPEN = 1


@pytest.mark.parametrize("point", [pytest.param(point, id=str(point.number)) for point in POINTS if point.calls])
def test_the_point_holds(
    point: Point, client_of: Callable[[str], httpx.Client], known: dict[str, str], description: Description
) -> None:
    for call in point.calls:
        walk(call, client_of(call.person), known, description.check)


def test_what_no_point_calls_is_as_described_too(
    client_of: Callable[[str], httpx.Client], known: dict[str, str], description: Description
) -> None:
    for call in parse((ROOT / "tests/contract/more.txt").read_text()):
        walk(call, client_of(call.person), known, description.check)


def test_every_operation_has_an_example_that_came_from_a_call(description: Description) -> None:
    if "PGSHOP_RENEW" in os.environ:
        text = json.dumps(description.examples, indent=1, ensure_ascii=False, sort_keys=True)
        (ROOT / "extensions/openapi/examples.json").write_text(f"{text}\n")
    shown = examples()
    for path, operations in description.document["paths"].items():
        for method, operation in operations.items():
            content = description.good(operation).get("content", {}).get("application/json")
            name = re.sub("^patch_", "update_", operation["operationId"])
            if path.startswith("/rest/v1") or not content or name in WITHOUT_EXAMPLE:
                continue
            assert "answer" in shown.get(name, {}), f"{method} {path}: call it in tests/contract/more.txt, then {RENEW}"
            assert description.mistakes(content["schema"], shown[name]["answer"]) == [], name


def test_an_answer_that_is_not_as_described_is_noticed(shop: Shop, description: Description) -> None:
    answer = shop.client().get("/health/live")
    description.check(answer)
    for status, body in ((200, {}), (418, {"status": "alive"})):
        wrong = httpx.Response(status, json=body, request=answer.request)
        with pytest.raises(AssertionError, match=r"documented|required"):
            description.check(wrong)


def test_no_point_and_no_fault_is_left_out() -> None:
    assert [point.number for point in POINTS] == list(range(1, 120))
    assert [fault.number for fault in FAULTS] == list(range(1, 25))


def test_what_is_not_open_is_shown() -> None:
    assert [point.number for point in POINTS if not point.open and not point.shown_by] == []
    assert [fault.number for fault in FAULTS if not fault.open and not fault.tests] == []
    assert [point.number for point in POINTS if point.deviation and not point.open and not point.tests] == []


def test_what_is_open_only_gets_less() -> None:
    assert len([row for row in (*POINTS, *FAULTS) if row.open]) == OPEN


def test_the_tests_that_are_named_are_run(request: pytest.FixtureRequest) -> None:
    named = {test.partition("[")[0] for row in (*POINTS, *FAULTS) if not row.open for test in row.tests}
    collected = {item.nodeid.partition("[")[0] for item in request.session.items}
    files = sorted({test.split("::")[0] for test in named - collected})
    if files:
        # Only a part of the suite is being run.
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *files]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        collected |= set(re.findall(r"(?m)^tests/\S+::\w+", done.stdout))
    assert sorted(named - collected) == []


def test_the_document_is_what_the_points_say() -> None:
    assert page.DOCUMENT.read_text() == page.text(), "run python -m tests.contract.page"


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ({"a": 1}, {}),
        ({"a": "<absent>"}, {"a": None}),
        ({"a": "<money>"}, {"a": 1.0}),
        ({"a": "<int>"}, {"a": True}),
        ({"a": 1}, {"a": True}),
        ({"a": "<uuid>"}, {"a": None}),
        ([1], []),
        ([], [1]),
        ([1, 2], [2, 1]),
        ([3, "…"], [1, 2]),
        ([[1]], [1]),
        ("x", "y"),
    ],
)
def test_the_walker_notices(wanted: Any, got: Any) -> None:
    assert mistakes(wanted, got, {})
    assert mistakes({"a": "<text?>", "b": ["<int>"], "c": [1, "…"]}, {"a": None, "b": [1, 2], "c": [2, 1]}, {}) == []


def test_every_call_of_the_page_is_one_that_was_walked() -> None:
    written = page.text()
    assert all(call.url in written for call in chain.from_iterable(point.calls for point in POINTS))

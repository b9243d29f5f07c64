"""Faults on demand: what the SDK makes of each, that a lost answer loses no effect, and what becomes of events."""

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import httpx
import pytest
import stripe

from tests.conftest import eventually
from tests.twin.conftest import KEY, Receiver, Twin

# The SDK's way to call httpx.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
Make = Callable[..., stripe.PaymentIntent]
MAKING = "POST /v1/payment_intents"
ERRORS = {
    "409": stripe.APIError,
    "429": stripe.RateLimitError,
    "503": stripe.APIError,
    "reset": stripe.APIConnectionError,
    "timeout": stripe.APIConnectionError,
}


@pytest.fixture
def trouble(twin: Twin) -> Iterator[Callable[..., None]]:
    """`trouble("POST /v1/refunds", "500", times=2)`; all is well again at the end."""

    # What is meant for a test's own events must not meet those of the one before.
    eventually(twin.has_told_all, what="earlier events")

    def add(on: str, how: str, **more: Any) -> None:
        twin.ask("POST", "/twin/faults", json={"on": on, "how": how, **more})

    yield add
    twin.ask("DELETE", "/twin/faults")


@contextmanager
def sdk(twin: Twin, retries: int) -> Iterator[stripe.StripeClient]:
    """Over the library that the shop uses; urllib's lets a reset through as it is."""
    http = stripe.HTTPXClient(timeout=10, allow_sync_methods=True)
    yield stripe.StripeClient(KEY, http_client=http, max_network_retries=retries, base_addresses={"api": twin.url})
    http.close()


@pytest.fixture
def direct(twin: Twin) -> Iterator[stripe.StripeClient]:
    with sdk(twin, 0) as made:
        yield made


@pytest.fixture
def patient(twin: Twin) -> Iterator[stripe.StripeClient]:
    with sdk(twin, 2) as made:
        yield made


@pytest.fixture
def body() -> Any:
    return {"amount": 1000, "currency": "gbp", "customer": f"cus_{uuid.uuid4().hex}"}


def made(client: stripe.StripeClient, body: Any) -> int:
    return len(client.v1.payment_intents.list({"customer": body["customer"]}).data)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("how", ERRORS)
def test_a_fault_happens_once_and_a_repetition_under_the_same_key_is_one_act(
    direct: stripe.StripeClient, trouble: Any, body: Any, how: str, after: bool
) -> None:
    trouble(MAKING, how, after=after, seconds=0.1)
    options: Any = {"idempotency_key": str(uuid.uuid4())}
    with pytest.raises(ERRORS[how]):
        direct.v1.payment_intents.create(body, options)
    assert made(direct, body) == after
    again = direct.v1.payment_intents.create(body, options)
    assert again.last_response
    assert (again.last_response.headers.get("idempotent-replayed") == "true") == after
    assert made(direct, body) == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_500_is_kept_for_its_key_whatever_has_become_of_the_effect(
    twin: Twin, patient: stripe.StripeClient, trouble: Any, body: Any, after: bool
) -> None:
    trouble(MAKING, "500", after=after)
    options: Any = {"idempotency_key": str(uuid.uuid4())}
    for is_replayed in (None, "true"):
        with pytest.raises(stripe.APIError) as caught:
            patient.v1.payment_intents.create(body, options)
        headers = caught.value.headers
        assert (caught.value.http_status, headers.get("idempotent-replayed")) == (500, is_replayed)
        # So the SDK doesn't even try.
        assert headers.get("stripe-should-retry") == "false"
    assert made(patient, body) == after
    assert patient.v1.payment_intents.create(body).amount == 1000
    assert made(patient, body) == after + 1
    # Of what was answered before, a 500 takes nothing back; and a question has no key under which to keep one.
    trouble(MAKING, "500")
    other: Any = {"idempotency_key": str(uuid.uuid4())}
    trouble("GET *", "500")
    with pytest.raises(stripe.APIError):
        made(patient, body)
    assert made(patient, body) == after + 1
    assert twin.ask("GET", "/twin/requests")["waiting"] == 1
    with pytest.raises(stripe.APIError):
        patient.v1.payment_intents.create(body, other)


@pytest.mark.parametrize("how", ["409", "503", "reset"])
def test_the_sdk_repeats_by_itself_what_may_be_repeated(
    twin: Twin, patient: stripe.StripeClient, trouble: Any, body: Any, how: str
) -> None:
    trouble(MAKING, how, after=True, times=2)
    assert patient.v1.payment_intents.create(body).amount == 1000
    assert made(patient, body) == 1
    asked = [line for line in twin.ask("GET", "/twin/requests")["requests"] if line["method"] == "POST"][-3:]
    assert [line["fault"] for line in asked] == [how, how, None]
    assert [line["replayed"] for line in asked] == [False, True, True]
    assert len({line["idempotency_key"] for line in asked}) == 1
    assert twin.ask("GET", "/twin/requests")["waiting"] == 0


def test_a_silent_twin_breaks_off_after_its_time(direct: stripe.StripeClient, trouble: Any, body: Any) -> None:
    trouble(MAKING, "timeout", seconds=1.2)
    begun = time.monotonic()
    with pytest.raises(stripe.APIConnectionError):
        direct.v1.payment_intents.create(body)
    assert time.monotonic() - begun > 1.1


def test_a_fault_meets_only_what_it_is_meant_for(
    direct: stripe.StripeClient, trouble: Any, make_intent: Make, body: Any
) -> None:
    trouble("POST /v1/payment_intents/*/confirm", "500")
    intent = direct.v1.payment_intents.create(body)
    with pytest.raises(stripe.APIError):
        direct.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert direct.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


@pytest.mark.parametrize("given", [{"how": "500"}, {"on": "*", "how": "flood"}, {"on": "*", "how": "500", "who": "me"}])
def test_a_fault_that_the_twin_does_not_know_is_refused(twin: Twin, given: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    assert httpx.post(f"{twin.url}/twin/faults", json=given, headers=headers, timeout=30).status_code == 400


@pytest.mark.parametrize("path", ["faults", "retries", "clock", "requests"])
def test_the_twins_own_address_wants_the_key(twin: Twin, path: str) -> None:
    method = "GET" if path == "requests" else "POST"
    assert httpx.request(method, f"{twin.url}/twin/{path}", json={"seconds": 1}, timeout=30).status_code == 401


def test_the_twins_own_address_is_for_this_machine(receiver: Receiver, tmp_path: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        outside = probe.getsockname()[0]
    open_twin = Twin(tmp_path / "open.sqlite3", receiver.url, host="0.0.0.0")
    open_twin.start()
    try:
        headers = {"Authorization": f"Bearer {KEY}"}
        answers = [
            httpx.get(f"http://{host}:{open_twin.port}/twin/requests", headers=headers, timeout=30).status_code
            for host in ("127.0.0.1", outside)
        ]
        assert answers == [200, 404]
    finally:
        open_twin.end()


def test_an_event_is_dropped_or_comes_twice(trouble: Any, make_intent: Make, receiver: Receiver) -> None:
    trouble("payment_intent.created", "drop")
    lost = make_intent()
    trouble("payment_intent.created", "duplicate")
    doubled = make_intent()
    told = eventually(lambda: len(receiver.of(doubled.id)) == 2 and receiver.of(doubled.id))
    assert len({delivery.event.id for delivery in told}) == 1
    assert receiver.of(lost.id) == []


def test_an_event_is_late(trouble: Any, make_intent: Make, receiver: Receiver) -> None:
    trouble("payment_intent.created", "delay", seconds=4)
    begun = time.monotonic()
    late, prompt = make_intent(), make_intent()
    [first], [second] = (eventually(lambda i=i: receiver.of(i.id)) for i in (prompt, late))
    assert second.at - begun > 3.9
    # Not held up by it, even where making another takes its time.
    assert first.at < second.at


def test_events_come_in_another_order(trouble: Any, make_intent: Make, receiver: Receiver) -> None:
    trouble("*", "reorder", times=30, seconds=1.5)
    intents = [make_intent().id for _ in range(30)]
    eventually(lambda: all(receiver.of(intent) for intent in intents))
    came = sorted(intents, key=lambda intent: receiver.of(intent)[0].at)
    assert came != intents


def test_the_schedule_of_repetitions_can_be_set_and_ends(
    twin: Twin, trouble: Any, make_intent: Make, receiver: Receiver
) -> None:
    eventually(lambda: twin.has_told_all() and receiver.is_quiet())
    twin.ask("POST", "/twin/retries", json={"seconds": [0.2, 0.8]})
    for _ in range(3):
        receiver.statuses.put(500)
    intent = make_intent()
    eventually(lambda: len(receiver.of(intent.id)) == 3)
    pauses = [later.at - earlier.at for earlier, later in pairwise(receiver.of(intent.id))]
    assert pauses[0] > 0.15
    assert pauses[1] > 0.75
    eventually(lambda: twin.has_told_all() and receiver.is_quiet())
    assert len(receiver.of(intent.id)) == 3, "given up"


def test_time_is_put_forward_but_signatures_stay_true(receiver: Receiver, tmp_path: Any, body: Any) -> None:
    twin = Twin(tmp_path / "later.sqlite3", receiver.url)
    twin.start()
    client, options = twin.client(), {"idempotency_key": "a day old"}
    first = client.v1.payment_intents.create(body, options)  # type: ignore[arg-type]
    twin.ask("POST", "/twin/clock", json={"seconds": 86_500})
    twin.end()
    twin.start()
    # The key is forgotten after a day, here and at Stripe.
    second = client.v1.payment_intents.create(body, options)  # type: ignore[arg-type]
    assert second.id != first.id
    assert second.created - first.created >= 86_500
    assert eventually(lambda: receiver.of(second.id))[0].event.data.object["id"] == second.id
    twin.end()

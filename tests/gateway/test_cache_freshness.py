"""What visitors see is never older than promised, whatever has changed; and the hash of it spares sending it again."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from threading import Barrier
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, eventually
from tests.gateway.conftest import Upstream, head, send

Start = Callable[..., str]
PROMISED = 1.0


class Clock(Upstream):
    """An upstream that answers with the time at which it was asked."""

    @property
    def answer(self) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n%20.6f" % time.time()

    @answer.setter
    def answer(self, value: bytes) -> None:
        """The time is all it says."""


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    with closing(Clock()) as made:
        yield made


@pytest.fixture(scope="module")
def front(start_gateway: Start, real: dict[str, str]) -> Iterator[httpx.Client]:
    """A visitor of the shop as it runs unless told: with the cache."""
    with httpx.Client(base_url=start_gateway(**real), timeout=30) as client:
        yield client


@pytest.mark.parametrize("path", ["/api/v1/products/", "/api/v1/products/pan/", "/rest/v1/products"])
def test_no_answer_is_older_than_promised_nor_one_that_nobody_asked_for_meanwhile(
    start_gateway: Start, clock: Clock, path: str
) -> None:
    url = start_gateway(postgrest=clock.address, service=clock.address)
    begun, before = time.time(), len(clock.requests)
    asked = [path]
    ages = []
    for number in count():
        # One address all the time, others just twice: at the beginning and at the end. It takes longer where a pause of
        # the machine leaves too few answers to tell a cache by.
        late = time.time() > begun + 2.2 * PROMISED and number >= 50
        asked = [path, f"{path}?page={number}"] if number < 3 else [path]
        asked = [path, *(f"{path}?page={page}" for page in range(3))] if late else asked
        for one in asked:
            sent = time.time()
            ages.append(sent - float(send(url, head("GET", one)).body))
        if late:
            break
    assert max(ages) <= PROMISED
    # And it is a cache: most were not asked for anew.
    assert len(clock.requests) - before < len(ages) / 2


def watch(front: httpx.Client, path: str, look: Callable[[httpx.Response], Any], change: Callable[[], Any]) -> None:
    """Fails unless what `look` sees at `path` changes within the promised time after `change()`."""
    # The answer lies in the cache, or else there would be nothing to go stale.
    eventually(lambda: front.get(path).headers.get("x-cache") == "HIT", what=f"{path} is in the cache")
    before = look(front.get(path))
    change()
    done = time.time()
    while True:
        sent = time.time()
        if look(front.get(path)) != before:
            return
        # The machine may be slow: what counts is when the last of the old answers was asked for.
        assert sent - done < PROMISED, f"{path} still shows {before}"


def detail(product: dict[str, Any]) -> str:
    return f"/api/v1/products/{product['slug']}/"


def listed(product: dict[str, Any]) -> str:
    return f"/api/v1/products/?name={product['name']}"


def row(product: dict[str, Any]) -> str:
    return f"/rest/v1/products?id=eq.{product['id']}"


SHOWN = [detail, listed, row]
Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize(
    "change", [{"price": "11.50"}, {"description": "Another one."}, {"is_featured": True}], ids=str
)
def test_what_staff_changes_shows_within_the_second(
    front: httpx.Client, staff: Person, make_product: Make, shown: Callable[..., str], change: dict[str, Any]
) -> None:
    product = make_product()
    if "description" in change and shown is listed:
        change = {"name": f"{product['name']} renewed"}

    def act() -> None:
        assert staff.client.put(detail(product), json=change).status_code == 200

    watch(front, shown(product), lambda answer: answer.json(), act)


@pytest.mark.parametrize("shown", SHOWN)
def test_stock_after_a_checkout_shows_within_the_second(
    front: httpx.Client, customer: Person, make_product: Make, buy: Callable[..., Any], shown: Callable[..., str]
) -> None:
    product = make_product(stock_quantity=3)
    watch(front, shown(product), lambda answer: answer.json(), lambda: buy(customer, product, 3))
    seen = front.get(shown(product)).json()
    one = seen if shown is detail else seen["results"][0] if shown is listed else seen[0]
    assert (one["stock_quantity"], one["is_in_stock"]) == (0, False)


@pytest.mark.parametrize("shown", SHOWN)
def test_a_product_that_is_taken_away_is_gone_within_the_second(
    front: httpx.Client, staff: Person, make_product: Make, shown: Callable[..., str]
) -> None:
    product = make_product()
    watch(front, shown(product), lambda answer: answer.text, lambda: staff.client.delete(detail(product)))
    answer = front.get(shown(product))
    assert answer.status_code == (404 if shown is detail else 200)
    if shown is not detail:
        assert product["id"] not in answer.text


def test_a_new_product_is_found_at_once_by_its_name_and_within_the_second_in_lists(
    front: httpx.Client, make_product: Make
) -> None:
    assert front.get("/api/v1/products/quite-new/").status_code == 404
    made: list[dict[str, Any]] = []
    path = "/api/v1/products/?name=Quite new"
    watch(front, path, lambda answer: answer.json()["count"], lambda: made.append(make_product(name="Quite new")))
    assert front.get(detail(made[0])).status_code == 200


@pytest.mark.parametrize("shown", SHOWN)
def test_a_review_shows_within_the_second_of_its_approval(
    front: httpx.Client,
    database: psycopg.Connection[Any],
    customer: Person,
    make_product: Make,
    shown: Callable[..., str],
) -> None:
    product = make_product()
    database.execute(
        "insert into shop.reviews (product_id, customer_id, rating, title, comment) values (%s, %s, 4, 'Good', 'Yes')",
        [product["id"], customer.id],
    )

    def approve() -> None:
        database.execute("update shop.reviews set is_approved = true where product_id = %s", [product["id"]])

    watch(front, shown(product), lambda answer: answer.json(), approve)
    assert '"review_count":1' in front.get(shown(product)).text.replace(" ", "")


def test_signed_in_staff_sees_a_change_at_once(
    front: httpx.Client, acting_as: Callable[..., Person], make_product: Make
) -> None:
    staff, product = acting_as("staff"), make_product()
    token = {"Authorization": f"Bearer {staff.access}"}
    for price in ("11.00", "12.00", "13.00"):
        for path in (detail(product), row(product)):
            front.get(path)
            front.get(path, headers=token)
        assert staff.client.put(detail(product), json={"price": price}).status_code == 200
        assert front.get(detail(product), headers=token).json()["price"] == price
        assert front.get(row(product), headers=token).json()[0]["price"] == float(price)


def test_in_a_crowd_nobody_gets_what_is_meant_for_another(
    front: httpx.Client, acting_as: Callable[..., Person], customer: Person, make_product: Make
) -> None:
    staff, product = acting_as("staff"), make_product(is_active=False)
    paths = [detail(product), f"{listed(product)}&is_active=false", row(product)]
    tokens = [None, staff.access, customer.access, None, staff.access, None]
    start = Barrier(len(tokens))

    def ask(token: str | None) -> list[bool]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(base_url=front.base_url, headers=headers, timeout=30) as client:
            start.wait()
            return [product["id"] in client.get(path).text for _ in range(40) for path in paths]

    with ThreadPoolExecutor(len(tokens)) as crowd:
        seen = list(crowd.map(ask, tokens))
    # What is not for sale is seen by staff alone.
    assert [set(answers) for answers in seen] == [{token == staff.access} for token in tokens]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("spelling", ["{}", "W/{}", '"x", {}', "*"])
@pytest.mark.parametrize("gzip", ["gzip", "identity"])
def test_what_is_known_is_not_sent_again(
    front: httpx.Client, make_product: Make, method: str, spelling: str, gzip: str
) -> None:
    product = make_product()
    answer = front.request(method, detail(product), headers={"Accept-Encoding": gzip})
    tag = answer.headers["etag"].removeprefix("W/")
    known = front.request(
        method, detail(product), headers={"If-None-Match": spelling.format(tag), "Accept-Encoding": gzip}
    )
    assert (known.status_code, known.content) == (304, b"")
    for name in ("cache-control", "vary"):
        assert set(known.headers[name].split(", ")) <= set(answer.headers[name].split(", ")) | {"Authorization"}
    assert known.headers["etag"].removeprefix("W/") == tag
    assert front.get(detail(product), headers={"If-None-Match": '"x", W/"y"'}).status_code == 200


def test_a_change_has_another_hash_and_the_same_has_the_same(
    front: httpx.Client, staff: Person, make_product: Make
) -> None:
    product = make_product()
    tag = front.get(detail(product)).headers["etag"]
    assert front.head(detail(product)).headers["etag"] == tag

    def act() -> None:
        assert staff.client.put(detail(product), json={"price": "77.00"}).status_code == 200

    watch(front, detail(product), lambda answer: answer.headers["etag"], act)
    assert front.get(detail(product), headers={"If-None-Match": tag}).json()["price"] == "77.00"

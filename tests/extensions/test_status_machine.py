"""The whole table: from every state to every state, by everybody. What it does not allow them is refused."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop, eventually
from tests.extensions.payments import state

Order = dict[str, Any]
STATUSES = ["pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "refunded"]
PEOPLE = ["customer", "stranger", "guest", "staff", "admin"]


@pytest.fixture(scope="module")
def table(shop: Shop) -> dict[tuple[str, str], dict[str, Any]]:
    """(from, to) → who may ask for it."""
    with shop.connect() as connection:
        rows = connection.execute("select * from shop.order_transitions").fetchall()
    assert {status for row in rows for status in (row["from_status"], row["to_status"])} == {*STATUSES}
    return {(row["from_status"], row["to_status"]): row for row in rows}


@pytest.fixture(scope="module")
def people(acting_as: Callable[..., Person], staff: Person) -> dict[str, Person]:
    """The one who ordered, and all others."""
    found = {who: acting_as(who) for who in ("customer", "guest", "admin")}
    return {**found, "stranger": acting_as(), "staff": staff}


@pytest.fixture(scope="module")
def reach(people: dict[str, Person], make_product: Callable[..., Order], buy: Any, pay: Any) -> Callable[[str], Order]:
    """An order in a state, by the way that the shop has for it."""
    product = make_product(stock_quantity=500)

    def order(status: str) -> Order:
        made = dict(buy(people["customer"], product))
        url = f"/api/v1/orders/{made['id']}/"
        if status not in {"pending", "cancelled"}:
            assert pay(people["customer"], made).status_code == 200
        if status == "cancelled":
            assert people["customer"].client.delete(url).status_code == 200
        elif status == "refunded":
            given = {"order_id": made["id"], "reason": "broken"}
            assert people["staff"].client.post("/rest/v1/rpc/refund_order", json=given).status_code == 200
        for step in ("processing", "shipped", "delivered"):
            if STATUSES.index(step) <= STATUSES.index(status) < STATUSES.index("cancelled"):
                assert people["staff"].client.put(url, json={"status": step}).status_code == 200
        eventually(lambda: state(people["customer"], made) == status, what=status)
        return made

    return order


def steps(shop: Shop, order: Order) -> list[str]:
    with shop.connect() as connection:
        rows = connection.execute(
            "select status from shop.order_status_history where order_id = %s order by id", [order["id"]]
        ).fetchall()
    return [row["status"] for row in rows]


def ask(person: Person, order: Order, there: str, *, by_deletion: bool) -> httpx.Response:
    """The only two ways: DELETE is for whoever ordered, PUT for those who sell."""
    url = f"/api/v1/orders/{order['id']}/"
    return person.client.delete(url) if by_deletion else person.client.put(url, json={"status": there})


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("here", STATUSES)
def test_people_move_an_order_only_where_the_table_lets_them(
    shop: Shop,
    table: dict[tuple[str, str], dict[str, Any]],
    people: dict[str, Person],
    reach: Callable[[str], Order],
    here: str,
    who: str,
) -> None:
    order = reach(here)
    sells = who in {"staff", "admin"}
    for there in STATUSES:
        row = table.get((here, there), {})
        for by_deletion in [False, True] if there == "cancelled" else [False]:
            may = row.get("is_for_staff") if sells else by_deletion and row.get("is_for_customer")
            before = steps(shop, order)
            answer = ask(people[who], order, there, by_deletion=by_deletion)
            if who in {"customer", "staff", "admin"} and may:
                assert (answer.status_code, answer.json()["status"]) == (200, there), answer.text
                passed = (
                    [*before, "processing", there] if (here, there) == ("confirmed", "shipped") else [*before, there]
                )
                assert steps(shop, order) == passed
                order = reach(here)
                continue
            # To stay is no move; and what is cancelled may be cancelled again by whom it concerns.
            stays = here == there and (sells or (by_deletion and who == "customer"))
            assert (answer.status_code == 200) == stays, (here, there, who, answer.text)
            if not stays:
                wanted = {"stranger": {403, 404}, "guest": {403, 404}}.get(who, {403, 409})
                assert answer.status_code in wanted, answer.text
                assert answer.json().keys() == {"code", "message", "details", "hint"}
            assert steps(shop, order) == before


@pytest.mark.parametrize("here", STATUSES)
def test_nobody_goes_round_the_functions(
    shop: Shop, people: dict[str, Person], reach: Callable[[str], Order], here: str
) -> None:
    """Not by the table behind the API, and not by the function of those who sell."""
    order = reach(here)
    before = steps(shop, order)
    one = {"id": f"eq.{order['id']}"}
    for who in PEOPLE:
        for there in STATUSES:
            answer = people[who].client.patch("/rest/v1/orders", params=one, json={"status": there})
            assert answer.status_code in {401, 403, 404, 405}, answer.text
            if who not in {"staff", "admin"}:
                body = {"order_id": order["id"], "status": there}
                answer = people[who].client.post("/rest/v1/rpc/set_order_status", json=body)
                assert answer.status_code in {401, 403}, answer.text
    assert shop.client().delete(f"/api/v1/orders/{order['id']}/").status_code == 401
    assert steps(shop, order) == before


@pytest.mark.parametrize("here", STATUSES)
def test_the_servers_parts_write_no_state_and_the_owner_only_what_follows(
    shop: Shop,
    superuser: psycopg.Connection[Any],
    table: dict[tuple[str, str], dict[str, Any]],
    reach: Callable[[str], Order],
    here: str,
) -> None:
    order = reach(here)
    move = "update shop.orders set status = %s where id = %s"

    def refusal(role: str, there: str) -> str | None:
        with superuser.transaction(force_rollback=True):
            superuser.execute(psycopg.sql.SQL("set local role {}").format(psycopg.sql.Identifier(role)))
            try:
                with superuser.transaction():
                    superuser.execute(move, [there, order["id"]])
                    superuser.execute("set constraints all immediate")
            except psycopg.Error as error:
                return error.diag.constraint_name or str(error.sqlstate)
        return None

    for there in STATUSES:
        for role in ("worker", "service", "anon", "customer", "staff", "admin"):
            assert refusal(role, there) == "42501", (role, there)
        said = refusal("owner", there)
        if here != there and (here, there) not in table:
            assert said == "orders_status_follows_transitions", (here, there)
        else:
            # The money and the goods have a word in it, too.
            assert said in {None, "orders_confirmed_when_paid"}, (here, there)
    assert steps(shop, order)[-1] == here

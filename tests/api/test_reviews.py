"""Reviews: one each, shown and counted once approved, right however many act at once."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop

Make = Callable[..., dict[str, Any]]
ActingAs = Callable[..., Person]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def address(product: dict[str, Any], review: dict[str, Any] | None = None, act: str = "") -> str:
    return f"/api/v1/products/{product['slug']}/reviews/{review['id'] + '/' if review else ''}{act}"


def write(person: Person, product: dict[str, Any], rating: int = 4, **fields: Any) -> dict[str, Any]:
    answer = person.client.post(address(product), json={"rating": rating, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def approve(staff: Person, product: dict[str, Any], review: dict[str, Any]) -> dict[str, Any]:
    answer = staff.client.post(address(product, review, "approve/"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def counted(staff: Person, product: dict[str, Any]) -> tuple[int, float | None]:
    """How many and how good; what is listed is what is counted. Asked by staff, whom no cache answers."""
    shown = staff.client.get(f"/api/v1/products/{product['slug']}/").json()
    listed = staff.client.get(address(product), params={"page_size": 100}).json()
    assert listed["count"] == len(listed["results"]) == len(shown["reviews"]) == shown["review_count"]
    (row,) = staff.client.get(f"/rest/v1/products?id=eq.{product['id']}&select=review_count,average_rating").json()
    assert (row["review_count"], row["average_rating"]) == (shown["review_count"], shown["average_rating"])
    return shown["review_count"], shown["average_rating"]


def test_a_review_waits_is_approved_edited_and_deleted(staff: Person, acting_as: ActingAs, make_product: Make) -> None:
    product, author, reader = make_product(), acting_as(), acting_as()
    review = write(author, product, 4, title="Sound", comment="It holds.")
    assert (review["rating"], review["title"], review["comment"]) == (4, "Sound", "It holds.")
    assert (review["is_approved"], review["is_verified_purchase"]) == (False, False)
    assert counted(staff, product) == (0, None)
    # Whoever may see what waits.
    for person, expected in ((staff, [review]), (author, [review]), (reader, [])):
        waiting = person.client.get(address(product), params={"is_approved": "false"}).json()
        assert (waiting["count"], waiting["results"]) == (len(expected), expected)

    approved = approve(staff, product, review)
    assert approved["is_approved"] is True
    assert counted(staff, product) == (1, 4.0)
    assert reader.client.get(address(product)).json()["results"] == [approved]
    assert reader.client.get(f"/api/v1/products/{product['slug']}/").json()["reviews"] == [approved]

    for body in ({"rating": 5}, {"title": "Very sound"}, {"comment": ""}):
        edited = author.client.put(address(product, review), json=body).json()
        assert edited == {**approved, **body, "is_approved": False, "updated_at": edited["updated_at"]}
        assert counted(staff, product) == (0, None)
        approved = approve(staff, product, review)
    assert counted(staff, product) == (1, 5.0)
    assert author.client.delete(address(product, review)).status_code == 204
    assert counted(staff, product) == (0, None)
    assert refused(author.client.delete(address(product, review))) == (404, "review_not_found")
    write(author, product, 1)


def test_one_review_each_even_if_sent_many_times_at_once(
    customer: Person, acting_as: ActingAs, make_product: Make, at_once: Any
) -> None:
    product = make_product()
    answers = at_once([lambda: customer.client.post(address(product), json={"rating": 3})] * 6)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {refused(answer) for answer in answers if answer.status_code == 409} == {(409, "review_exists")}
    write(acting_as(), product)
    write(customer, make_product())


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"rating": 0}, 400, "reviews_rating_is_1_to_5"),
        ({"rating": 6}, 400, "reviews_rating_is_1_to_5"),
        ({"rating": -1}, 400, "reviews_rating_is_1_to_5"),
        ({"rating": 99999}, 400, "invalid_value"),
        ({"rating": 4.5}, 422, "validation_failed"),
        ({"rating": "good"}, 422, "validation_failed"),
        ({"rating": None}, 422, "validation_failed"),
        ({"title": "x" * 256}, 400, "reviews_title_length"),
        ({"comment": "x" * 10001}, 400, "reviews_comment_length"),
        ({"is_approved": True}, 422, "validation_failed"),
        ({"is_verified_purchase": True}, 422, "validation_failed"),
        ({"customer_id": str(uuid.uuid4())}, 422, "validation_failed"),
    ],
)
def test_bad_reviews(
    staff: Person, customer: Person, make_product: Make, fields: dict[str, Any], status: int, code: str
) -> None:
    product = make_product()
    assert refused(customer.client.post(address(product), json={"rating": 4, **fields})) == (status, code)
    review = write(customer, product)
    if fields != {"rating": None}:
        assert refused(customer.client.put(address(product, review), json=fields)) == (status, code)
    waiting = staff.client.get(address(product), params={"is_approved": "0"}).json()
    assert waiting["results"] == [review]


def test_reviews_of_others_are_theirs(
    shop: Shop, staff: Person, customer: Person, acting_as: ActingAs, make_product: Make
) -> None:
    product, author = make_product(), acting_as()
    review = approve(staff, product, write(author, product))
    changes = {"PUT": {"rating": 1}, "DELETE": None}
    for method, body in changes.items():
        answer = customer.client.request(method, address(product, review), json=body)
        assert refused(answer) == (404, "review_not_found")
        assert shop.client().request(method, address(product, review), json=body).status_code == 401
    assert shop.client().post(address(product), json={"rating": 4}).status_code == 401
    row = f"/rest/v1/reviews?id=eq.{review['id']}"
    customer.client.patch(row, json={"rating": 1})
    customer.client.delete(row)
    # Not even staff puts words into somebody's mouth.
    assert refused(staff.client.put(address(product, review), json={"rating": 5})) == (404, "review_not_found")
    assert "reviews_are_worded_by_their_author" in staff.client.patch(row, json={"rating": 5}).json()["message"]
    assert staff.client.get(address(product)).json()["results"] == [review]
    assert staff.client.delete(address(product, review)).status_code == 204
    assert counted(staff, product) == (0, None)


def test_only_staff_approves(shop: Shop, staff: Person, customer: Person, make_product: Make) -> None:
    product, other = make_product(), make_product()
    review = write(customer, product)
    row = f"/rest/v1/reviews?id=eq.{review['id']}"
    for client, status in ((shop.client(), 401), (customer.client, 403)):
        assert client.post(address(product, review, "approve/")).status_code == status
        assert client.patch(row, json={"is_approved": True}).status_code == status
    assert refused(staff.client.post(address(other, review, "approve/"))) == (404, "review_not_found")
    assert refused(staff.client.post(address(product, {"id": "7"}, "approve/"))) == (404, "review_not_found")
    assert refused(customer.client.put(address(other, review), json={"rating": 1})) == (404, "review_not_found")
    assert refused(customer.client.delete(address({"slug": "no-such"}, review))) == (404, "product_not_found")
    assert counted(staff, product) == (0, None)
    assert approve(staff, product, review)["is_approved"] == approve(staff, product, review)["is_approved"] is True
    assert counted(staff, product) == (1, 4.0)


def test_a_purchase_is_verified_by_payment(
    staff: Person, customer: Person, acting_as: ActingAs, make_product: Make, buy: Any, pay: Any
) -> None:
    product, other, waiting = make_product(), make_product(), acting_as()
    assert pay(customer, buy(customer, product)).status_code == 200
    buy(waiting, product)
    assert write(customer, product)["is_verified_purchase"] is True
    assert write(customer, other)["is_verified_purchase"] is False
    review = write(waiting, product)
    assert review["is_verified_purchase"] is False
    answer = waiting.client.patch(f"/rest/v1/reviews?id=eq.{review['id']}", json={"is_verified_purchase": True})
    assert answer.status_code == 403
    shown = f"/rest/v1/reviews?product_id=eq.{product['id']}&select=is_verified_purchase&order=created_at"
    assert staff.client.get(shown).json() == [{"is_verified_purchase": True}, {"is_verified_purchase": False}]


def test_what_is_not_sold_is_not_reviewed(customer: Person, make_product: Make) -> None:
    hidden = make_product(is_active=False)
    for product in (hidden, {"slug": "no-such"}):
        for answer in (
            customer.client.get(address(product)),
            customer.client.post(address(product), json={"rating": 4}),
        ):
            assert refused(answer) == (404, "product_not_found")
    for product_id in (hidden["id"], str(uuid.uuid4())):
        answer = customer.client.post("/rest/v1/reviews", json={"product_id": product_id, "rating": 4})
        assert answer.status_code == 403


def test_pages_begin_with_the_newest(staff: Person, acting_as: ActingAs, make_product: Make) -> None:
    product = make_product()
    reviews = [approve(staff, product, write(acting_as(), product, rating)) for rating in (4, 4, 5)]
    assert counted(staff, product) == (3, 4.3)
    page = staff.client.get(address(product), params={"page_size": 2}).json()
    assert (page["count"], page["results"]) == (3, reviews[:0:-1])
    assert staff.client.get(page["next"]).json()["results"] == reviews[:1]
    assert staff.client.get(address(product), params={"page": 2}).json()["message"] == "Invalid page."


def test_counts_are_right_however_many_act_at_once(
    staff: Person, acting_as: ActingAs, make_product: Make, at_once: Any, database: psycopg.Connection[Any]
) -> None:
    product = make_product()
    people = [acting_as() for _ in range(6)]
    reviews = [write(person, product, 1 + number % 5) for number, person in enumerate(people)]
    answers = at_once([lambda r=r: staff.client.post(address(product, r, "approve/")) for r in reviews])
    assert {answer.status_code for answer in answers} == {200}
    assert counted(staff, product) == (6, 2.7)
    # Two edit, two delete, two are approved once more, all of them at the same moment.
    answers = at_once(
        [lambda n=n: people[n].client.put(address(product, reviews[n]), json={"title": "!"}) for n in (0, 1)]
        + [lambda n=n: people[n].client.delete(address(product, reviews[n])) for n in (2, 3)]
        + [lambda n=n: staff.client.post(address(product, reviews[n], "approve/")) for n in (4, 5)]
    )
    assert [answer.status_code for answer in answers] == [200, 200, 204, 204, 200, 200]
    assert counted(staff, product) == (2, 3.0)
    # One review, approved and edited again and again by both at once: whatever came last, the books agree.
    for _ in range(4):
        at_once(
            [lambda: staff.client.post(address(product, reviews[0], "approve/"))] * 2
            + [lambda: people[0].client.put(address(product, reviews[0]), json={"comment": "?"})] * 2
        )
        assert counted(staff, product) in ((2, 3.0), (3, 2.3))
    wrong = database.execute(
        """select from shop.products p where p.id = %s and (p.review_count, p.rating_total) <> (
          select count(*), coalesce(sum(rating), 0) from shop.reviews where product_id = p.id and is_approved)""",
        [product["id"]],
    ).fetchall()
    assert wrong == []


def test_reviews_in_postgrests_grammar(staff: Person, customer: Person, make_product: Make) -> None:
    product = make_product()
    one = {"Prefer": "return=representation", "Accept": "application/vnd.pgrst.object+json"}
    body = {"product_id": product["id"], "rating": 2, "title": "Fair"}
    review = customer.client.post("/rest/v1/reviews", json=body, headers=one).json()
    again = customer.client.post("/rest/v1/reviews", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "23505")
    row = f"/rest/v1/reviews?id=eq.{review['id']}"
    queue = f"/rest/v1/reviews?product_id=eq.{product['id']}&is_approved=eq.false&select=id"
    assert staff.client.get(queue).json() == [{"id": review["id"]}]
    assert staff.client.patch(row, json={"is_approved": True}).status_code == 204
    assert counted(staff, product) == (1, 2.0)
    # A new headline alone takes it out of the count, too.
    assert customer.client.patch(row, json={"title": "Fairer"}).status_code == 204
    assert counted(staff, product) == (0, None)
    assert staff.client.patch(row, json={"is_approved": True}).status_code == 204
    assert counted(staff, product) == (1, 2.0)
    embedded = f"/rest/v1/products?id=eq.{product['id']}&select=average_rating,reviews(rating,title)"
    assert customer.client.get(embedded).json() == [
        {"average_rating": 2.0, "reviews": [{"rating": 2, "title": "Fairer"}]}
    ]
    assert staff.client.patch(row, json={"is_approved": False}).status_code == 204
    assert counted(staff, product) == (0, None)
    assert customer.client.delete(row).status_code == 204
    assert staff.client.get(queue).json() == []

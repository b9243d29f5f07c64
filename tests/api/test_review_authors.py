"""Who wrote a review, as far as its readers may know."""

from tests.api.test_reviews import ActingAs, Make, address, approve, write
from tests.conftest import Person, Shop


def test_a_review_is_signed_by_first_name_and_initial_and_no_more(
    shop: Shop, staff: Person, acting_as: ActingAs, make_product: Make
) -> None:
    product, author = make_product(), acting_as()
    approve(staff, product, write(author, product))
    for first, last, signed in (
        ("Ada", "Lovelace", "Ada L."), ("Ada", "", "Ada"), ("Émile", "École", "Émile É."), ("", "Lovelace", None),
    ):  # fmt: skip
        names = {"first_name": first, "last_name": last}
        assert author.client.patch("/api/v1/users/me/", json=names).status_code == 200
        for path in (address(product), f"/rest/v1/reviews?product_id=eq.{product['id']}", address(product)[:-8]):
            answer = shop.client().get(path)
            shown = answer.json()
            (review,) = shown if isinstance(shown, list) else shown.get("results") or shown["reviews"]
            assert review["author_name"] == signed
            assert not any(word in answer.text for word in ("Lovelace", "École", author.email, author.id))

"""Everybody may have a picture and some words: cleaned and copied as those of products are, and gone when dropped."""

import hashlib
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Person, Shop, eventually
from tests.extensions.uploads import HTML, SVG, picture, send, stored

ME, AVATAR = "/api/v1/users/me/", "/api/v1/users/me/avatar/"


def files(shop: Shop, image: str) -> set[str]:
    return {path.name for path in (shop.state / "media/avatars").glob(f"{Path(image).stem}*")}


def uploaded(person: Person) -> str:
    """A picture's path, once its copies are made."""
    answer = send(person, AVATAR, picture("PNG"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["avatar_thumbnails"] == {}
    eventually(lambda: person.client.get(ME).json()["avatar_thumbnails"], what="copies")
    return str(answer.json()["avatar"])


def test_an_avatar_is_shown_with_copies_on_both_surfaces(shop: Shop, customer: Person) -> None:
    assert customer.client.get(ME).json()["avatar"] is None
    image = uploaded(customer)
    assert re.fullmatch(r"/media/avatars/[0-9a-f]{32}\.png", image)
    me = customer.client.get(ME).json()
    (row,) = customer.client.get("/rest/v1/customers").json()
    assert me["avatar"] == row["avatar"] == image
    assert me["avatar_thumbnails"] == row["avatar_thumbnails"]
    assert stored(shop, image).size == (640, 480)
    copies = {width: stored(shop, path) for width, path in me["avatar_thumbnails"].items()}
    assert {width: (copy.format, copy.width) for width, copy in copies.items()} == {
        "160": ("WEBP", 160), "480": ("WEBP", 480), "960": ("WEBP", 640),
    }  # fmt: skip
    assert "immutable" in shop.client().get(image).headers["cache-control"]
    # What was read may be sent back as a whole.
    assert customer.client.put(ME, json={**me, "bio": "Sells seashells.\nBy the sea."}).json()["avatar"] == image


def test_another_takes_its_place_and_files_go_with_it(shop: Shop, customer: Person) -> None:
    first, second = uploaded(customer), uploaded(customer)
    assert first != second
    eventually(lambda: not files(shop, first), what="the first one's files are gone")
    assert len(files(shop, second)) == 4
    for _ in range(2):
        assert customer.client.delete(AVATAR).status_code == 204
    me = customer.client.get(ME).json()
    assert (me["avatar"], me["avatar_thumbnails"]) == (None, {})
    eventually(lambda: not files(shop, second), what="the second one's files are gone")
    assert shop.client().get(second).status_code == 404
    third = uploaded(customer)
    assert customer.client.post("/rest/v1/rpc/remove_avatar", json={}).status_code == 204
    eventually(lambda: not files(shop, third), what="the third one's files are gone")


def test_files_go_with_the_person(shop: Shop, customer: Person, database: psycopg.Connection[Any]) -> None:
    image = uploaded(customer)
    assert len(files(shop, image)) == 4
    database.execute("delete from shop.customers where id = %s", [customer.id])
    eventually(lambda: not files(shop, image), what="files are gone")


@pytest.mark.parametrize(("raw", "code"), [(HTML, "not_a_picture"), (SVG, "not_a_picture"), (b"", "not_a_picture")])
def test_what_is_no_picture_is_refused(customer: Person, raw: bytes, code: str) -> None:
    answer = send(customer, AVATAR, raw)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert customer.client.get(ME).json()["avatar"] is None


def test_nobody_names_a_file_nor_touches_another_persons(shop: Shop, customer: Person, acting_as: Any) -> None:
    image = uploaded(customer)
    other = acting_as()
    for path in (image, "/media/products/x.png", None):
        assert other.client.put(ME, json={"avatar": path or "/media/x"}).status_code == 422
        answer = other.client.patch(f"/rest/v1/customers?id=eq.{other.id}", json={"avatar": path})
        assert (answer.status_code, answer.json()["code"]) == (403, "42501")
    assert other.client.delete(AVATAR).status_code == 204
    assert customer.client.get(ME).json()["avatar"] == image
    for answer in (send(shop.client(), AVATAR, picture()), shop.client().delete(AVATAR)):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_who_uploads_without_end_is_told_to_wait(customer: Person, database: psycopg.Connection[Any]) -> None:
    bucket = hashlib.sha256(f"picture {customer.id}".encode()).hexdigest()
    for attempts, status in ((19, 200), (20, 429)):
        database.execute(
            "insert into auth.throttles (bucket, attempts, window_ends_at) values (%s, %s, now() + interval '1 minute')"
            " on conflict (bucket) do update"
            " set attempts = excluded.attempts, window_ends_at = excluded.window_ends_at",
            [bucket, attempts],
        )
        answer = send(customer, AVATAR, picture("PNG", (8, 8)))
        assert answer.status_code == status, answer.text
    assert int(answer.headers["retry-after"]) > 0


def test_words_about_oneself_have_an_end(customer: Person) -> None:
    assert customer.client.get(ME).json()["bio"] == ""
    words = "ü" * 1000
    assert customer.client.put(ME, json={"bio": words}).json()["bio"] == words
    answer = customer.client.put(ME, json={"bio": words + "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "customers_bio_length")
    assert customer.client.put(ME, json={"first_name": "Ada"}).json()["bio"] == words
    patched = customer.client.patch(f"/rest/v1/customers?id=eq.{customer.id}", json={"bio": "Short."})
    assert patched.status_code == 204
    assert customer.client.put(ME, json={"bio": None}).json()["bio"] == "Short."

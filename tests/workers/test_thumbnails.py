"""Smaller copies of pictures come by themselves, and files go with the last row that names them."""

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image

from tests.conftest import Person, Shop, eventually
from tests.extensions.uploads import path_of, picture, send
from tests.workers.outbox import finished, put

Product = dict[str, Any]
WIDTHS = ("160", "480", "960")


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


def files_of(shop: Shop, image: str) -> set[str]:
    """The names of a picture and whatever was made of it."""
    return {path.name for path in (shop.state / image.lstrip("/")).parent.glob(f"*{Path(image).stem}*")}


def whole(image: str) -> set[str]:
    return {Path(image).name, *(f"{Path(image).stem}-{width}.webp" for width in WIDTHS)}


def uploaded(shop: Shop, staff: Person, product: Product, raw: bytes) -> dict[str, Any]:
    """The row of an upload, as it is once its copies are made."""
    answer = send(staff, path_of(product), raw)
    assert (answer.status_code, answer.json()["thumbnails"]) == (201, {}), answer.text

    return dict(eventually(lambda: next(iter(filled(staff, product, answer.json()["id"])), None), what="copies"))


def filled(staff: Person, product: Product, image_id: str) -> list[dict[str, Any]]:
    rows = staff.client.get(path_of(product)).json()["results"]
    return [row for row in rows if row["id"] == image_id and row["thumbnails"]]


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((1600, 1200), [(160, 120), (480, 360), (960, 720)]),
        ((300, 900), [(160, 480), (300, 900), (300, 900)]),
        ((2000, 1), [(160, 1), (480, 1), (960, 1)]),
        ((1, 1), [(1, 1)] * 3),
    ],
)
def test_copies_are_made_and_never_larger(
    shop: Shop, staff: Person, product: Product, size: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    row = uploaded(shop, staff, product, picture("PNG", size))
    assert list(row["thumbnails"]) == list(WIDTHS)
    made = []
    for path in row["thumbnails"].values():
        answer = shop.client().get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert "immutable" in answer.headers["cache-control"]
        with Image.open(io.BytesIO(answer.content)) as copy:
            assert copy.format == "WEBP"
            made.append(copy.size)
    assert made == sizes
    (rest,) = staff.client.get("/rest/v1/product_images", params={"id": f"eq.{row['id']}"}).json()
    shown = staff.client.get(f"/api/v1/products/{product['slug']}/").json()["images"][0]
    assert rest["thumbnails"] == shown["thumbnails"] == row["thumbnails"]
    assert files_of(shop, row["image"]) == whole(row["image"])


@pytest.mark.parametrize(
    "raw", [picture("PNG", mode="RGBA"), picture("JPEG"), picture("GIF"), picture("PNG", mode="L")]
)
def test_copies_look_like_the_picture(shop: Shop, staff: Person, product: Product, raw: bytes) -> None:
    row = uploaded(shop, staff, product, raw)
    with Image.open(io.BytesIO(shop.client().get(row["thumbnails"]["160"]).content)) as copy:
        dark, light = (copy.convert("L").getpixel(place) for place in ((20, 20), (150, 110)))
    assert isinstance(dark, int) and isinstance(light, int)
    assert dark < 120
    assert light > 240


def test_twice_is_once(shop: Shop, staff: Person, product: Product, database: psycopg.Connection[Any]) -> None:
    row = uploaded(shop, staff, product, picture())
    before = {name: (shop.state / "media/products" / name).read_bytes() for name in whole(row["image"])}
    finished(database, put(database, "picture.added", {"image": row["image"]}))
    assert files_of(shop, row["image"]) == whole(row["image"])
    assert {name: (shop.state / "media/products" / name).read_bytes() for name in before} == before
    assert filled(staff, product, row["id"]) == [row]


def test_files_go_with_their_row(shop: Shop, staff: Person, product: Product) -> None:
    stays, goes = (uploaded(shop, staff, product, picture("PNG", (50, 50))) for _ in "ab")
    answer = staff.client.delete(f"{path_of(product)}{goes['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")
    eventually(lambda: not files_of(shop, goes["image"]), what="files are gone")
    assert shop.client().get(goes["image"]).status_code == 404
    assert files_of(shop, stays["image"]) == whole(stays["image"])
    again = staff.client.delete(f"{path_of(product)}{goes['id']}/")
    assert (again.status_code, again.json()["code"]) == (404, "image_not_found")


def test_files_stay_as_long_as_any_row_names_them(
    shop: Shop, staff: Person, product: Product, make_product: Callable[..., Product], database: psycopg.Connection[Any]
) -> None:
    row, other = uploaded(shop, staff, product, picture()), make_product()
    database.execute("insert into shop.product_images (product_id, image) values (%s, %s)", [other["id"], row["image"]])
    staff.client.delete(f"{path_of(product)}{row['id']}/")
    dropped = database.execute(
        "select id::text from shop.outbox where topic = 'picture.dropped' and payload ->> 'image' = %s"
        " and available_at <= now()",
        [row["image"]],
    ).fetchone()
    assert dropped
    finished(database, dropped["id"])
    # The other row's copies may be in the making: a file that is being written has a name of its own.
    eventually(lambda: files_of(shop, row["image"]) == whole(row["image"]), what="all files")
    # The last row goes, here with all of its product.
    database.execute("delete from shop.product_images where product_id = %s", [other["id"]])
    eventually(lambda: not files_of(shop, row["image"]), what="files are gone")


def test_a_categorys_old_picture_goes(shop: Shop, staff: Person) -> None:
    made = staff.client.post("/api/v1/products/categories/", json={"name": uuid.uuid4().hex}).json()
    path = f"/api/v1/products/categories/{made['slug']}/image/"
    first, second = (send(staff, path, picture("PNG", (30, 30))).json()["image"] for _ in "ab")
    eventually(lambda: not files_of(shop, first), what="the first is gone")
    eventually(lambda: files_of(shop, second) == whole(second), what="copies of the second")
    assert staff.client.delete(path).status_code == 204
    eventually(lambda: not files_of(shop, second), what="the second is gone")
    third = send(staff, path, picture("PNG", (30, 30))).json()["image"]
    assert staff.client.delete("/rest/v1/categories", params={"id": f"eq.{made['id']}"}).status_code == 204
    eventually(lambda: not files_of(shop, third), what="it went with its category")


def test_pictures_of_categories_get_copies_too(shop: Shop, staff: Person) -> None:
    made = staff.client.post("/api/v1/products/categories/", json={"name": uuid.uuid4().hex}).json()
    path, rest = f"/api/v1/products/categories/{made['slug']}/", f"/rest/v1/categories?id=eq.{made['id']}"

    def filled() -> dict[str, str]:
        (row,) = staff.client.get(rest).json()
        return dict(row["thumbnails"])

    for kind in ("PNG", "JPEG"):
        shown = send(staff, f"{path}image/", picture(kind, (600, 300))).json()
        # Those of the one before are not its copies.
        assert shown["thumbnails"] == {}
        copies = eventually(filled, what="copies")
        assert list(copies) == list(WIDTHS)
        for width, copy in copies.items():
            assert Path(copy).name == f"{Path(shown['image']).stem}-{width}.webp"
            answer = shop.client().get(copy)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    listed, page = list[Any](), "/api/v1/products/categories/?page_size=200"
    while page:
        # Others have made categories, too.
        answer = staff.client.get(page).json()
        listed, page = [*listed, *answer["results"]], answer["next"]
    assert [one["thumbnails"] for one in listed if one["id"] == made["id"]] == [copies]
    assert staff.client.patch(rest, json={"thumbnails": {"160": "/media/x.webp"}}).status_code == 403
    assert staff.client.delete(f"{path}image/").status_code == 204
    assert filled() == {}


def come_forward(database: psycopg.Connection[Any], image: str) -> str:
    """The hour that a file has to get its row is over."""
    row = database.execute(
        "update shop.outbox set available_at = now() where topic = 'picture.dropped' and payload ->> 'image' = %s"
        " and available_at > now() returning id::text",
        [image],
    ).fetchone()
    assert row, f"nothing waits for {image}"
    database.execute("notify outbox")
    return str(row["id"])


def test_a_file_without_a_row_does_not_stay(
    shop: Shop, staff: Person, product: Product, database: psycopg.Connection[Any]
) -> None:
    """As if the service had died between the file and its row."""
    named = database.execute("select logic.name_picture('products', 'png') as image").fetchone()
    assert named
    orphan = shop.state / named["image"].lstrip("/")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(picture("PNG"))
    begun = orphan.with_name(f".{orphan.name}.0a1b2c3d")
    begun.write_bytes(b"half")
    finished(database, come_forward(database, named["image"]))
    assert not files_of(shop, named["image"])
    row = uploaded(shop, staff, product, picture("PNG"))
    finished(database, come_forward(database, row["image"]))
    assert files_of(shop, row["image"]) == whole(row["image"])


def test_copies_of_what_is_gone_by_then_do_not_stay(shop: Shop, database: psycopg.Connection[Any]) -> None:
    """As if a worker had died after it made them, and the row went before the next one came."""
    folder, stem = shop.state / "media/products", uuid.uuid4().hex
    folder.mkdir(exist_ok=True)
    for width in WIDTHS:
        (folder / f"{stem}-{width}.webp").write_bytes(b"copy")
    finished(database, put(database, "picture.added", {"image": f"/media/products/{stem}.png"}))
    assert not list(folder.glob(f"{stem}*"))


def test_pictures_of_the_demo_shop_are_left_alone(
    shop: Shop, product: Product, database: psycopg.Connection[Any]
) -> None:
    image = f"/media/products/{uuid.uuid4().hex}.svg"
    database.execute("insert into shop.product_images (product_id, image) values (%s, %s)", [product["id"], image])
    database.execute("delete from shop.product_images where image = %s", [image])
    rows = database.execute("select topic from shop.outbox where payload ->> 'image' = %s", [image]).fetchall()
    assert rows == []

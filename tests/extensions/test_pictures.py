"""Staff uploads pictures: what is kept, under which name, and how it is shown on both surfaces."""

import io
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.conftest import Person, Shop
from tests.extensions.uploads import path_of, picture, send

Product = dict[str, Any]
NAME = re.compile(r"/media/products/[0-9a-f]{32}\.(jpg|png|webp)")


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


def upload(staff: Person, product: Product, raw: bytes | None = None, **form: str) -> dict[str, Any]:
    answer = send(staff, path_of(product), picture() if raw is None else raw, **form)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def stored(shop: Shop, image: str) -> Image.Image:
    """The file as a stranger gets it."""
    answer = shop.client().get(image)
    assert answer.status_code == 200
    opened = Image.open(io.BytesIO(answer.content))
    opened.load()
    return opened


@pytest.mark.parametrize(
    ("raw", "extension", "kept"),
    [
        (picture("JPEG"), "jpg", "JPEG"),
        (picture("PNG"), "png", "PNG"),
        (picture("WEBP"), "webp", "WEBP"),
        (picture("GIF"), "png", "PNG"),
        (picture("PNG", mode="RGBA"), "png", "PNG"),
        (picture("JPEG", mode="CMYK"), "jpg", "JPEG"),
        (picture("PNG", mode="L"), "png", "PNG"),
        (picture("PNG", mode="I;16"), "png", "PNG"),
    ],
    ids=["jpeg", "png", "webp", "gif", "rgba", "cmyk", "grey", "sixteen-bits"],
)
def test_the_bytes_say_what_it_is(
    shop: Shop, staff: Person, product: Product, raw: bytes, extension: str, kept: str
) -> None:
    made = upload(staff, product, raw)
    assert NAME.fullmatch(made["image"])
    assert made["image"].endswith(f".{extension}")
    image = stored(shop, made["image"])
    assert (image.format, image.size) == (kept, (640, 480))
    assert (made["width"], made["height"]) == (640, 480)
    assert image.mode in {"L", "RGB", "RGBA"}
    # The dark quarter is still where it was; red is grey where there is no colour.
    red, white = image.convert("RGB").getpixel((50, 50)), image.convert("RGB").getpixel((600, 400))
    assert min(white) > 250, white
    assert min(red) < 80, red


def test_a_row_is_shown_everywhere_alike(shop: Shop, staff: Person, product: Product) -> None:
    made = upload(staff, product, alt_text="Red, upper left")
    assert (made["alt_text"], made["is_primary"], made["sort_order"]) == ("Red, upper left", True, 0)
    visitor = shop.client()
    listed = visitor.get(path_of(product)).json()
    assert (listed["count"], [row["id"] for row in listed["results"]]) == (1, [made["id"]])
    shown = visitor.get(f"/api/v1/products/{product['slug']}/").json()["images"]
    assert [row["image"] for row in shown] == [made["image"]]
    (row,) = visitor.get("/rest/v1/product_images", params={"id": f"eq.{made['id']}"}).json()
    assert {name: row[name] for name in ("image", "alt_text", "is_primary", "width", "height", "product_id")} == {
        "image": made["image"],
        "alt_text": "Red, upper left",
        "is_primary": True,
        "width": 640,
        "height": 480,
        "product_id": product["id"],
    }


def test_nothing_that_was_written_about_a_picture_is_kept(shop: Shop, staff: Person, product: Product) -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste("red", (0, 0, 10, 10))
    exif = image.getexif()
    exif[0x0112] = 6  # To be turned clockwise.
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)  # Where somebody lives.
    raw = io.BytesIO()
    image.save(raw, "JPEG", exif=exif, comment="secret comment", dpi=(300, 300), quality=95)
    assert b"Secret Camera" in raw.getvalue()
    kept = stored(shop, upload(staff, product, raw.getvalue())["image"])
    assert kept.size == (20, 40)
    red, white = (kept.convert("RGB").getpixel(place) for place in ((18, 2), (2, 38)))
    assert (red[0] > 200, red[1] < 60) == (True, True)  # type: ignore[index]
    assert min(white) > 200  # type: ignore[arg-type,type-var]
    assert not dict(kept.getexif())
    assert not {"exif", "comment", "icc_profile", "xmp", "dpi"} & kept.info.keys()
    kept = stored(shop, upload(staff, product, with_text())["image"])
    assert not {"Author", "exif", "icc_profile"} & kept.info.keys()


def with_text() -> bytes:
    from PIL import PngImagePlugin

    words = PngImagePlugin.PngInfo()
    words.add_text("Author", "Secret Person")
    return picture("PNG", pnginfo=words)


def test_the_first_picture_of_what_moves_is_kept(shop: Shop, staff: Person, product: Product) -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    raw = io.BytesIO()
    frames[0].save(raw, "GIF", save_all=True, append_images=frames[1:])
    kept = stored(shop, upload(staff, product, raw.getvalue())["image"])
    assert getattr(kept, "n_frames", 1) == 1
    assert kept.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_names_are_ours(shop: Shop, staff: Person, product: Product) -> None:
    for name in ("../../secrets.json", "evil.php", "x\x00.svg", "a" * 3000, "ü.html", ""):
        answer = send(staff, path_of(product), picture("PNG"), name=name or "x")
        assert answer.status_code == 201, answer.text
        assert NAME.fullmatch(answer.json()["image"])
    folder = shop.state / "media/products"
    assert not [path.name for path in folder.iterdir() if path.suffix not in {".jpg", ".png", ".webp", ".svg"}]


def test_an_upload_may_be_kept_for_ever_and_other_pictures_for_a_month(
    shop: Shop, staff: Person, product: Product
) -> None:
    answer = shop.client().get(upload(staff, product)["image"])
    assert answer.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    again = shop.client().get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    missing = shop.client().get(f"/media/products/{'0' * 32}.jpg")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers.get("cache-control", "")


def test_the_first_is_primary_until_another_is(staff: Person, product: Product) -> None:
    first, second = upload(staff, product), upload(staff, product)
    assert (first["is_primary"], second["is_primary"], second["sort_order"]) == (True, False, 1)
    third = upload(staff, product, is_primary="true")
    assert third["is_primary"]
    changed = staff.client.put(f"{path_of(product)}{second['id']}/", json={"is_primary": True, "alt_text": "Second"})
    assert (changed.status_code, changed.json()["alt_text"], changed.json()["is_primary"]) == (200, "Second", True)
    rows = staff.client.get(path_of(product)).json()["results"]
    assert [(row["id"], row["is_primary"]) for row in rows] == [
        (second["id"], True), (first["id"], False), (third["id"], False),
    ]  # fmt: skip


def test_many_at_once_leave_one_primary(staff: Person, product: Product, at_once: Callable[..., list[Any]]) -> None:
    made = [upload(staff, product, picture("PNG", (20, 20))) for _ in range(4)]
    answers = at_once(
        [
            lambda id_=row["id"]: staff.client.put(f"{path_of(product)}{id_}/", json={"is_primary": True})
            for row in made
            for _ in range(3)
        ]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [row["is_primary"] for row in staff.client.get(path_of(product)).json()["results"]] == [True, *[False] * 3]


def test_a_category_has_one_picture(shop: Shop, staff: Person) -> None:
    made = staff.client.post("/api/v1/products/categories/", json={"name": f"Shelf {id(shop)}"}).json()
    path = f"/api/v1/products/categories/{made['slug']}/image/"
    answer = send(staff, path, picture("PNG"))
    assert answer.status_code == 200, answer.text
    first = answer.json()["image"]
    assert re.fullmatch(r"/media/categories/[0-9a-f]{32}\.png", first)
    assert stored(shop, first).size == (640, 480)
    second = send(staff, path, picture("PNG")).json()["image"]
    assert second != first
    listed = staff.client.get("/rest/v1/categories", params={"id": f"eq.{made['id']}"}).json()
    assert listed[0]["image"] == second
    assert staff.client.delete(path).status_code == 204
    listed = staff.client.get("/rest/v1/categories", params={"id": f"eq.{made['id']}"}).json()
    assert listed[0]["image"] is None
    assert send(staff, path.replace(made["slug"], "nowhere"), picture()).json()["code"] == "category_not_found"
    gone = staff.client.delete(path.replace(made["slug"], "nowhere"))
    assert (gone.status_code, gone.json()["code"]) == (404, "category_not_found")


def test_what_is_said_of_a_picture_is_checked(staff: Person, product: Product, make_product: Any) -> None:
    path = f"{path_of(product)}{upload(staff, product)['id']}/"
    for body, status, code in (
        ({"alt_text": "x" * 256}, 400, "product_images_alt_text_length"),
        ({"image": "/media/products/other.png"}, 422, "validation_failed"),
        ({"is_primary": "yes"}, 422, "validation_failed"),
        ({"sort_order": "first"}, 422, "validation_failed"),
    ):
        answer = staff.client.put(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    # Not under another product's address.
    other = path.replace(product["slug"], make_product()["slug"])
    for answer in (staff.client.put(other, json={"sort_order": 3}), staff.client.delete(other)):
        assert (answer.status_code, answer.json()["code"]) == (404, "image_not_found")
    assert staff.client.put(path, json={"sort_order": 3}).json()["sort_order"] == 3


def test_the_other_surface_changes_words_but_no_files(staff: Person, customer: Person, product: Product) -> None:
    row = {"id": f"eq.{upload(staff, product)['id']}"}
    answer = staff.client.patch("/rest/v1/product_images", params=row, json={"alt_text": "Seen"})
    assert answer.status_code == 204
    assert staff.client.get("/rest/v1/product_images", params=row).json()[0]["alt_text"] == "Seen"
    for client, method, body in (
        (staff.client, "PATCH", {"image": "/media/products/x.png"}),
        (staff.client, "PATCH", {"thumbnails": {}}),
        (customer.client, "PATCH", {"alt_text": "Mine"}),
        (customer.client, "DELETE", None),
    ):
        answer = client.request(method, "/rest/v1/product_images", params=row, json=body)
        assert answer.status_code == 403, (method, body)
    assert staff.client.delete("/rest/v1/product_images", params=row).status_code == 204


def test_any_client_is_answered_before_the_slash_and_after(shop: Shop, staff: Person, product: Product) -> None:
    answer = send(staff, path_of(product).rstrip("/"), picture("PNG", (9, 9)))
    assert answer.status_code == 201
    assert isinstance(answer, httpx.Response)

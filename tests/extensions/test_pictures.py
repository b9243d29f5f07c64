"""Staff uploads pictures: what is kept, under which name, and how it is shown on both surfaces."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageCms

from tests.conftest import Person, Shop
from tests.extensions.uploads import path_of, picture, send, stored, upload

Product = dict[str, Any]
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
NAME = re.compile(r"/media/products/[0-9a-f]{32}\.(jpg|png|webp)")


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


KINDS = {
    "jpeg": (picture("JPEG"), "jpg"),
    "png": (picture("PNG"), "png"),
    "webp": (picture("WEBP"), "webp"),
    "gif": (picture("GIF"), "png"),
    "rgba": (picture("PNG", mode="RGBA"), "png"),
    "cmyk": (picture("JPEG", mode="CMYK"), "jpg"),
    "grey": (picture("PNG", mode="L"), "png"),
    "sixteen-bits": (picture("PNG", mode="I;16"), "png"),
    "palette": (picture("PNG", mode="P"), "png"),
    "one-bit": (picture("PNG", mode="1"), "png"),
    "grey-alpha": (picture("PNG", mode="LA"), "png"),
    "profile": (picture("JPEG", icc_profile=PROFILE), "jpg"),
    "palette-profile": (picture("PNG", mode="P", icc_profile=PROFILE), "png"),
    "grey-profile": (picture("JPEG", mode="L", icc_profile=PROFILE), "jpg"),
    "damaged-profile": (picture("JPEG", icc_profile=b"no profile"), "jpg"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_say_what_it_is(shop: Shop, staff: Person, product: Product, kind: str) -> None:
    raw, extension = KINDS[kind]
    made = upload(staff, product, raw)
    assert NAME.fullmatch(made["image"])
    assert made["image"].endswith(f".{extension}")
    image = stored(shop, made["image"])
    assert (image.format, image.size) == ({"jpg": "JPEG"}.get(extension, extension.upper()), (640, 480))
    assert (made["width"], made["height"]) == (640, 480)
    assert image.mode in {"1", "P", "L", "LA", "RGB", "RGBA"}
    # The dark quarter is still where it was; red is grey where there is no colour.
    red, white = image.convert("RGB").getpixel((50, 50)), image.convert("RGB").getpixel((600, 400))
    assert min(white) > 250, white
    assert min(red) < 80, red


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
    kept = stored(shop, upload(staff, product, picture("JPEG", icc_profile=PROFILE))["image"])
    assert "icc_profile" not in kept.info
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
    # A thumbnail that the worker has in hand begins with a dot, and nginx does not serve it.
    there = [path for path in (shop.state / "media/products").iterdir() if not path.name.startswith(".")]
    assert not [path.name for path in there if path.suffix not in {".jpg", ".png", ".webp", ".svg"}]


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


def test_the_slash_at_the_end_may_be_left_out(staff: Person, product: Product) -> None:
    assert send(staff, path_of(product).rstrip("/"), picture("PNG", (9, 9))).status_code == 201


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_what_is_transparent_stays_so(shop: Shop, staff: Person, product: Product, mode: str) -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 255))
    clear.paste((0, 0, 0, 0), (0, 0, 20, 20))
    raw = io.BytesIO()
    (clear if mode == "RGBA" else clear.quantize(8)).save(raw, "PNG")
    kept = stored(shop, upload(staff, product, raw.getvalue())["image"]).convert("RGBA")
    assert (kept.getpixel((5, 5))[3], kept.getpixel((35, 35))) == (0, (255, 0, 0, 255))  # type: ignore[index]

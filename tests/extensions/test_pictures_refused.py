"""What is no picture, too large, from nobody or half is refused, and leaves neither a row nor a file."""

import io
import uuid
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Person, Shop, eventually
from tests.extensions import uploads
from tests.extensions.uploads import HTML, SVG, path_of, picture, send
from tests.gateway.conftest import assert_problem

Product = dict[str, Any]


def archive(*, bomb: bool = False) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("picture.png", bytes(50 << 20) if bomb else picture("PNG"))
    return made.getvalue()


REFUSED = {
    "empty": b"",
    "a text": b"hello, I am a picture",
    "a zip bomb": archive(bomb=True),
    "an SVG": SVG.replace(b"<script>alert(1)</script>", b""),
    "an SVG with a script": SVG,
    "HTML": HTML,
    "HTML that begins like a GIF": b"GIF89a" + HTML,
    "a GIF with HTML behind it": picture("GIF", (8, 8)) + HTML,
    "a JPEG with HTML in a comment": picture("JPEG", comment=HTML),
    "a JPEG with an archive behind it": picture("JPEG") + archive(),
    "a JPEG that is a PDF as well": picture("JPEG", comment=b"%PDF-1.7\n1 0 obj"),
    "a PDF with a JPEG in it": b"%PDF-1.7\n" + picture("JPEG"),
    "a JPEG of which half is missing": picture("JPEG", quality=95)[:-4000],
    "a PNG of which half is missing": picture("PNG", (900, 900), pnginfo=None)[:-2000],
    "a WebP of which half is missing": picture("WEBP")[:-300],
    "a head without a body": picture("PNG")[:40],
    "a PNG with wrong sums": picture("PNG").replace(b"IDAT", b"IDAT\x00", 1),
    "a bomb in a comment": uploads.text_bomb(),
    "a BMP": picture("BMP", (40, 40)),
    "a TIFF": picture("TIFF", (40, 40)),
    "an icon": picture("ICO", (32, 32)),
    "a PostScript file": picture("EPS", (40, 40)),
}


@pytest.fixture(scope="module")
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


def await_copies(database: psycopg.Connection[Any]) -> None:
    """Copies of what other tests have sent are made by and by."""
    busy = (
        "select 1 from shop.outbox where topic like 'picture.%'"
        " and done_at is null and dead_at is null and available_at <= now()"
    )
    eventually(lambda: not database.execute(busy).fetchone(), what="the workers rest")


@pytest.fixture
def unchanged(shop: Shop, database: psycopg.Connection[Any]) -> Any:
    """Neither files nor rows come in a test that asks for this."""

    def look() -> tuple[set[Path], int]:
        rows = database.execute("select id from shop.product_images").fetchall()
        return set((shop.state / "media").rglob("*")), len(rows)

    await_copies(database)
    before = look()
    yield
    assert look() == before


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.usefixtures("unchanged")
def test_what_is_no_picture_is_refused(staff: Person, product: Product, what: str) -> None:
    problem = assert_problem(send(staff, path_of(product), REFUSED[what]), 422, "not_a_picture")
    assert problem["details"] is None


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000), (5001, 5000), (16_384, 1)])
@pytest.mark.usefixtures("unchanged")
def test_too_many_pixels_are_refused_before_they_are_unpacked(
    staff: Person, product: Product, size: tuple[int, int]
) -> None:
    # Of the larger ones only the head is there: whoever would unpack it would say that it is damaged.
    raw = uploads.huge_png(*size) if size == (10_000, 10_000) else uploads.huge_png(*size)[:200]
    problem = assert_problem(send(staff, path_of(product), raw), 422, "picture_too_large")
    assert problem["details"] == {"image": ["At most 25000000 pixels, and 16383 on a side."]}


@pytest.mark.usefixtures("unchanged")
def test_a_form_that_is_none_is_refused(staff: Person, product: Product) -> None:
    path, raw = path_of(product), picture()
    post = staff.client.post
    wrong = assert_problem(send(staff, path, raw, field="file"), 422, "validation_failed")
    assert wrong["details"].keys() == {"file"}
    missing = assert_problem(post(path, files={"alt_text": (None, "x")}), 422, "validation_failed")
    assert missing["details"] == {"image": ["This file is required."]}
    no_file = assert_problem(post(path, files={"image": (None, "no file")}), 422, "validation_failed")
    assert no_file["details"] == {"image": ["This file is required."]}
    two = [("image", ("a.jpg", raw, "image/jpeg")), ("image", ("b.jpg", raw, "image/jpeg"))]
    assert_problem(post(path, files=two), 400, "bad_request")
    assert_problem(send(staff, path, raw, is_primary="perhaps"), 422, "validation_failed")
    assert_problem(send(staff, path, raw, alt_text="x" * 256), 422, "validation_failed")
    assert_problem(send(staff, path, raw, alt_text="a\x00b"), 422, "validation_failed")
    assert_problem(send(staff, path, raw, colour="red"), 422, "validation_failed")
    assert_problem(send(staff, path, raw, **{f"field{n}": "x" for n in range(20)}), 400, "bad_request")
    assert_problem(send(staff, path, raw, alt_text="x" * 100_000), 400, "bad_request")
    assert_problem(post(path, json={"image": "/media/x.jpg"}), 415, "unsupported_media_type")
    assert_problem(post(path, content=raw, headers={"Content-Type": "image/jpeg"}), 415, "unsupported_media_type")
    for kind, body in (
        ("multipart/form-data", raw),
        ("multipart/form-data; boundary=x", raw),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=image; filename=a\r\n\r\n"),
    ):
        answer = post(path, content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 422), answer.text
        assert_problem(answer, answer.status_code)


@pytest.mark.usefixtures("unchanged")
def test_only_staff_uploads_and_only_for_what_there_is(
    shop: Shop, staff: Person, customer: Person, product: Product
) -> None:
    # Nobody's bytes are looked at before it is sure that they may send them: these would be refused otherwise.
    for path in (path_of(product), "/api/v1/products/categories/lamps/image/"):
        assert_problem(send(customer, path, b"no picture"), 403, "permission_denied")
        assert_problem(send(shop.client(), path, b"no picture"), 401, "not_authenticated")
        assert_problem(send(shop.client("x.y.z"), path, b"no picture"), 401, "token_invalid")
    nowhere = {"slug": f"no-{uuid.uuid4().hex}"}
    assert_problem(send(staff, path_of(nowhere), b"no picture"), 404, "product_not_found")
    assert_problem(staff.client.get(path_of(nowhere)), 404, "product_not_found")
    row = f"{path_of(product)}{uuid.uuid4()}/"
    assert_problem(customer.client.put(row, json={"alt_text": "x"}), 403, "permission_denied")
    assert_problem(customer.client.delete(row), 403, "permission_denied")
    assert_problem(shop.client().put(row, json={"alt_text": "x"}), 401, "not_authenticated")
    assert_problem(shop.client().delete(row), 401, "not_authenticated")
    assert_problem(staff.client.delete(row), 404, "image_not_found")
    gone = "/api/v1/products/categories/lamps/image/"
    assert_problem(customer.client.delete(gone), 403, "permission_denied")
    assert_problem(shop.client().delete(gone), 401, "not_authenticated")


@pytest.mark.usefixtures("unchanged")
def test_a_session_that_has_ended_uploads_nothing(acting_as: Callable[..., Person], product: Product) -> None:
    former = acting_as("staff")
    assert former.client.post("/api/v1/auth/logout/", json={"refresh": former.refresh}).status_code == 200
    assert_problem(send(former, path_of(product), picture()), 401, "token_invalid")


@pytest.mark.usefixtures("unchanged")
def test_only_uploads_may_be_large(staff: Person, product: Product) -> None:
    large, path = bytes(1 << 20), path_of(product)
    assert_problem(send(staff, path, large), 422, "not_a_picture")
    assert_problem(send(staff, path, bytes(13 << 20)), 413, "payload_too_large")
    chunks = (bytes(1 << 20) for _ in range(13))
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert_problem(staff.client.post(path, content=chunks, headers=kind), 413, "payload_too_large")
    for method, other in (
        ("POST", "/api/v1/products/"),
        ("PUT", f"{path}{uuid.uuid4()}/"),
        ("POST", "/api/v1/auth/login/"),
        ("PATCH", "/rest/v1/products?id=eq.1"),
    ):
        answer = staff.client.request(method, other, content=large, headers={"Content-Type": "application/json"})
        assert_problem(answer, 413, "payload_too_large")


def test_the_shop_answers_while_it_decodes(shop: Shop, staff: Person, make_product: Callable[..., Product]) -> None:
    """Uploads one after the other in each of four threads; meanwhile what the service answers, comes."""
    path, raw, client = path_of(make_product()), picture("PNG", (3000, 2000)), shop.client()
    with ThreadPoolExecutor(4) as threads:
        going = [threads.submit(send, staff, path, raw) for _ in range(4)]
        answered = 0
        while not all(upload.done() for upload in going):
            assert client.get("/.well-known/jwks.json").status_code == 200
            answered += 1
        statuses = [upload.result().status_code for upload in going]
    assert statuses == [201] * 4
    # Had the loop waited for the decoder, there would be one a picture.
    assert answered > 20, answered


def test_a_file_is_there_before_its_row(
    shop: Shop, staff: Person, product: Product, database: psycopg.Connection[Any]
) -> None:
    """When the folder cannot be written, there is no row either."""
    # A worker that keeps a copy would make the folder anew, and the one aside could not come back.
    await_copies(database)
    folder = shop.state / "media/products"
    folder.mkdir(exist_ok=True)
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("no folder")
    before = staff.client.get(path_of(product)).json()["count"]
    try:
        assert_problem(send(staff, path_of(product), picture()), 503, "unavailable")
    finally:
        folder.unlink()
        aside.rename(folder)
    assert staff.client.get(path_of(product)).json()["count"] == before
    answer = send(staff, path_of(product), picture())
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 201

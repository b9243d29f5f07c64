"""`pgshop import products` takes what belongs to products: variants, categories by path, pictures, stock."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image

from db.demo import read
from db.drawings import Drawings
from tests.conftest import Person, Shop, eventually
from tests.db.imports import Imported, counted, run, sku
from tests.extensions.uploads import HTML, SVG, path_of, picture, send

__all__ = ["run", "sku"]
HEADER = (
    "sku,name,price,variant_sku,option1_name,option1_value,option2_name,option2_value,price_modifier,stock_quantity\n"
)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """The folder of pictures that belongs to the file which `run` writes."""
    folder = tmp_path / "goods-images"
    folder.mkdir()
    return folder


def detail(staff: Person, database: psycopg.Connection[Any], sku: str) -> dict[str, Any]:
    row = database.execute("select slug from shop.products where sku = %s", [sku]).fetchone()
    assert row, sku
    return dict(staff.client.get(f"/api/v1/products/{row['slug']}/").json())


def test_lines_of_one_sku_are_variants_of_one_product(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any], staff: Person
) -> None:
    text = (
        f"{HEADER}{sku},Shirt,10,{sku}-RS,Colour,Red,Size,S,,5\n"
        # As other shops write them: what was said of the product, and the names of options, is not said again.
        f"{sku},,,{sku}-BL,,Blue,,L,-1.50,0\n"
        # Repeated is as well, and what it says of the product does not count.
        f"{sku},Shirts,99,{sku}-gl,Colour,Green,Size,L,2,7\n"
    )
    assert run(text).counts == counted(created=3)
    shown = detail(staff, database, sku)
    assert (shown["name"], shown["price"], shown["stock_quantity"]) == ("Shirt", "10.00", 12)
    found = [(v["sku"], v["name"], v["attributes"], v["price"], v["stock_quantity"]) for v in shown["variants"]]
    assert found == [
        (f"{sku}-RS", "Red / S", {"Colour": "Red", "Size": "S"}, "10.00", 5),
        (f"{sku}-BL", "Blue / L", {"Colour": "Blue", "Size": "L"}, "8.50", 0),
        (f"{sku}-gl", "Green / L", {"Colour": "Green", "Size": "L"}, "12.00", 7),
    ]
    assert run(text).counts == counted(unchanged=3)
    changed = text.replace("-gl,Colour,Green,Size,L,2,7", "-GL,Colour,Lime,Size,L,3,70")
    assert run(changed).counts == counted(updated=1, unchanged=2)
    assert run(changed, "--correct-stock").counts == counted(updated=1, unchanged=2)
    last = detail(staff, database, sku)["variants"][-1]
    assert (last["sku"], last["attributes"]["Colour"], last["price"], last["stock_quantity"]) == (
        f"{sku}-gl", "Lime", "13.00", 70,
    )  # fmt: skip


def test_bad_lines_of_a_product_leave_its_good_ones(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any], staff: Person
) -> None:
    lines = {
        HEADER.strip(): "",
        f"{sku},Shirt,10,{sku}-1,Size,S,,,,1": "",
        f"{sku},,,{sku}-2,Size,M,,,-10.01,1": "price and price_modifier together are negative",
        f"{sku},,,{sku}-3,Size,L,,,1.005,1": "price_modifier has more than two decimals",
        f"{sku},,,{sku},Size,L,,,,1": "variant_sku is the SKU of a product",
        f"{sku},,,{sku}-4,Size,L,,Red,,1": "an option has a value and no name",
        f"{sku},,,,,,,,,": "empty name",
        f"{sku}x,,,{sku}-5,Size,L,,,,1": "no product has this SKU yet, and a new one needs name and price",
        f"{sku}y,Other,1,{sku}-1,Size,L,,,,1": "the SKU belongs to a variant of another product",
        f"{sku},,,{sku}-6,Size,{'x' * 200},Colour,{'y' * 256},,1": "option2_value is longer than 255 characters",
        f"{sku},,,{sku}-7,Size,XL,,,,1": "",
    }
    done = run("\n".join(lines))
    assert done.counts == counted(created=2, rejected=8)
    expected = [(str(number), reason) for number, reason in enumerate(lines.values(), 1) if reason]
    assert [(row["line"], row["reason"]) for row in done.report] == expected
    assert [v["sku"] for v in detail(staff, database, sku)["variants"]] == [f"{sku}-1", f"{sku}-7"]


def test_other_shops_columns_are_mapped(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any], staff: Person
) -> None:
    text = (
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
        f"{sku},Lamp,Colour,Brass,{sku}-1,3,20.00\n{sku},,,Steel,{sku}-2,4,18.50\n"
    )
    columns = {
        "sku": "Handle", "name": "Title", "price": "Variant Price", "variant_price": "Variant Price",
        "variant_sku": "Variant SKU", "stock_quantity": "Variant Inventory Qty",
        "option1_name": "Option1 Name", "option1_value": "Option1 Value",
    }  # fmt: skip
    options = [option for field, column in columns.items() for option in ("--map", f"{field}={column}")]
    assert run(text, *options).counts == counted(created=2)
    found = [(v["name"], v["price"]) for v in detail(staff, database, sku)["variants"]]
    assert found == [("Brass", "20.00"), ("Steel", "18.50")]


def test_categories_are_made_along_their_path(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    done = run(
        "sku,name,price,category\n"
        f"{sku}1,A,1,{sku} Clothing > {sku} Tops>{sku} Shirts\n{sku}2,B,1,{sku} clothing > {sku} Über \\> 50\n"
        f"{sku}3,C,1,{sku} Tops > {sku} Shirts\n{sku}4,D,1,{sku} Home > {sku} Shirts\n{sku}5,D,1,> >\n"
    )
    assert done.counts == counted(created=2, rejected=3)
    # A refused line leaves no category behind.
    made = database.execute(
        """select c.name, p.name as above, c.slug from shop.categories c
        left join shop.categories p on p.id = c.parent_id where c.name like %s order by c.created_at, c.name""",
        [f"{sku}%"],
    ).fetchall()
    assert [(row["name"], row["above"]) for row in made] == [
        (f"{sku} Clothing", None),
        (f"{sku} Shirts", f"{sku} Tops"),
        (f"{sku} Tops", f"{sku} Clothing"),
        (f"{sku} Über > 50", f"{sku} Clothing"),
    ]
    assert made[-1]["slug"] == f"{sku}-uber-50"
    elsewhere = f"lies elsewhere: {sku} Clothing > {sku} Tops"
    assert done.report[0]["reason"] == f"the category {sku} Tops {elsewhere}"
    assert done.report[1]["reason"] == f"the category {sku} Shirts {elsewhere} > {sku} Shirts"


def test_pictures_are_cleaned_stored_once_and_get_their_copies(
    run: Callable[..., Imported], sku: str, images: Path, database: psycopg.Connection[Any], staff: Person, shop: Shop
) -> None:
    marked = Image.Exif()
    marked[0x010E] = "where I live"
    # A JPEG of nothing but pixels stays as it is; one with a word in it is made anew.
    (images / "front.jpg").write_bytes(picture("JPEG", (641, 511), quality=95))
    (images / "back.jpg").write_bytes(picture("JPEG", (640, 480), exif=marked, comment=b"and here"))
    (images / "side.webp").write_bytes(picture("WEBP", (50, 40), "RGBA"))
    (images / "told.webp").write_bytes(picture("WEBP", (50, 41), exif=marked))
    text = (
        f"sku,name,price,image,image_alt,image_is_primary\n{sku},Bowl,1,front.jpg,Front,\n{sku},,,back.jpg,Back,true\n"
        f"{sku},,,side.webp,,\n{sku},,,front.jpg,Front,\n{sku},,,told.webp,,\n"
    )
    assert run(text).counts == counted(created=4, unchanged=1)
    shown = eventually(
        lambda: (found := detail(staff, database, sku)["images"]) and all(i["thumbnails"] for i in found) and found,
        what="copies",
    )
    assert [(i["alt_text"], i["is_primary"], i["sort_order"], i["width"]) for i in shown] == [
        ("Back", True, 1, 640), ("Front", False, 0, 641), ("", False, 2, 50), ("", False, 3, 50),
    ]  # fmt: skip
    back, front, side, told = (shop.client().get(image["image"]).content for image in shown)
    assert front == (images / "front.jpg").read_bytes()
    assert side == (images / "side.webp").read_bytes()
    assert b"I live" not in back + told
    assert b"and here" not in back
    for raw in (back, told):
        with Image.open(io.BytesIO(raw)) as opened:
            assert not opened.getexif()
    assert run(text).counts == counted(unchanged=5)
    assert run(text.replace("Back,true", "Rear,true")).counts == counted(updated=1, unchanged=4)


def test_drawings_of_the_demo_shop_come_back_and_no_other_svg(
    run: Callable[..., Imported], sku: str, images: Path, tmp_path: Path, database: psycopg.Connection[Any], shop: Shop
) -> None:
    drawings = Drawings(tmp_path / "drawn", read("shop.toml")["palettes"])
    path = drawings.draw(*next(zip(drawings.motifs, drawings.palettes, strict=False)))
    text = (tmp_path / "drawn/products" / Path(path).name).read_text()
    (images / "own.svg").write_text(text)
    (images / "other.svg").write_text(text.replace("</svg>", "<script>alert(1)</script></svg>"))
    done = run(f"sku,name,price,image\n{sku}1,Bowl,1,own.svg\n{sku}2,Bowl,1,other.svg\n")
    assert done.counts == counted(created=1, rejected=1)
    assert done.report[0]["line"] == "3"
    row = database.execute("select g.image from shop.product_images g where g.image = %s", [path]).fetchone()
    assert row, path
    assert shop.client().get(path).text == text


def test_an_uploaded_picture_that_comes_as_a_file_is_the_same(
    run: Callable[..., Imported], sku: str, images: Path, staff: Person, make_product: Callable[..., dict[str, Any]]
) -> None:
    made, (first, second) = make_product(), (picture("JPEG", (90, 60)), picture("PNG", (90, 61), "RGBA"))
    stored = [send(staff, path_of(made), raw).json()["image"] for raw in (first, second)]
    (images / "as-uploaded.jpg").write_bytes(first)
    (images / "as-stored.png").write_bytes(staff.client.get(stored[1]).content)
    text = f"sku,name,price,image\n{made['sku']},,,as-uploaded.jpg\n{made['sku']},,,as-stored.png\n"
    assert run(text).counts == counted(unchanged=2)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (HTML, "image: The file is no JPEG"),
        (SVG, "image: The file is no JPEG"),
        (picture("JPEG") + HTML, "image: The file is no JPEG"),
        (picture("JPEG")[:-400], "image: The file is no JPEG"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(9) + b"\xff\xd9", "image: The file is no JPEG"),
        (b"", "image: The file is no JPEG"),
        (bytes(13 << 20), "image is larger than 12 MiB"),
        (None, "image: there is no such file"),
    ],
    ids=["html", "svg", "both", "cut off", "nothing inside", "empty", "large", "none"],
)
def test_a_bad_picture_is_reported_and_nothing_of_its_line_kept(
    run: Callable[..., Imported],
    sku: str,
    images: Path,
    raw: bytes | None,
    reason: str,
    database: psycopg.Connection[Any],
) -> None:
    if raw is not None:
        (images / "a.jpg").write_bytes(raw)
    done = run(f"sku,name,price,image\n{sku}1,Bowl,1,a.jpg\n{sku}2,Bowl,1,\n")
    assert done.counts == counted(created=1, rejected=1)
    assert done.report[0]["reason"].startswith(reason)
    made = database.execute("select sku from shop.products where sku like %s", [f"{sku}%"]).fetchall()
    assert made == [{"sku": f"{sku}2"}]


def test_what_follows_the_pixels_is_not_kept(
    run: Callable[..., Imported], sku: str, images: Path, database: psycopg.Connection[Any], staff: Person, shop: Shop
) -> None:
    secret = b"nothing to see, just a word that stays"
    jpeg, webp = picture("JPEG"), picture("WEBP", (50, 40))
    hidden = b"JUNK" + len(secret).to_bytes(4, "little") + secret + b"\0" * (len(secret) % 2)
    (images / "1.jpg").write_bytes(jpeg + secret)
    (images / "2.jpg").write_bytes(jpeg[:20] + b"\xff\xed" + (len(secret) + 2).to_bytes(2, "big") + secret + jpeg[20:])
    (images / "3.webp").write_bytes(webp + secret)
    (images / "4.webp").write_bytes(b"RIFF" + (len(webp) - 8 + len(hidden)).to_bytes(4, "little") + webp[8:] + hidden)
    lines = [f"{sku},Bowl,1,{path.name}" for path in sorted(images.iterdir())]
    assert run("\n".join(["sku,name,price,image", *lines])).counts == counted(created=4)
    for image in detail(staff, database, sku)["images"]:
        assert secret not in shop.client().get(image["image"]).content


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "link.png"])
def test_a_file_cannot_name_what_lies_elsewhere(
    run: Callable[..., Imported], sku: str, images: Path, name: str
) -> None:
    (images.parent / "secret.png").write_bytes(picture("PNG"))
    (images / "link.png").symlink_to(images.parent / "secret.png")
    done = run(f"sku,name,price,image\n{sku},Bowl,1,{name}\n")
    assert [row["reason"] for row in done.report] == ["image is outside of the folder of pictures"]

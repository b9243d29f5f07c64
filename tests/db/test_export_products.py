"""`pgshop export products`, and the same again: export, import into an empty shop, export is byte by byte the same."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PASSWORD, Shop, pgshop, start_stack
from tests.extensions.uploads import path_of, picture, send

TEXTS = [
    'Said "so", he\r\nsaid,\n\n\ttwice; über → 漢字 😀',
    "=1+1",
    "+49 30",
    "-2 °C",
    "@home",
    "'=quoted already",
    "''tis",
    "\n".join(f'line {number} has a " in it' for number in range(200)),
    "ß" * 100_000,
    "a\\b > c",
]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Shop]]:
    """`shops()` is a new and empty one."""
    running: list[Shop] = []

    def start() -> Shop:
        state = tmp_path_factory.mktemp("shop") / "state"
        state.parent.chmod(0o755)
        running.append(start_stack(state))
        return running[-1]

    yield start
    for shop in running:
        for client in shop.clients:
            client.close()
        pgshop("down", "--purge", "--state", str(shop.state))


def fill(shop: Shop) -> None:
    """A small shop with everything that a catalogue can hold, made by staff."""
    pgshop(
        "user",
        "create",
        "--email",
        "s@example.com",
        "--password",
        PASSWORD,
        "--role",
        "staff",
        "--state",
        str(shop.state),
    )
    client = shop.client()
    login = client.post("/api/v1/auth/login/", json={"email": "s@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {login.json()['access']}"

    def make(path: str, **body: Any) -> dict[str, Any]:
        answer = client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    above = None
    for name in ("Haus", "Küche > Bad", "Töpfe", "back\\slash"):
        above = make("/api/v1/products/categories/", name=name, parent=above)["id"]
    whole = make(
        "/api/v1/products/", name="Topf", sku="T-1", price="20.00", compare_price="25.50", cost_price="7.99",
        category_id=above, brand="Müller & Söhne", barcode="0012345678905", weight="1.250", length="30.5", width="20",
        height="0.01", meta_title="Topf, \"gut\"", meta_description="Ein Topf.\nGut.", low_stock_threshold=0,
        is_featured=True, stock_quantity=3,
    )  # fmt: skip
    variants = f"/api/v1/products/{whole['slug']}/variants/"
    make(
        variants,
        name="Groß",
        sku="T-1-z",
        attributes={"Größe": "L", "n": 42, "lid": True},
        price_modifier="-5.00",
        stock_quantity=9,
    )
    make(variants, name="=Klein", sku="T-1-a", attributes={"Größe": "-S"}, is_active=False)
    for number, (kind, size, mode) in enumerate(
        [("JPEG", (641, 511), "RGB"), ("PNG", (30, 20), "P"), ("WEBP", (50, 40), "RGBA"), ("GIF", (9, 9), "RGB")]
    ):
        form = {"alt_text": f'Bild {number}, "schräg"'} if number else {}
        assert (
            send(
                client, path_of(whole), picture(kind, size, mode), **form, is_primary=str(number == 1).lower()
            ).status_code
            == 201
        )
    images = client.get(path_of(whole)).json()["results"]
    for image in images:
        client.patch(f"{path_of(whole)}{image['id']}/", json={"sort_order": 5})
    for number, text in enumerate(TEXTS):
        make(
            "/api/v1/products/",
            name=f"{text[:20].split(chr(13))[0]} {number}",
            slug=f"text-{number}",
            sku=f"{text[:2].strip()}{number}",
            price="0.00" if number else "1.00",
            description=text,
            is_active=number % 2 == 0,
            stock_quantity=number,
        )
    gone = make("/api/v1/products/", name="Gone", sku="gone", price="1.00")
    assert client.delete(f"/api/v1/products/{gone['slug']}/").status_code == 204


def exported(shop: Shop, file: Path) -> dict[str, bytes]:
    pgshop("export", "products", str(file), "--images", str(file.parent / "pictures"), "--state", str(shop.state))
    return {str(path.relative_to(file.parent)): path.read_bytes() for path in file.parent.rglob("*") if path.is_file()}


def imported(shop: Shop, file: Path) -> str:
    options = ("--images", str(file.parent / "pictures"), "--allow-free", "--state", str(shop.state))
    said = pgshop("import", "products", str(file), *options).stdout
    assert "is in" not in said, said
    return " ".join(said.split())


def test_export_import_export_is_the_same(shops: Callable[[], Shop], tmp_path: Path) -> None:
    first, second = shops(), shops()
    fill(first)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = exported(first, tmp_path / "a/goods.csv")
    assert sorted(files) == [
        "goods.csv",
        *(f"pictures/topf-{n}.{kind}" for n, kind in enumerate(("png", "jpg", "webp", "png"), 1)),
    ]
    with (tmp_path / "a/goods.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["variant_sku"], row["image_is_primary"], row["image_alt"]) for row in rows[:4]] == [
        ("T-1-z", "true", 'Bild 1, "schräg"'),
        ("T-1-a", "false", ""),
        ("", "false", 'Bild 2, "schräg"'),
        ("", "false", 'Bild 3, "schräg"'),
    ]
    assert rows[0]["category"] == "Haus > Küche \\> Bad > Töpfe > back\\\\slash"
    assert [row["description"] for row in rows[4:]] == [
        f"'{text}" if text[0] in "=+-@" or text.startswith("'=") else text for text in TEXTS
    ]
    assert "gone" not in {row["sku"] for row in rows}

    assert f"created {len(rows)} " in imported(second, tmp_path / "a/goods.csv")
    assert exported(second, tmp_path / "b/goods.csv") == files
    shown = [shop.client().get("/api/v1/products/topf/").json() for shop in (first, second)]
    for one in shown:
        assert (len(one["images"]), len(one["variants"])) == (4, 1)
        # Those with one sort_order stand in the order of their ids.
        one["images"].sort(key=lambda image: image["alt_text"])
        for thing in (one, *one["images"], *one["variants"], one["category"]):
            for own in ("id", "image", "thumbnails", "created_at", "updated_at", "category_id"):
                thing.pop(own, None)
    # In a file all options are texts.
    assert shown[0]["variants"][0].pop("attributes") == {"n": 42, "lid": True, "Größe": "L"}
    assert shown[1]["variants"][0].pop("attributes") == {"n": "42", "lid": "true", "Größe": "L"}
    assert shown[0] == shown[1]
    # And in both it is nothing new.
    for shop in (first, second):
        assert f"unchanged {len(rows)} " in imported(shop, tmp_path / "a/goods.csv")
        assert exported(shop, tmp_path / "b/goods.csv") == files

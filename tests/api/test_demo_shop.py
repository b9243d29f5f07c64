"""The demo shop: what a newcomer sees after the first start."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from db.demo import accounts
from tests.conftest import ROOT, Shop, eventually, pgshop, start_stack


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("demo")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    running = start_stack(folder / "state", demo=True)
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        pgshop("down", "--state", str(running.state))


def test_the_first_start_fills_the_shelves(demo: Shop) -> None:
    shop = demo.client()
    tree = shop.get("/rest/v1/categories?select=name,parent_id").json()
    assert sum(1 for category in tree if category["parent_id"]) >= 10
    assert sum(1 for category in tree if not category["parent_id"]) >= 4
    page = shop.get("/rest/v1/products?select=name,category_id,product_variants(id)").json()
    assert len(page) >= 60
    assert all(product["category_id"] for product in page)
    assert sum(len(product["product_variants"]) for product in page) > 100
    assert len(shop.get("/rest/v1/reviews?select=id").json()) > 100


def test_every_picture_is_served_as_a_drawing(demo: Shop) -> None:
    shop = demo.client()
    pictures = {row["image"] for row in shop.get("/rest/v1/product_images?select=image").json()}
    pictures |= {row["image"] for row in shop.get("/rest/v1/categories?select=image").json()}
    assert len(pictures) > 80
    for path in pictures:
        answer = shop.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "<svg" in answer.text
        assert "$" not in answer.text, "a colour was not filled in"


def test_each_demo_account_signs_in_as_its_role(demo: Shop) -> None:
    for email, password, role in accounts():
        answer = demo.client().post("/api/v1/auth/login/", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["email"] == email
        with demo.connect() as connection:
            row = connection.execute(
                "select a.role from auth.accounts a join shop.customers c using (id) where c.email = %s", [email]
            ).fetchone()
        assert row == {"role": role}


def test_the_landing_page_names_accounts_and_loads_nothing_from_elsewhere(demo: Shop) -> None:
    page = demo.client().get("/")
    assert page.status_code == 200
    for email, password, _ in accounts():
        assert email in page.text
        assert password in page.text
    for line in page.text.splitlines():
        for address in line.split('"'):
            assert not address.startswith("//")
            assert not address.startswith("http") or address.startswith("http://127.0.0.1")


def test_the_readme_leads_to_a_paid_order_word_for_word(demo: Shop) -> None:
    readme = (ROOT / "README.md").read_text()
    script = next(block for block in re.findall(r"```bash\n(.*?)```", readme, re.DOTALL) if "curl" in block)
    assert len(re.findall(r"curl", script)) == 5
    script = script.replace("http://127.0.0.1:8000", demo.url)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=True)
    with demo.connect() as connection:
        row = connection.execute("select status from shop.orders order by created_at desc limit 1").fetchone()
    assert row == {"status": "confirmed"}, done.stdout
    eventually(lambda: any("onfirm" in mail["subject"] for mail in demo.mails("customer@pgshop.example")))


def test_seeding_again_adds_nothing_and_changes_nothing(demo: Shop) -> None:
    with demo.connect() as connection:
        connection.execute("update shop.products set price = 1.23 where sku = 'COF-701'")
        before = connection.execute("select count(*), sum(quantity) from shop.stock_movements").fetchone()
        said = pgshop("seed", "--state", str(demo.state)).stdout
        assert "    0 products" in said
        assert "    0 reviews" in said
        assert connection.execute("select count(*), sum(quantity) from shop.stock_movements").fetchone() == before
        row = connection.execute("select price::text from shop.products where sku = 'COF-701'").fetchone()
        assert row == {"price": "1.23"}


def test_an_empty_shop_says_how_to_fill_it(shop: Shop) -> None:
    page = shop.client().get("/").text
    assert "pgshop seed" in page
    assert not any(account.email in page for account in accounts())

"""The example storefront in Chromium, on a phone and on a desktop: what a customer does from the list to the order."""

import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, Visit
from tests.conftest import PASSWORD, Person, Shop

FIELDS = {
    "first_name": "Ada", "last_name": "Byron", "address_line1": "1 High Street", "postal_code": "YO1 7AA",
    "city": "York", "country": "United Kingdom",
}  # fmt: skip
Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def goods(staff: Person, make_product: Make) -> dict[str, Any]:
    """A category of their own with 30 plain things, and one that comes in two colours, with a picture."""
    word = uuid.uuid4().hex[:8]
    category = staff.client.post("/api/v1/products/categories/", json={"name": f"Shelf {word}"}).json()
    for number in range(30):
        make_product(name=f"Plain {word} {number:02}", category_id=category["id"], price=f"{number + 1}.00")
    it = make_product(name=f"Kettle {word}", category_id=category["id"], price="40.00", brand=f"Reed {word}")
    for colour, price, stock in (("Moss", "0", 3), ("Rust", "5.00", 0), ("Snow", "2.50", 9)):
        body = {"name": colour, "sku": uuid.uuid4().hex, "price_modifier": price, "stock_quantity": stock,
                "attributes": {"colour": colour}}  # fmt: skip
        assert staff.client.post(f"/api/v1/products/{it['slug']}/variants/", json=body).status_code == 201
    picture = BytesIO()
    Image.new("RGB", (900, 900), "#8fb8a8").save(picture, "PNG")
    files = {"image": ("kettle.png", picture.getvalue(), "image/png")}
    url = f"/api/v1/products/{it['slug']}/images/"
    assert staff.client.post(url, files=files, data={"alt_text": "A green kettle"}).status_code == 201
    return {**it, "word": word, "category": category}


def fits(page: Page) -> None:
    """Nothing sticks out at the side, where nobody finds it."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def put_into_cart(page: Page, storefront: str, product: dict[str, Any], variant: str | None = None) -> None:
    page.goto(f"{storefront}/#/products/{product['slug']}")
    if variant:
        page.get_by_role("radio", name=variant).click()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("status")).to_have_text("It is in your cart.")


def check_out(page: Page, card: str = "pm_card_visa", email: str | None = None) -> None:
    page.get_by_role("link", name="Cart").click()
    page.get_by_role("link", name="Check out").click()
    for name, value in {**FIELDS, **({"email": email} if email else {})}.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=card]", card)
    page.get_by_role("button", name="Order and pay").click()


@pytest.mark.parametrize("size", SIZES)
def test_a_guest_finds_chooses_orders_and_pays(
    visit: Callable[..., Visit], storefront: str, goods: dict[str, Any], staff: Person, size: str
) -> None:
    window = visit(size)
    page, word = window.page, goods["word"]
    page.goto(storefront)
    page.get_by_role("searchbox").fill(f"kettle {word}")
    expect(page.locator(".suggestions a").first).to_have_text(f"Kettle {word} ")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-test=found]")).to_have_text("1 thing")
    expect(page.locator(".card img")).to_have_attribute("alt", "A green kettle")
    fits(page)

    page.locator(".card").click()
    expect(page.get_by_role("radio", name="Moss")).to_be_checked()
    expect(page.get_by_role("radio", name="Rust")).to_be_disabled()
    page.get_by_role("radio", name="Snow").click()
    expect(page.locator("[data-test=price]")).to_contain_text("42.50")
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("[data-test=count]")).to_have_text("2")
    fits(page)
    page.get_by_role("link", name="Cart").click()
    page.get_by_label("One less").click()
    expect(page.locator("[data-test=count]")).to_have_text("1")
    fits(page)

    check_out(page, "pm_card_visa_chargeDeclined", email="ada@example.com")
    # A declined card loses nothing: the order waits for another.
    expect(page.locator("[data-test=status]")).to_have_text("Pending Payment")
    expect(page.get_by_role("status")).to_contain_text("declined")
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("[data-test=status]")).to_have_text("Confirmed")
    expect(page.locator("[data-test=count]")).to_have_text("0")
    fits(page)

    # The page stays open while the shop works.
    number = page.url.rpartition("/")[2]
    for status in ("processing", "shipped"):
        answer = staff.client.patch(f"/api/v1/orders/{number}/", json={"status": status})
        assert answer.status_code == 200, answer.text
        expect(page.locator("[data-test=status]")).to_have_text(status.capitalize())
    expect(page.get_by_text("On its way", exact=True)).to_be_visible()
    assert window.complaints == []
    assert {url.split("/")[2] for url in window.asked if url.startswith("http")} == {storefront.split("/")[2]}


def test_facets_narrow_pages_turn_and_the_address_keeps_both(
    visit: Callable[..., Visit], storefront: str, goods: dict[str, Any]
) -> None:
    page = visit().page
    page.goto(f"{storefront}/#/?category={goods['category']['slug']}&ordering=name")
    found = page.locator("[data-test=found]")
    expect(found).to_have_text("31 things")
    expect(page.locator(".card")).to_have_count(24)
    page.get_by_role("link", name="More").click()
    expect(page.locator(".card")).to_have_count(7)
    page.get_by_role("link", name="Moss").click()
    expect(found).to_have_text("1 thing")
    page.reload()
    expect(found).to_have_text("1 thing")
    page.get_by_role("link", name="Moss").click()
    expect(found).to_have_text("31 things")
    page.get_by_label("Order").select_option("-price")
    expect(page.locator(".card h2").first).to_have_text(f"Kettle {goods['word']}")
    page.go_back()
    expect(page.locator(".card h2").first).to_have_text(f"Kettle {goods['word']}")
    page.goto(f"{storefront}/#/?search=nothingofthatkind")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()


def test_who_signs_in_keeps_what_the_guest_has_chosen(
    visit: Callable[..., Visit], storefront: str, shop: Shop, customer: Person, make_product: Make
) -> None:
    mine, theirs = make_product(name="Chosen before"), make_product(name="Chosen as guest")
    customer.client.post("/api/v1/cart/items/", json={"product_id": mine["id"], "quantity": 1})
    window = visit("phone")
    page = window.page
    put_into_cart(page, storefront, theirs)
    page.get_by_role("link", name="Sign in").click()
    page.fill("[name=email]", customer.email)
    page.fill("[name=password]", "not the password")
    page.locator("form button.main").click()
    expect(page.get_by_role("status")).to_have_text("Invalid credentials")
    page.fill("[name=password]", PASSWORD)
    page.locator("form button.main").click()
    expect(page.locator(".lines li")).to_have_count(2)
    expect(page.locator("[data-test=count]")).to_have_text("2")
    check_out(page)
    expect(page.locator("[data-test=status]")).to_have_text("Confirmed")
    page.get_by_role("link", name="Orders").click()
    expect(page.locator(".lines li")).to_have_count(1)
    # A reload is the same customer; signing out is nobody, for the shop, too.
    page.reload()
    expect(page.locator(".lines li")).to_have_count(1)
    kept = page.evaluate("JSON.parse(localStorage['pgshop-session']).access")
    page.get_by_role("link", name="Test").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert shop.client(kept).get("/api/v1/orders/").status_code == 401
    assert window.complaints == []


def test_an_old_access_token_is_renewed_by_the_way(
    visit: Callable[..., Visit], storefront: str, make_product: Make
) -> None:
    window = visit()
    page = window.page
    put_into_cart(page, storefront, make_product())
    # Its own clock says that the 15 minutes are nearly over.
    page.clock.install(time=page.evaluate("Date.now()") + 14.8 * 60_000)
    page.reload()
    expect(page.locator("[data-test=count]")).to_have_text("1")
    assert [url for url in window.asked if url.endswith("/auth/refresh/")] != []
    assert window.complaints == []


def test_somebody_new_registers(visit: Callable[..., Visit], storefront: str) -> None:
    page = visit().page
    page.goto(f"{storefront}/#/sign-in")
    page.get_by_role("button", name="I am new here").click()
    values = {"first_name": "Grace", "last_name": "H", "email": f"{uuid.uuid4().hex}@example.com", "password": "short"}
    for name, value in values.items():
        page.fill(f"[name={name}]", value)
    page.locator("form button.main").click()
    expect(page.get_by_role("status")).to_contain_text("too short")
    page.fill("[name=password]", PASSWORD)
    page.locator("form button.main").click()
    expect(page.get_by_role("link", name="Grace")).to_be_visible()

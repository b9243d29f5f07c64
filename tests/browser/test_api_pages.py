"""/api/docs/ and /api/redoc/ in Chromium: the API is read, signed in to and tried out, and nobody else is asked."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SIZES, Visit
from tests.conftest import PASSWORD, Person, Shop


def asks_nobody_else(window: Visit, shop: Shop) -> None:
    """All that the page asked for came from the shop, or was made in the page, and nothing was kept from it."""
    assert {url for url in window.asked if not url.startswith((f"{shop.url}/", "data:", "blob:"))} == set()
    # ReDoc's maker of examples speaks of allOf, which the document has nowhere.
    assert [said for said in window.complaints if not said.startswith("OpenAPI Sampler: ")] == []


def tried(page: Page, subject: str, name: str, body: dict[str, Any] | None = None) -> Any:
    """What an operation answers that somebody unfolds, fills and executes; fails unless it is 200."""
    block = page.locator(f".opblock[id$='-{name}']")
    if not block.count():
        page.locator(f"[data-tag='{subject}']").click()
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    if body:
        block.locator("textarea.body-param__text").fill(json.dumps(body))
    block.get_by_role("button", name="Execute", exact=True).click()
    answer: Locator = block.locator(".live-responses-table")
    expect(answer.locator("tbody .response-col_status").first).to_have_text(re.compile("^200"))
    return json.loads(answer.locator(".highlight-code code").first.inner_text())


@pytest.mark.parametrize("size", SIZES)
def test_somebody_signs_in_and_tries_operations_out(
    visit: Callable[..., Visit], shop: Shop, customer: Person, make_product: Callable[..., dict[str, Any]], size: str
) -> None:
    product = make_product()
    window = visit(size)
    page = window.page
    page.goto(f"{shop.url}/api/docs/{'?role=customer' if size == 'phone' else ''}")
    expect(page.locator(".info .title")).to_contain_text("pgshop")
    newest = tried(page, "Catalogue", "list_products")
    assert product["id"] in [one["id"] for one in newest["results"]]

    tokens = tried(page, "Account", "login", {"email": customer.email, "password": PASSWORD})
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(tokens["access"])
    page.locator(".auth-container").get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close", exact=True).click()
    assert tried(page, "Account", "get_me")["email"] == customer.email
    cart = tried(page, "rest/rpc", "rest_rpc_cart_totals", {})
    assert cart["total_amount"] == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    asks_nobody_else(window, shop)


@pytest.mark.parametrize("size", SIZES)
def test_redoc_is_read_and_searched(visit: Callable[..., Visit], shop: Shop, size: str) -> None:
    window = visit(size)
    page = window.page
    page.goto(f"{shop.url}/api/redoc/?role=customer")
    expect(page.get_by_role("heading", name="pgshop").first).to_be_visible()
    expect(page.locator("[data-section-id='tag/Catalogue/operation/list_products'] h2")).to_have_text("Products ")
    if size == "desktop":
        page.get_by_placeholder("Search").fill("wishlist")
        expect(page.locator("[data-role='search:results']")).to_contain_text("wishlist")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    asks_nobody_else(window, shop)

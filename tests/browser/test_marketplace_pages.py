"""The demo marketplace in Chromium: pages that load in parts, as real listings do."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, sync_playwright

from infra.local.marketplace import AGENT_ADDRESS, Marketplace, load_products

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

LOADED = "images => images.map(image => image.complete && image.naturalWidth > 0)"

ALL_LOADED = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"


@pytest.fixture(scope="module")
def shop() -> Iterator[Marketplace]:
    with Marketplace(moderation_delay=0) as running:
        yield running


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        # A system's Chromium where there is one; Playwright's own otherwise.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


def scroll_to_the_end(page: Page) -> None:
    for top in range(0, 8000, 500):
        page.evaluate("top => window.scrollTo(0, top)", top)
        page.wait_for_timeout(40)
    page.wait_for_function(f"document.querySelectorAll('#recommendations .card').length && {ALL_LOADED}")


def test_the_rest_of_a_listing_loads_as_one_scrolls(shop: Marketplace, page: Page) -> None:
    page.goto(shop.item_url("1001"))
    page.wait_for_load_state("networkidle")
    assert page.locator(".gallery img").evaluate_all(LOADED) == [True] * 5
    assert page.locator(".closer img").evaluate_all(LOADED)[-1] is False
    assert page.locator("#recommendations .card").count() == 0
    scroll_to_the_end(page)
    assert page.locator("#recommendations .card").count() == 8
    assert page.evaluate(ALL_LOADED) is True


def test_nothing_of_a_page_comes_from_elsewhere(shop: Marketplace, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop.item_url("1004"))
    scroll_to_the_end(page)
    assert len(asked) > 10
    assert {url for url in asked if not url.startswith((shop.url, "data:"))} == set()


@pytest.mark.parametrize("item", ["1001", "1004", "1005", "1008"])
def test_structured_data_parses_and_agrees_with_the_page(shop: Marketplace, page: Page, item: str) -> None:
    product = next(each for each in load_products() if each.id == item)
    page.goto(shop.item_url(item))
    data = json.loads(page.locator('script[type="application/ld+json"]').inner_text())
    assert data["sku"] == item
    assert data["name"] == page.locator("h1").inner_text() == product.title
    assert data["offers"]["price"] in page.locator("#price").inner_text()
    assert data["url"] == page.locator('link[rel="canonical"]').get_attribute("href")


def test_the_page_does_what_it_offers(shop: Marketplace, page: Page) -> None:
    page.goto(shop.item_url("1010"))
    page.get_by_label("Picture 3").click()
    assert (page.locator("#main-picture").get_attribute("src") or "").endswith("/detail-1000.png")
    page.get_by_role("button", name="Add to cart").click()
    assert page.locator("#cart-count").inner_text() == "1"
    page.get_by_label("Search").fill("TEAPOT")
    page.get_by_role("button", name="Search").click()
    assert page.locator(".card .name").all_inner_texts() == ["Hand-Thrown Stoneware Teapot, Sea Green, 900 ml"]


def test_a_browser_meets_the_wall_and_then_the_404(shop: Marketplace, page: Page) -> None:
    shop.receive(f"To: {AGENT_ADDRESS}\n\n{shop.item_url('1003')}\n".encode())
    seen = []
    for _ in range(3):
        answer = page.goto(shop.item_url("1003"))
        assert answer is not None
        seen.append((answer.status, page.title()))
    assert seen == [
        (403, "Just a moment..."),
        (403, "Just a moment..."),
        (404, "Page not found | Bazaar of Wonders"),
    ]


def test_a_broken_listing_cannot_be_opened(shop: Marketplace, page: Page) -> None:
    with pytest.raises(Error, match="ERR_EMPTY_RESPONSE"):
        page.goto(shop.item_url("1006"))

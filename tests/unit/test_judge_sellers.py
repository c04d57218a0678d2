"""Sellers write titles and descriptions: no words of theirs may make a live page REMOVED."""

from __future__ import annotations

import pytest

from takedown.judging import judge
from takedown.observation import Observation
from takedown.platform import load_library
from takedown.states import VerdictKind
from takedown.verdict import Verdict

HTML = {"content-type": "text/html; charset=utf-8"}
LIBRARY = load_library()
LISTING = {
    "1688": "https://detail.1688.com/offer/612345678901.html",
    "aliexpress": "https://www.aliexpress.com/item/1005001234567890.html",
    "amazon": "https://www.amazon.com/dp/B0EXAMPLE1",
    "ebay": "https://www.ebay.com/itm/123456789012",
    "etsy": "https://www.etsy.com/listing/123456789/lamp",
    "generic": "https://shop.test/p/red-lamp-123",
    "jd": "https://item.jd.com/100012043978.html",
    "mercadolibre": "https://articulo.mercadolibre.com.ar/MLA-1234567890-lampara-_JM",
    "mercari": "https://jp.mercari.com/item/m12345678901",
    "shopify": "https://x.myshopify.com/products/red-lamp-one",
    "taobao": "https://item.taobao.com/item.htm?id=123456789012",
    "tiktokshop": "https://www.tiktok.com/view/product/1729384756102938475",
    "tmall": "https://detail.tmall.com/item.htm?id=123456789012",
    "walmart": "https://www.walmart.com/ip/lamp/123456789",
}
TITLE = {
    "ebay": 'class="x-item-title__mainTitle"',
    "mercadolibre": 'class="ui-pdp-title"',
    "amazon": 'id="productTitle"',
    "jd": 'class="sku-name"',
}


def phrases(platform: str) -> list[str]:
    markers = LIBRARY.get(platform).gone
    return [phrase for marker in markers if marker.url is None and marker.selector is None for phrase in marker.any]


def look(platform: str, body: str, status: int = 200) -> Verdict:
    seen = Observation(url=LISTING[platform], status=status, body=body, headers=HTML, platform=platform)
    return judge(seen)


def product(platform: str, title: str, text: str, attributes: str | None = None) -> str:
    attributes = TITLE.get(platform, "") if attributes is None else attributes
    return (
        f'<html><head><title>{title}</title><link rel="canonical" href="{LISTING[platform]}"></head><body>'
        f'<h1 {attributes}>{title}</h1><div class="x-price-primary ui-pdp-price price">$12.99 ¥99</div>'
        f"{text}<div>Ships worldwide. 4.8 stars. Seller: bob</div></body></html>"
    )


@pytest.mark.parametrize("form", ["Vintage poster: {}", "{}", "{} T-shirt", '"{}" mug', "【{}】 lamp"])
@pytest.mark.parametrize("platform", LISTING)
def test_a_product_named_like_a_removal_is_not_removed(platform: str, form: str) -> None:
    for phrase in phrases(platform):
        for attributes in (None, ""):
            verdict = look(platform, product(platform, form.format(phrase), "", attributes))
            assert verdict.kind != VerdictKind.REMOVED, (phrase, verdict)


@pytest.mark.parametrize(
    "text",
    [
        "<div class=desc>Earlier lot: {} New one here.</div>",
        "<p>{}</p>",
        '<p class="wt-text-body-01">{}</p>',
        '<div id="feature-bullets"><ul><li>{}</li></ul></div>',
        "<h2>{}</h2>",
    ],
)
@pytest.mark.parametrize("platform", LISTING)
def test_a_description_that_speaks_of_a_removal_is_not_one(platform: str, text: str) -> None:
    for phrase in phrases(platform):
        verdict = look(platform, product(platform, "Lamp", text.format(phrase)))
        assert verdict.kind != VerdictKind.REMOVED, (phrase, verdict)


def test_free_text_beside_a_live_product_is_a_contradiction() -> None:
    body = product("etsy", "Lamp", '<p class="wt-text-body-01">Sorry, this item is unavailable.</p>')
    assert look("etsy", body).reason == "contradiction"
    body = product("ebay", "Lamp", "<p>This listing was ended by the seller</p>")
    assert look("ebay", body).reason == "contradiction"


def test_a_products_title_alone_contradicts_free_text() -> None:
    head = f'<head><link rel="canonical" href="{LISTING["ebay"]}"></head>'
    title, words = '<h1 class="x-item-title__mainTitle">Lamp</h1>', "This listing was ended by the seller."
    assert look("ebay", f"{head}{title}<p>{words} I listed it again, enjoy!</p>").reason == "contradiction"
    assert look("ebay", f'{head}{title}<div data-testid="d-statusmessage">{words}</div>').kind == "REMOVED"


def test_the_platforms_own_message_outweighs_title_and_price() -> None:
    for platform, message in (
        ("ebay", '<div data-testid="d-statusmessage">This listing was ended by the seller on Sat, 3 May.</div>'),
        ("mercadolibre", '<div class="ui-pdp-message">Publicación finalizada</div>'),
        ("jd", '<div class="itemover-tip">该商品已下柜</div>'),
    ):
        assert look(platform, product(platform, "Lamp", message)).kind == "REMOVED"


def test_a_buy_control_contradicts_even_the_platforms_own_message() -> None:
    message = '<div data-testid="d-statusmessage">This listing was ended by the seller.</div><a id="binBtn_btn">Buy</a>'
    assert look("ebay", product("ebay", "Lamp", message)).reason == "contradiction"


@pytest.mark.parametrize(
    "title",
    ["Vintage poster: 该商品已下柜", "【该商品已下柜】 lamp", "该商品已下柜 T-shirt"],
)
def test_a_title_without_any_other_sign_of_life_is_not_removed_either(title: str) -> None:
    assert look("jd", f"<html><body><div class='sku-name'>{title}</div><p>Ships worldwide</p></body></html>").kind == (
        "ERROR"
    )


@pytest.mark.parametrize("name", ["desc", "item-desc", "productDescription", "item-specifics", "seller-note"])
def test_a_sellers_block_does_not_speak_for_the_page(name: str) -> None:
    words = "This listing was ended by the seller"
    assert look("ebay", f"<body><div class='{name}'><p>{words}</p></div></body>").kind == "ERROR"
    assert look("ebay", f"<body><div class='error-desc'><p>{words}</p></div></body>").kind == "REMOVED"


@pytest.mark.parametrize(
    "heading",
    [
        "Page not found",
        "404 - Page not found",
        "Oops: page not found!",
        "Sorry, the product you requested could not be found in our shop",
        "Error 404: Page not found - Shop",
        "Product not found",
    ],
)
def test_a_pages_own_heading_still_removes(heading: str) -> None:
    assert look("generic", f"<body><h1>{heading}</h1><p>Try the search.</p></body>").kind == "REMOVED"


@pytest.mark.parametrize("heading", ["Page Not Found T-Shirt", "Poster: Page not found", "The “Product not found” mug"])
def test_a_products_name_that_holds_the_words_does_not_remove(heading: str) -> None:
    assert look("generic", f"<body><h1>{heading}</h1><p>Soft cotton.</p></body>").kind == "ERROR"


def test_many_refused_blocks_cost_little() -> None:
    body = "<body><div class=desc>" + "<p>This listing was ended by the seller</p>" * 50_000 + "</div></body>"
    assert look("ebay", body).kind == "ERROR"

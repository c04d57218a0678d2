"""Step 9: a 404 says REMOVED, unless the page is a live one, a check of the visitor, or an error that passes."""

from __future__ import annotations

import pytest

from infra.local.marketplace.pages import Pages
from infra.local.marketplace.products import load_products
from takedown.judging import judge
from takedown.observation import Observation
from takedown.verdict import Verdict

URL = "https://shop.test/p/red-lamp-123"
HTML = "text/html; charset=utf-8"
CARD = '<li><a href="/p/blue-lamp-9"><img src="b.png">Blue lamp</a> $12.99 <button>Add to cart</button></li>'


def look(body: str, status: int = 404, media_type: str = HTML, url: str = URL) -> Verdict:
    return judge(Observation(url=url, status=status, body=body, headers={"content-type": media_type}))


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    "head",
    [
        f'<link rel="canonical" href="{URL}">',
        f'<meta property="og:url" content="{URL}"><meta property="og:title" content="Red lamp">',
        "",
    ],
)
def test_a_complete_live_page_contradicts_its_status(head: str, status: int) -> None:
    page = f"<html><head>{head}</head><body><h1>Red lamp</h1><p>$12.99</p><button>Add to cart</button></body></html>"
    verdict = look(page, status)
    assert (verdict.kind, verdict.reason) == ("ERROR", "contradiction")


def test_a_live_page_of_a_product_named_404_contradicts_it() -> None:
    page = (
        f'<html><head><link rel=canonical href="{URL}"></head><body><h1>404 Page Not Found T-Shirt</h1>'
        "<p>$12.99</p><button>Add to cart</button></body></html>"
    )
    assert look(page).reason == "contradiction"


def test_a_live_marketplace_page_contradicts_it() -> None:
    url = "https://www.ebay.com/itm/123456789012"
    page = (
        f'<link rel="canonical" href="{url}"><h1 class="x-item-title__mainTitle">Lamp</h1>'
        '<div class="x-price-primary">US $12</div><a id="binBtn_btn">Buy It Now</a>'
    )
    assert look(page, url=url).reason == "contradiction"


def test_a_seller_cannot_turn_an_offered_listing_into_a_removed_one() -> None:
    data = (
        f'<script type="application/ld+json">{{"@type":"Product","url":"{URL}","name":"Red lamp",'
        '"offers":{"price":"1","availability":"https://schema.org/InStock"}}</script>'
    )
    assert look(f"<html><head>{data}</head><body><h1>Page not found</h1></body></html>").reason == "contradiction"


@pytest.mark.parametrize(
    "page",
    [
        "<title>Verify</title><h1>Please verify you are a human</h1><div class='g-recaptcha' data-sitekey=x></div>",
        "<title>Verify</title><body><div class='cf-turnstile' data-sitekey=x></div></body>",
        "<body><script src='https://challenges.cloudflare.com/turnstile/v0/api.js'></script></body>",
        "<body><div class='h-captcha'></div><script src='https://hcaptcha.com/1/api.js'></script>unusual traffic",
        "<body><div id='captcha'></div><script src='https://static.geetest.com/v4/gt4.js'></script></body>",
        (
            "<body><script>window.KPSDK={}</script><script src='/149e9513-01fa-4fb0-aad4-566afd725d1b/"
            "2d206a39-8ed7-437e-a3be-862e0f06eea3/ips.js'></script></body>"
        ),
        "<body><script src='https://www.google.com/recaptcha/api.js'></script><p>One moment</p></body>",
        "<body><h1>Scheduled maintenance, back at 5pm</h1></body>",
        "<body><h1>Wir sind gleich zurück</h1><p>Wartungsarbeiten</p></body>",
        "<body><p>Too many requests. Slow down.</p></body>",
        "<body><h1>Runtime Error</h1></body>",
        "<body><script>document.cookie='k='+f();location.reload()</script></body>",
        "<body><p>Checking your browser before accessing the shop.</p></body>",
    ],
)
def test_a_captcha_or_maintenance_page_is_no_removal(page: str) -> None:
    for status in (404, 410):
        verdict = look(f"<html>{page}</html>", status)
        assert (verdict.kind, verdict.reason) == ("ERROR", "challenge"), verdict


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ('{"error":"rate limited"}', "application/json"),
        ('{"error":"rate_limit_exceeded"}', HTML),
        ('{"message":"Too Many Requests"}', "application/json"),
        ('{"code":"ACCESS_DENIED"}', "application/problem+json"),
        ("rate limit exceeded", "text/plain"),
    ],
)
def test_an_interfaces_error_is_no_removal(body: str, media_type: str) -> None:
    assert look(body, media_type=media_type).kind == "ERROR"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<html><body>Gone</body></html>",
        "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr>nginx</body>",
        "<body><h1>We looked under every carpet.</h1><p>There is no such page.</p></body>",
        "<body><p>Nichts da.</p></body>",
        "<body><h1>Page not found</h1><script src='https://www.google.com/recaptcha/api.js'></script></body>",
        "<title>404</title><body><h1>Hoppla</h1><div class='g-recaptcha' data-sitekey=x></div></body>",
        f"<body><h1>Uh oh</h1><h2>Popular</h2><ul>{CARD * 6}</ul></body>",
        f'<head><link rel=canonical href="{URL}"></head><body><h1>Uh oh</h1><h2>Popular</h2><ul>{CARD * 6}</ul></body>',
        f'<head><link rel=canonical href="{URL}"></head><body><h1>Uh oh</h1><p>Free shipping on orders over $50</p>',
        f'<head><link rel=canonical href="{URL}"></head><body><h1>Page not found</h1><p>Our lamps: $10</p></body>',
    ],
)
def test_an_ordinary_missing_page_is_a_removal(page: str) -> None:
    for status in (404, 410):
        assert look(page, status).kind == "REMOVED"


@pytest.mark.parametrize(("body", "media_type"), [('{"error":"not found"}', "application/json"), ("x", "text/plain")])
def test_an_ordinary_answer_without_a_page_is_a_removal(body: str, media_type: str) -> None:
    assert look(body, media_type=media_type).kind == "REMOVED"


BASE = "http://127.0.0.1:8801"
PRODUCTS = load_products()


@pytest.mark.parametrize("wanted", PRODUCTS, ids=lambda product: str(product.id))
def test_the_demo_marketplace_is_read_rightly(wanted: object) -> None:
    product = next(item for item in PRODUCTS if item is wanted)
    pages, others = Pages(BASE), [item for item in PRODUCTS if item is not product][:8]
    url = f"{BASE}/item/{product.id}"
    assert look(pages.not_found(others), 404, url=url).kind == "REMOVED"
    assert look(
        pages.not_found(others).replace("</a>\n  </li>", "</a><button>Add to cart</button></li>"), 404, url=url
    ).kind == ("REMOVED")
    assert look(pages.gone(product, others), 200, url=url).kind == "REMOVED"
    live = "LIVE" if product.availability == "InStock" else "UNAVAILABLE"
    assert look(pages.product(product), 200, url=url).kind == live
    assert look(pages.challenge(product), 404, url=url).kind == "BLOCKED"

"""Step 13: a price or button counts only where it is the listing's own, and not another product's on the page."""

from __future__ import annotations

import pytest

from takedown.judging import judge
from takedown.observation import Observation
from takedown.verdict import Verdict

URL = "https://shop.test/p/red-lamp-123"
SELF = f'<head><title>Shop</title><link rel=canonical href="{URL}"></head>'
OG = f'<head><title>Shop</title><meta property="og:url" content="{URL}"></head>'


def look(body: str, url: str = URL) -> Verdict:
    return judge(Observation(url=url, status=200, body=body, headers={"content-type": "text/html; charset=utf-8"}))


@pytest.mark.parametrize(
    "body",
    [
        SELF
        + "<h1>Hmm, that one has left the building</h1><p>This lamp was taken down after a complaint. Browse these "
        "instead:</p><ul><li><a href=/p/blue-lamp-9>Blue lamp</a> $12.99</li></ul>",
        SELF + "<h1>Hmm</h1><div><a href=/p/blue-lamp-9>Blue lamp</a> <span>$12.99</span></div>",
        SELF + "<h1>Hmm</h1><div><span>$12.99</span> <a href=/p/blue-lamp-9>Blue lamp</a></div>",
        SELF + "<h1>Hmm</h1><div><a href=/other><img src=x><p>Blue lamp</p><p>$12.99</p></a></div>",
        SELF + "<h1>Hmm</h1><div><h3>Blue lamp</h3><p>$12.99</p></div>",
        SELF
        + "<h1>Lamp Palace</h1><p>Free shipping on orders over $50</p><p>The item was withdrawn by its seller.</p>",
        SELF + "<h1>Lamp Palace</h1><p>Gift cards: $50</p><p>The item was withdrawn by its seller.</p>",
        OG + "<h1>Sorry!</h1><p>We took this one down.</p><div class=grid><article><h2>Blue lamp</h2>"
        "<button>Add to cart</button></article></div>",
        SELF + "<h1>Hmm</h1><p><a href=/p/blue-lamp-9>Buy now</a></p>",
        SELF + "<h1>Hmm</h1><script type='application/ld+json'>"
        '{"@type":"Product","url":"/p/blue-lamp-9","name":"Blue lamp","offers":{"price":"9"}}</script>',
        SELF + "<h1>Red lamp</h1><p>$12.99</p><p>This lamp was taken down after a complaint.</p>",
    ],
)
def test_other_products_do_not_make_a_page_live(body: str) -> None:
    assert look(f"<html>{body}</html>").kind == "ERROR"


@pytest.mark.parametrize(
    "body",
    [
        "<main><h1>Red lamp</h1><p>$12.99</p></main>",
        "<main><h1>Red lamp $12.99</h1></main>",
        "<main><div><h1>Red lamp</h1></div><div class=buy><div><span>$12.99</span></div></div></main>",
        "<main><h1>Red lamp</h1><p>10 € <a href=/versand>zzgl. Versand</a></p></main>",
        "<main><h1>Red lamp</h1><p><a href=/brand/acme>Acme</a></p><p>$12.99 Free shipping</p></main>",
        "<main><h1>Red lamp</h1><form><input type=hidden name=id value=1><button>Add to cart</button></form></main>",
        "<main><h1>Red lamp</h1><a href=/cart/add/70001>Buy now</a></main>",
        (
            "<main><h1>Red lamp</h1><p>$12.99</p><button>Add to cart</button><h2>More</h2><ul><li>"
            "<a href=/p/blue-lamp-9>Blue lamp</a> $9</li></ul><p>No longer available in blue.</p></main>"
        ),
        "<main><h1>Red lamp</h1><p>$12.99</p><ul><li><a href=/p/blue-lamp-9>Blue</a> $9</li></ul></main>",
        "<main><h1>Red lamp</h1><p>$12.99</p><p>Free shipping on orders over $50</p></main>",
        "<main><section><h1>Red lamp</h1><table><tr><td>Price</td><td>$12.99</td></tr></table></section></main>",
    ],
)
def test_the_products_own_price_or_button_does(body: str) -> None:
    assert look(f"<html>{SELF}<body>{body}</body></html>").kind == "LIVE"


def test_a_price_in_data_of_the_same_listing_counts() -> None:
    data = f'{{"@type":"Product","url":"{URL}","name":"Red lamp","offers":{{"price":"9"}}}}'
    body = f"{SELF}<h1>Red lamp</h1><script type='application/ld+json'>{data}</script>"
    assert look(f"<html>{body}</html>").kind == "LIVE"


@pytest.mark.parametrize(
    "filler",
    ["<p>$5 voucher</p>", "<li>$5</li>", "<p><a href=/p/x-1>x</a> $5</p>", "<button>Add to cart</button><h2>x</h2>"],
)
def test_a_catalogue_of_megabytes_is_read_in_linear_time(filler: str) -> None:
    body = f"<html>{SELF}<body><h1>Hmm</h1><div><h2>More</h2>{filler * 40_000}</div></body></html>"
    assert look(body).kind == "ERROR"

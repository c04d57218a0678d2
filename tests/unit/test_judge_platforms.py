"""What each platform's table in the design asks for, one page a row. The pages are composed around the markers."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from takedown.judging import judge
from takedown.observation import Observation

A = "https://www.amazon.com/dp/B0EXAMPLE1"
ALI = "https://www.aliexpress.com/item/1005001234567890.html"
E = "https://www.ebay.com/itm/123456789012"
JD = "https://item.jd.com/100044587428.html"
M = "https://jp.mercari.com/item/m12345678901"
ML = "https://articulo.mercadolibre.com.ar/MLA-1147839589-acme-_JM"
S = "https://shop.example.com/item/42"
SHP = "https://shopee.vn/acme-i.111111111.222222222"
TB = "https://item.taobao.com/item.htm?id=1037938878986"
TM = "https://detail.tmall.com/item.htm?id=1040659324032"
TTS = "https://www.tiktok.com/shop/pdp/1732308866040173150"
W = "https://www.walmart.com/ip/Acme-Blender/5301248760"
Y = "https://www.etsy.com/listing/1234567890/acme-print"


@dataclass
class Row:
    """A page and its verdict."""

    verdict: str
    platform: str
    url: str
    body: str = ""
    status: int = 200
    final: str | None = None


ROWS = [
    Row(
        "LIVE",
        "amazon",
        A,
        (
            '<span id="productTitle">Acme</span><input type="hidden" name="ASIN" value="B0EXAMPLE1">'
            '<div id="fod-cx-message-with-learn-more">No featured offers available</div>'
        ),
    ),
    Row(
        "LIVE",
        "amazon",
        A,
        (
            '<span id="productTitle">Acme</span><input type="hidden" name="ASIN" value="B0EXAMPLE1">'
            '<span class="a-price">$1</span><input id="add-to-cart-button"><div class="a-carousel">'
            "<span>Currently unavailable.</span></div>"
        ),
    ),
    Row(
        "LIVE",
        "amazon",
        A,
        (
            '<span id="productTitle">Acme</span><input type="hidden" name="ASIN" value="B0EXAMPLE1">'
            '<span class="a-price">$1</span><input id="add-to-cart-button"><div id="sims">'
            "<span>Currently unavailable.</span></div>"
        ),
    ),
    Row(
        "BLOCKED",
        "amazon",
        A,
        (
            '<h4>Enter the characters you see below</h4><form action="/errors/validateCaptcha">'
            '<input id="captchacharacters"></form>'
        ),
        404,
    ),
    Row(
        "REMOVED",
        "amazon",
        "https://www.amazon.es/dp/B0EXAMPLE1",
        "<title>Página no encontrada</title><b>¿Buscas algo?</b><p>Lo sentimos. página no encontrada</p>",
    ),
    Row(
        "REMOVED",
        "ebay",
        E,
        (
            '<link rel="canonical" href="https://www.ebay.com/itm/123456789012">'
            '<div data-testid="d-statusmessage">'
            "<span>This listing was ended by the seller on Sat, 3 May because the item is no longer available."
            '</span></div><h1 class="x-item-title__mainTitle">Acme</h1>'
            '<div class="x-price-primary">US $25.00</div><a>Sell one like this</a>'
        ),
    ),
    Row(
        "REMOVED",
        "etsy",
        Y,
        (
            '<link rel="canonical" href="https://www.etsy.com/listing/1234567890/acme-print"><h1>Acme</h1>'
            '<p class="wt-text-body-01">Sorry, this item is unavailable.</p>'
            '<form action="/cart/listing.php"><input type="hidden" name="listing_id" value="999">'
            "<button>Add to cart</button></form>"
        ),
    ),
    Row(
        "LIVE",
        "etsy",
        Y,
        (
            '<h1>Acme print</h1><form action="/cart/listing.php">'
            '<input type="hidden" name="listing_id" value="1234567890"><button>Add to cart</button></form>'
        ),
    ),
    Row(
        "ERROR",
        "etsy",
        Y,
        (
            '<h1>Acme print</h1><form action="/cart/listing.php">'
            '<input type="hidden" name="listing_id" value="999"><button>Add to cart</button></form>'
        ),
    ),
    Row("UNAVAILABLE", "mercari", M, "<h1>Acme</h1><p>¥1,000</p><button disabled>売り切れました</button>"),
    Row(
        "LIVE",
        "mercari",
        M,
        (
            '<h1>Acme</h1><p>¥1,000</p><a href="/transaction/buy?item_id=m12345678901">購入手続きへ</a><div>'
            "<span>売り切れました</span></div>"
        ),
    ),
    Row(
        "LIVE",
        "mercari",
        M,
        (
            '<link rel="canonical" href="https://jp.mercari.com/item/m12345678901"><h1>Acme</h1><p>¥1,000'
            "</p><button>購入手続きへ</button><section><h2>おすすめ</h2><span>売り切れました</span></section>"
        ),
    ),
    Row(
        "REMOVED", "taobao", TB, "", 200, "https://error.item.taobao.com/error/noitem?type=noitem&itemid=1037938878986"
    ),
    Row("REMOVED", "taobao", TB, "", 200, "https://error.item.taobao.com/error/noitem"),
    Row(
        "REDIRECTED_ELSEWHERE", "taobao", TB, "", 200, "https://error.item.taobao.com/error/noitem?itemid=1037938878999"
    ),
    Row(
        "REMOVED",
        "tiktokshop",
        TTS,
        (
            "<div>Product not available in this country or region</div>"
            '<script type="application/json" id="__MODERN_ROUTER_DATA__">'
            '{"loaderData":{"page":{"error_code":23002002,'
            '"err":"get product detail not exist"}}}'
            "</script>"
        ),
    ),
    Row(
        "REMOVED",
        "1688",
        "https://detail.1688.com/offer/600000000001.html",
        "",
        200,
        "https://page.1688.com/shtml/static/wrongpage.html",
    ),
    Row(
        "REMOVED",
        "shopify",
        "https://acme.myshopify.com/products/watch",
        "<h1>Sorry, this shop is currently unavailable.</h1>",
    ),
    Row(
        "REMOVED",
        "shopify",
        "https://acme-outlet.example/products/watch",
        "<h1>Sorry, this shop is currently unavailable.</h1>",
        402,
    ),
    Row(
        "REMOVED",
        "generic",
        "https://acme-outlet.example/products/watch",
        "<h1>Sorry, this shop is currently unavailable.</h1>",
    ),
    Row(
        "LOGIN_WALL",
        "temu",
        "https://www.temu.com/uk/a-g-601099520000000.html",
        "",
        200,
        "https://www.temu.com/login.html?login_scene=8&from=https%3A%2F%2Fwww.temu.com%2Fuk%2Fa-g-601099520000000.html",
    ),
    Row(
        "LOGIN_WALL",
        "jd",
        JD,
        "",
        200,
        "https://passport.jd.com/new/login.aspx?ReturnUrl=https%3A%2F%2Fitem.jd.com%2F100044587428.html",
    ),
    Row("LOGIN_WALL", "ebay", E, "", 200, "https://signin.ebay.com/ws/eBayISAPI.dll?SignIn&ru=x"),
    Row("LOGIN_WALL", "amazon", A, "", 200, "https://www.amazon.com/ap/signin?openid.return_to=x"),
    Row("LOGIN_WALL", "shopee", SHP, "", 200, "https://shopee.vn/buyer/login?next=x"),
    Row("BLOCKED", "shopee", SHP, "<h1>Verify</h1>", 200, "https://shopee.vn/verify/captcha?x=1"),
    Row("BLOCKED", "shopee", SHP, "<h1>x</h1>", 200, "https://shopee.vn/verify/traffic/error"),
    Row("BLOCKED", "ebay", E, "<title>Pardon Our Interruption...</title>", 200),
    Row(
        "BLOCKED",
        "ebay",
        E,
        "x",
        200,
        "https://www.ebay.com/splashui/challenge?ap=1&ru=https%3A%2F%2Fwww.ebay.com%2Fitm%2F123456789012",
    ),
    Row("BLOCKED", "generic", S, "", 429),
    Row("GEO_BLOCKED", "generic", S, "", 451),
    Row(
        "LIVE",
        "walmart",
        W,
        (
            "<h1>Acme</h1>"
            '<script id="__NEXT_DATA__" type="application/json">'
            '{"props":{"product":{"usItemId":"5301248760","name":"A","availabilityStatus":"IN_STOCK"},'
            '"others":[{"usItemId":"1","name":"B","availabilityStatus":"OUT_OF_STOCK"}]}}'
            "</script>"
        ),
    ),
    Row(
        "LIVE",
        "aliexpress",
        ALI,
        (
            '<meta property="og:url" content="//www.aliexpress.com/item/1005001234567890.html">'
            '<meta property="og:title" content="Acme bag"><h1>Acme bag</h1><span>US $5.00</span>'
            "<button>Buy now</button>"
        ),
    ),
    Row(
        "ERROR",
        "aliexpress",
        ALI,
        (
            '<meta property="og:url" content="//www.aliexpress.com/item/1005001234567890.html">'
            '<meta property="og:title" content="Acme bag"><div id=root></div>'
            "<script>window._d_c_={};window._d_c_.isCSR = true</script>"
        ),
    ),
    Row(
        "LIVE",
        "mercadolibre",
        ML,
        (
            '<link rel="canonical" href="https://articulo.mercadolibre.com.ar/MLA-1147839589-acme-_JM">'
            '<h1 class="ui-pdp-title">Acme</h1><span class="andes-money-amount">$ 1.000</span>'
            "<button>Comprar ahora</button>"
        ),
    ),
    Row(
        "BLOCKED",
        "mercadolibre",
        ML,
        ('<script src="https://http2.mlstatic.com/frontend-assets/suspicious-traffic-frontend/x.js"></script>'),
    ),
    Row(
        "LIVE",
        "tmall",
        TM,
        (
            '<link rel=canonical href="https://detail.tmall.com/item.htm?id=1040659324032">'
            '<h1 class="ItemTitle--mainTitle--x">A</h1><span>￥89</span>'
        ),
    ),
    Row(
        "LIVE",
        "jd",
        JD,
        (
            '<link rel="canonical" href="//item.jd.com/100044587428.html"/><div class="sku-name">A</div>'
            '<span class="p-price">￥89</span>'
        ),
    ),
    Row("REMOVED", "jd", JD, '<div class="itemover-tip">该商品已下柜</div>'),
    Row("REMOVED", "tmall", TM, '<div class="errorDetail"><h2>此商品已下架</h2></div>'),
    Row("ERROR", "generic", S, "<h1>The page you are looking for is temporarily unavailable.</h1>"),
    Row("ERROR", "generic", S, '<div id=app><p v-if="gone">Product not found</p><h1>{{ name }}</h1></div>'),
    Row(
        "LIVE",
        "generic",
        "https://shop.example.com/products/acme-bag",
        (
            '<link rel=canonical href="/products/acme-bag"><h1>Acme</h1><p>$3</p><div class="product-form">'
            '<button>Add to cart</button></div><section class="related"><p>Sold out</p></section>'
        ),
    ),
    Row(
        "UNAVAILABLE",
        "generic",
        S,
        '<link rel=canonical href="/item/42"><h1>Acme</h1><p>$3</p><button disabled>Sold out</button>',
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.platform}-{row.verdict}-{row.body[:30]}")
def test_the_page_gets_its_verdict(row: Row) -> None:
    seen = Observation(
        url=row.url,
        final_url=row.final,
        status=row.status,
        headers={"content-type": "text/html; charset=utf-8"},
        body=row.body,
        platform=row.platform,
    )
    verdict = judge(seen)
    assert verdict.kind == row.verdict, verdict

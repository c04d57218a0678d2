"""Which listing a URL is the address of."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takedown.guard.gate import allowed_hosts
from takedown.identity import canonicalize, identify
from takedown.platform import load_library

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "canonical_cases.json").read_text("utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_the_sample_is_understood(case: dict[str, Any]) -> None:
    found = canonicalize(case["url"])
    assert (found.platform, found.listing_id, found.canonical) == (
        case["platform"],
        case["listing_id"],
        case["canonical"],
    )


@pytest.mark.parametrize("case", [c for c in CASES if c["canonical"]], ids=lambda case: str(case["id"]))
def test_a_canonical_url_is_its_own_canonical_url(case: dict[str, Any]) -> None:
    found = canonicalize(case["canonical"])
    assert (found.platform, found.listing_id, found.canonical) == (
        case["platform"],
        case["listing_id"],
        case["canonical"],
    )


@pytest.mark.parametrize(
    ("url", "platform", "listing_id", "canonical"),
    [
        (
            "https://www.amazon.com/dp/b0example1?m=A1SELLER0X&psc=1",
            "amazon",
            "B0EXAMPLE1",
            "https://www.amazon.com/dp/B0EXAMPLE1?m=A1SELLER0X",
        ),
        ("https://www.amazon.com/dp/B0EXAMPLE12", "amazon", None, None),
        ("https://m.ebay.com/itm/123456789012?var=0", "ebay", "123456789012", "https://www.ebay.com/itm/123456789012"),
        ("https://www.ebay.com/itm/12345678", "ebay", None, None),
        (
            "https://www.aliexpress.us/item/3256804567890123.html",
            "aliexpress",
            "3256804567890123",
            "https://www.aliexpress.us/item/3256804567890123.html",
        ),
        (
            "https://www.alibaba.com/product-detail/Acme-Watch_1600123456789.html?spm=a",
            "alibaba",
            "1600123456789",
            "https://www.alibaba.com/product-detail/_1600123456789.html",
        ),
        (
            "https://articulo.mercadolibre.com.ar/MLA-1147839589-acme-_JM#position=1",
            "mercadolibre",
            "MLA1147839589",
            "https://articulo.mercadolibre.com.ar/MLA-1147839589",
        ),
        (
            "https://produto.mercadolivre.com.br/MLB-3456789012-acme-_JM",
            "mercadolibre",
            "MLB3456789012",
            "https://produto.mercadolivre.com.br/MLB-3456789012",
        ),
        ("https://www.mercadolibre.com.ar/acme/p/MLA12345678", "mercadolibre", None, None),
        (
            "https://www.temu.com/uk/acme-watch-g-601099520000000.html?x=1",
            "temu",
            "601099520000000",
            "https://www.temu.com/goods.html?goods_id=601099520000000",
        ),
        (
            "https://www.lazada.sg/products/acme-i123456789-s987654321.html",
            "lazada",
            "123456789",
            "https://www.lazada.sg/products/-i123456789.html",
        ),
        ("https://www.shein.com/acme-p-12345678.html", "shein", "12345678", "https://www.shein.com/-p-12345678.html"),
        ("https://jp.mercari.com/item/m12345678901", "mercari", "m12345678901", "https://jp.mercari.com/item/m12345678901"),
        ("https://acme.myshopify.com/collections/all/products/watch", "shopify", "watch", "https://acme.myshopify.com/products/watch"),
        ("https://shop.tiktok.com/us/pdp/acme-cup-2/1732308866040173150", "tiktokshop", "1732308866040173150", "https://www.tiktok.com/shop/pdp/1732308866040173150"),
    ],
)  # fmt: skip
def test_other_forms(url: str, platform: str, listing_id: str | None, canonical: str | None) -> None:
    found = canonicalize(url)
    assert (found.platform, found.listing_id, found.canonical) == (platform, listing_id, canonical)


@pytest.mark.parametrize(
    "url",
    [
        "https://evilamazon.com/dp/B0EXAMPLE1",
        "https://www.amazon.com.evil-shop.com/dp/B0EXAMPLE1",
        "https://amazon.com-shop.net/dp/B0EXAMPLE1",
        "https://shop.evil-shop.com/www.amazon.com/dp/B0EXAMPLE1",
        "https://www.evil-shop.com/?u=https://www.amazon.com/dp/B0EXAMPLE1",
    ],
)
def test_a_host_that_only_looks_like_a_platform_is_a_generic_shop(url: str) -> None:
    assert canonicalize(url).platform == "generic"


def test_hosts_are_anchored_for_every_platform() -> None:
    for platform in load_library().platforms.values():
        for host in platform.hosts:
            assert identify(f"https://evil{host}/item/1").platform != platform.platform
            assert identify(f"https://{host}.evil-shop.com/").platform == "generic"
            assert identify(f"https://www.{host}/").platform == platform.platform


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "http://[::1]/",
        "http://localhost/item/1",
        "https://www.amazon.com@evil-shop.com/dp/B0EXAMPLE1",
        "ftp://www.amazon.com/dp/B0EXAMPLE1",
        "https://fake-acme-sale.example/p/1",
        "https://www.amazon.com:22/dp/B0EXAMPLE1",
        "www.amazon.com/dp/B0EXAMPLE1",
        "",
    ],
)
def test_what_the_guard_refuses_is_rejected_with_its_reason(url: str) -> None:
    found = canonicalize(url)
    assert (found.platform, found.listing_id, found.canonical) == ("rejected", None, None)
    assert ": " in found.reason


def test_a_local_market_needs_an_exception() -> None:
    url = "http://127.0.0.1:8801/item/7?b=1&a=2#x"
    assert canonicalize(url).platform == "rejected"
    assert canonicalize(url, allow=allowed_hosts("127.0.0.1:8801")).canonical == "http://127.0.0.1:8801/item/7?a=2&b=1"
    assert identify(url).platform == "generic"


def wrapped(wall: str, url: str) -> str:
    return wall + quote(url, safe="")


def blocked(url: str) -> str:
    return "https://www.walmart.com/blocked?url=" + base64.b64encode(url.encode()).decode()


@pytest.mark.parametrize(
    ("url", "listing_id"),
    [
        (blocked("/ip/Acme/5301248760"), "5301248760"),
        (blocked("https://evil-shop.com/ip/1/5301248760"), None),
        ("https://www.walmart.com/blocked?url=%%%", None),
        (
            wrapped("https://www.ebay.com/splashui/challenge?ru=", "https://www.ebay.com/itm/123456789012"),
            "123456789012",
        ),
        (wrapped("https://signin.ebay.com/signin?ru=", "https://www.ebay.com/itm/123456789012"), "123456789012"),
        (wrapped("https://www.amazon.com/errors/validateCaptcha?amzn-r=", "/dp/B0EXAMPLE1"), "B0EXAMPLE1"),
        (
            wrapped(
                "https://login.taobao.com/login.jhtml?redirectURL=", "https://detail.tmall.com/item.htm?id=103793887"
            ),
            "103793887",
        ),
        (
            wrapped(
                "https://cfe.m.jd.com/privatedomain/risk_handler/03/?returnurl=", "https://item.jd.com/10004458.html"
            ),
            "10004458",
        ),
        (
            wrapped(
                "https://www.temu.com/uk/bgn_verification.html?from=", "https://www.temu.com/uk/x-g-601099520.html"
            ),
            "601099520",
        ),
        (
            wrapped(
                "https://www.mercadolibre.com.ar/gz/account-verification?go=",
                "https://articulo.mercadolibre.com.ar/MLA-1147839589",
            ),
            "MLA1147839589",
        ),
        ("https://www.aliexpress.com//item/1005001234567890.html/_____tmd_____/punish?x5secdata=x", "1005001234567890"),
    ],
)
def test_a_wall_that_a_person_reports_stands_for_what_it_wraps(url: str, listing_id: str | None) -> None:
    assert canonicalize(url).listing_id == listing_id


def test_a_wall_that_a_look_ended_at_does_not() -> None:
    url = "https://login.taobao.com/member/login.jhtml?redirectURL=https%3A%2F%2Fitem.taobao.com%2Fitem.htm%3Fid%3D1"
    assert identify(url, unwrap=False).listing_id is None


@pytest.mark.parametrize(
    "url", ["https://amzn.to/3abcdef", "https://a.aliexpress.com/_abc", "https://vm.tiktok.com/ZMabc/"]
)
def test_short_links_are_never_guessed(url: str) -> None:
    found = canonicalize(url)
    assert (found.listing_id, found.canonical) == (None, None)
    assert found.reason.startswith("short_link: ")


def test_a_shop_on_its_own_domain_has_handles_once_its_system_is_named() -> None:
    url = "https://www.acme-outlet.com/en/products/watch?utm_source=x"
    assert identify(url).platform == "generic"
    assert identify(url, platform="shopify").listing_id == "watch"
    assert identify("https://www.amazon.com/products/watch", platform="shopify").platform == "amazon"


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    assert canonicalize(text).platform == "rejected" or canonicalize(text).reason
    identify(f"https://www.amazon.com/{text}")
    identify(f"https://www.walmart.com/blocked?url={text}")

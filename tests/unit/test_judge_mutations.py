"""What no page may do, however it is put together: say REMOVED falsely, hide a wall, or break the judge."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takedown.judging import judge
from takedown.observation import Observation
from takedown.platform import Marker, load_library
from takedown.states import VerdictKind
from takedown.verdict import Verdict

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "removal_cases.json").read_text("utf-8"))
LIBRARY = load_library()
HTML = {"content-type": "text/html; charset=utf-8"}
LISTING = {
    "1688": "https://detail.1688.com/offer/600000000001.html",
    "alibaba": "https://www.alibaba.com/product-detail/Acme_1600123456789.html",
    "aliexpress": "https://www.aliexpress.com/item/1005001234567890.html",
    "amazon": "https://www.amazon.com/dp/B0EXAMPLE1",
    "ebay": "https://www.ebay.com/itm/123456789012",
    "etsy": "https://www.etsy.com/listing/1234567890/acme",
    "generic": "https://shop.example.com/item/42",
    "jd": "https://item.jd.com/100044587428.html",
    "lazada": "https://www.lazada.sg/products/acme-i123456789-s987654321.html",
    "mercadolibre": "https://articulo.mercadolibre.com.ar/MLA-1147839589-acme-_JM",
    "mercari": "https://jp.mercari.com/item/m12345678901",
    "shein": "https://www.shein.com/acme-p-12345678.html",
    "shopee": "https://shopee.vn/acme-i.111111111.222222222",
    "shopify": "https://acme.myshopify.com/products/watch",
    "taobao": "https://item.taobao.com/item.htm?id=1037938878986",
    "temu": "https://www.temu.com/acme-g-601099520000000.html",
    "tiktokshop": "https://www.tiktok.com/shop/pdp/1732308866040173150",
    "tmall": "https://detail.tmall.com/item.htm?id=1040659324032",
    "walmart": "https://www.walmart.com/ip/Acme/5301248760",
}
STATUSES = (200, 202, 401, 403, 404, 405, 410, 429, 500, 503)


def gone_snippets() -> Iterator[tuple[str, str]]:
    """Yield each platform's gone words in the markup that the marker asks for."""
    for platform in LIBRARY.platforms.values():
        for marker in platform.gone:
            for phrase in marker.any:
                inner = html.escape(phrase, quote=False)
                if marker.selector:
                    name = marker.selector.partition(",")[0].strip()
                    tag, _, label = name.partition(".")
                    inner = (
                        f'<{tag or "div"} class="{label}">{inner}</{tag or "div"}>'
                        if label
                        else f'<div data-testid="d-statusmessage">{inner}</div>'
                    )
                elif marker.scope == "title":
                    continue
                yield platform.platform, inner


SNIPPETS = list(gone_snippets())
WALL_WORDS = [
    (platform.platform, marker, phrase)
    for platform in (LIBRARY.walls, *LIBRARY.platforms.values())
    for marker in platform.walls
    for phrase in (marker.any or (" ".join(marker.all),))
    if marker.scope == "raw" and (marker.any or marker.all) and not marker.bare
]


def look(platform: str, body: bytes | str, status: int = 200, **more: Any) -> Verdict:  # noqa: ANN401
    more.setdefault("headers", HTML)
    return judge(Observation(url=LISTING[platform], status=status, body=body, platform=platform, **more))


def test_every_platform_has_a_listing_to_be_tried_with() -> None:
    assert set(LISTING) == set(LIBRARY.platforms)


@pytest.mark.parametrize(("platform", "words"), SNIPPETS, ids=lambda value: value[:60])
def test_gone_words_in_visible_main_text_are_removed(platform: str, words: str) -> None:
    assert look(platform, f"<html><body><main><h1>{words}</h1></main></body></html>").kind == "REMOVED"
    assert look(platform, f"<html><body><div><b></b>{words}</div></body></html>").kind == "REMOVED"


@pytest.mark.parametrize(
    "wrapper",
    [
        "<script>var text = '{}'</script>",
        '<script type="application/json">{{"text": "{}"}}</script>',
        '<script type="text/template">{}</script>',
        "<style>.x::after {{ content: '{}' }}</style>",
        "<template>{}</template>",
        "<noscript>{}</noscript>",
        "<!-- {} -->",
        "<div hidden>{}</div>",
        '<div aria-hidden="true">{}</div>',
        '<div style="display:none">{}</div>',
        '<div style="color: red; DISPLAY : none !important">{}</div>',
        '<div style="visibility:hidden"><p><span>{}</span></p></div>',
        '<div style="position:absolute;left:-9999px">{}</div>',
        '<div class="d-none">{}</div>',
        '<div class="x visually-hidden">{}</div>',
        '<style>.off {{ display: none }}</style><div class="off">{}</div>',
        "<dialog>{}</dialog>",
        "<textarea>{}</textarea>",
        "<select><option>{}</option></select>",
        "<svg><text>{}</text></svg>",
        "<iframe>{}</iframe>",
        "<nav>{}</nav>",
        "<footer>{}</footer>",
        "<aside>{}</aside>",
        '<div role="navigation">{}</div>',
        '<div role="complementary">{}</div>',
        '<div class="recommendations">{}</div>',
        '<section class="related-products"><ul><li>{}</li></ul></section>',
        '<div id="similarItems">{}</div>',
        '<div class="a-carousel-card">{}</div>',
        '<div data-testid="recommendation-list">{}</div>',
        '<section id="customers-also-bought">{}</section>',
        '<ul class="customer-reviews"><li>{}</li></ul>',
        '<div class="site-footer">{}</div>',
    ],
)
def test_gone_words_outside_visible_main_text_are_never_removed(wrapper: str) -> None:
    for platform, words in SNIPPETS:
        if wrapper.startswith("<svg>") and "<" in words:
            continue  # HTML elements end the picture, in browsers too
        body = f"<html><head><title>Acme</title></head><body>{wrapper.format(words)}<p>Acme</p></body></html>"
        assert look(platform, body).kind != VerdictKind.REMOVED, (platform, words)


@pytest.mark.parametrize("attribute", ["alt", "title", "data-text", "placeholder", "aria-label", "value", "content"])
def test_gone_words_in_attributes_are_never_removed(attribute: str) -> None:
    for platform, words in SNIPPETS:
        if "<" in words:
            continue
        quoted = words.replace('"', "&quot;")
        for tag in ("img", "div", "input", "meta"):
            body = f'<html><body><{tag} {attribute}="{quoted}"><p>Acme</p></body></html>'
            assert look(platform, body).kind != VerdictKind.REMOVED, (platform, words, tag)


def test_gone_words_in_json_are_never_removed() -> None:
    for platform, words in SNIPPETS:
        for text in (json.dumps({"message": words}), json.dumps([words], ensure_ascii=False)):
            for media_type in ("application/json", "text/html", "text/plain", "text/javascript"):
                verdict = look(platform, text, headers={"content-type": media_type})
                assert verdict.kind != VerdictKind.REMOVED, (platform, words, media_type)


@pytest.mark.parametrize("case", [c for c in CASES if c["expected"] == "LIVE"], ids=lambda case: str(case["id"]))
def test_gone_words_written_into_a_live_page_never_remove_it(case: dict[str, Any]) -> None:
    for platform, words in SNIPPETS:
        if platform not in {case["platform"], "generic"}:
            continue
        for place in ("</body>", "<h1"):
            body = case["body_excerpt"].replace(place, f"<p>{words}</p>{place}", 1)
            seen = Observation(url=case["url"], status=200, headers=HTML, body=body, platform=case["platform"])
            assert judge(seen).kind != VerdictKind.REMOVED, (words, judge(seen))


@pytest.mark.parametrize("phrase", ["Sorry, this item\u2019s gone", "We\u2019re sorry. The Web address you entered"])
def test_curly_quotes_and_white_space_do_not_hide_words(phrase: str) -> None:
    body = f"<body><p>{phrase} is\u00a0not a  functioning\n<i>page</i> on <b>our</b> si<b>te</b>.</p></body>"
    assert look("amazon", body).kind == "REMOVED"


def test_words_do_not_join_across_blocks() -> None:
    assert look("amazon", "<body><p>not a functioning page</p><p>on our site</p></body>").kind != "REMOVED"


@pytest.mark.parametrize(("owner", "marker", "phrase"), WALL_WORDS, ids=lambda value: str(value)[:40])
def test_every_wall_laid_over_any_page_with_any_status_is_blocked(owner: str, marker: Marker, phrase: str) -> None:
    platforms = [owner] if owner != "walls" else ["amazon", "generic"]
    for platform in platforms:
        for case in CASES:
            if case["platform"] != platform or not case["body_excerpt"].startswith("<html>"):
                continue
            for status in STATUSES:
                wall = f'<div id="{html.escape(phrase)}">{html.escape(phrase)}</div>'
                body = case["body_excerpt"].replace("</body>", wall + "</body>")
                verdict = look(platform, body, status)
                assert verdict.kind == "BLOCKED", (marker.name, status, verdict)


@pytest.mark.parametrize(
    "headers",
    [
        {"cf-mitigated": "challenge"},
        {"x-amzn-waf-action": "challenge"},
        {"X-Amzn-Waf-Action": "captcha"},
        {"x-datadome-cid": "1", "x-dd-b": "2"},
    ],
)
def test_a_walls_header_is_blocked_with_any_page_and_any_status(headers: dict[str, str]) -> None:
    for case in CASES:
        if case["status"] == 0:
            continue
        for status in STATUSES:
            verdict = look(case["platform"], case["body_excerpt"], status, headers={**HTML, **headers})
            assert verdict.kind == "BLOCKED"


def test_only_the_listed_wall_titles_are_walls() -> None:
    assert look("generic", "<title>Just a moment...</title>", 404).kind == "BLOCKED"
    assert look("generic", "<title>Just a moment... the film</title>", 404).kind == "REMOVED"


@given(st.binary(max_size=600), st.sampled_from(sorted(LISTING)), st.sampled_from([200, 201, 206, 302, 500, 503]))
@settings(max_examples=300, deadline=None)
def test_random_bytes_never_crash_and_never_conclude(body: bytes, platform: str, status: int) -> None:
    for headers in ({}, HTML, {"content-type": "text/html; charset=utf-16"}, {"content-type": "application/json"}):
        verdict = look(platform, body, status, headers=headers)
        assert verdict.kind not in {"REMOVED", "LIVE"}


TAGS = [
    "<div>",
    "</div>",
    "<p",
    "<!--",
    "<script>",
    "</script>",
    "<svg>",
    "<template>",
    "<table><b>",
    "<h1>",
    "<title>",
]
FRAGMENTS = st.sampled_from(
    [
        *TAGS,
        *(
            "-->",
            ">",
            "<noscript>",
            "<select>",
            "]]>",
            "[[[[",
            "}}",
            "&#x41;",
            "&#99999999999;",
            "$10",
            "Page not found",
        ),
        *("\x00", "\ufeff", "\ud800", "\u0301" * 40),
        '<script type="application/ld+json">',
        '{"@type":"Product","offers":{',
        '"availability":"InStock"',
        '<link rel="canonical" href="https://shop.example.com/item/42">',
        "<button>Add to cart",
        '<a style="display:none',
        "<base href='//['>",
        '<meta http-equiv="refresh" content="0;url=//[">',
        "<input type=password><form>",
    ]
)


@given(st.lists(FRAGMENTS, max_size=30), st.sampled_from(sorted(LISTING)), st.sampled_from(STATUSES))
@settings(max_examples=300, deadline=None)
def test_broken_markup_never_crashes(parts: list[str], platform: str, status: int) -> None:
    assert look(platform, "".join(parts), status).kind in set(VerdictKind)


@given(st.text(max_size=200), st.text(max_size=200), st.integers(-1, 1000))
@settings(max_examples=200, deadline=None)
def test_any_url_gets_some_verdict(url: str, final_url: str, status: int) -> None:
    verdict = judge(Observation(url=url, final_url=final_url, status=status))
    assert verdict.kind != VerdictKind.LIVE


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 200_000,
        "<b>" * 100_000,
        "<table>" * 50_000,
        "<" * 2_000_000,
        "<!--" * 500_000,
        "<a b='" * 300_000,
        "<p>" * 300_000,
        "<div " + " ".join(f"a{number}=1" for number in range(200_000)) + ">",
        "".join(f"<b a={number}>" for number in range(500)) + "<p>x</p>" * 100_000,
        "<p>&amp;a\u0301\u0316</p>" * 100_000,
        "a" + "\u0301\u0316" * 500_000,
        "&#" + "9" * 10_000 + ";",
        "<script type='application/ld+json'>" + "[" * 100_000,
        "<script type='application/ld+json'>" + '{"a":' * 100_000,
        "<style>" + "{" * 300_000,
        "<style>" + "/*" * 300_000,
        "<div role=button>" * 4_000 + "x" * 100_000,
        "<p class='a b'>hello <b>x</b></p>" * 100_000,
        '{"a":' * 300_000,
        "<svg><path/></svg>" * 50_000,
    ],
    ids=lambda page: page[:24],
)
def test_hostile_pages_of_megabytes_are_read_in_linear_time(page: str) -> None:
    assert look("generic", page).kind == "ERROR"
    assert look("generic", page, 503).kind == "ERROR"


def test_a_live_page_of_five_megabytes_is_read() -> None:
    filler = "<div class='x'><p>Acme bags are <b>fine</b> bags.</p></div>" * 80_000
    body = (
        '<html><head><link rel="canonical" href="https://shop.example.com/item/42"></head><body><h1>Acme Bag</h1>'
        f"<p>$10</p><button>Add to cart</button>{filler}</body></html>"
    )
    assert len(body) > 4_500_000
    assert look("generic", body).kind == "LIVE"


def test_a_vector_picture_does_not_make_a_page_deep() -> None:
    body = "<body><h1>Page not found</h1>" + "<svg><g><path d='x'/><use href='#y'/></g></svg>" * 20_000 + "</body>"
    assert look("generic", body).kind == "REMOVED"


def test_platforms_keep_their_words_to_themselves() -> None:
    assert look("amazon", "<body><p>We looked everywhere.</p></body>").kind == "ERROR"
    assert look("lazada", "<body><h1>Page not found</h1></body>").kind == "ERROR"

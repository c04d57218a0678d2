"""The sample cases, and the rules they stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from takedown.judging import judge
from takedown.observation import Observation
from takedown.states import VerdictKind
from takedown.verdict import Verdict

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "removal_cases.json").read_text("utf-8"))
SHOP = "https://shop.example.com/item/42"
LIVE = (
    '<html><head><title>Acme Bag</title><link rel="canonical" href="https://shop.example.com/item/42"></head>'
    "<body><main><h1>Acme Bag</h1><p>$10.00</p><button>Add to cart</button></main></body></html>"
)


def look(body: bytes | str = b"", status: int = 200, url: str = SHOP, **more: Any) -> Verdict:  # noqa: ANN401
    more.setdefault("headers", {"content-type": "text/html; charset=utf-8"})
    return judge(Observation(url=url, status=status, body=body, **more))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_the_sample_gets_its_verdict(case: dict[str, Any]) -> None:
    verdict = judge(
        Observation(
            url=case["url"],
            final_url=case["final_url"],
            status=case["status"],
            headers=case["headers"],
            body=case["body_excerpt"],
            platform=case["platform"],
        )
    )
    assert verdict.kind == case["expected"], verdict


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_no_part_of_a_sample_is_ever_removed_unless_the_sample_is(case: dict[str, Any]) -> None:
    if case["expected"] == "REMOVED":
        return
    for platform in (case["platform"], None):
        for end in range(0, len(case["body_excerpt"]), 23):
            seen = Observation(
                url=case["url"],
                final_url=case["final_url"],
                status=case["status"],
                headers=case["headers"],
                body=case["body_excerpt"][:end],
                platform=platform,
            )
            assert judge(seen).kind != VerdictKind.REMOVED


def test_the_shop_is_live_when_it_shows_id_title_and_price() -> None:
    verdict = look(LIVE)
    assert (verdict.kind, verdict.rule) == ("LIVE", "13.live-evidence")
    assert {part.where for part in verdict.evidence} >= {"link rel=canonical", "title", "buy control"}


@pytest.mark.parametrize(
    "address",
    ["https://shop.example.com/", "https://shop.example.com/item/43", "https://other.example.com/item/42", "/"],
)
def test_a_page_that_calls_another_address_its_own_is_not_live(address: str) -> None:
    body = LIVE.replace("https://shop.example.com/item/42", address)
    assert look(body).kind == "ERROR"
    data = (
        '<script type="application/ld+json">{"@type":"Product","name":"Acme Bag","sku":"42",'
        '"offers":{"price":1,"availability":"InStock"}}</script>'
    )
    assert look(body.replace("</head>", data + "</head>")).kind == "ERROR"


@pytest.mark.parametrize(
    "part", ['<link rel="canonical" href="https://shop.example.com/item/42">', "<h1>Acme Bag</h1>"]
)
def test_without_its_id_or_title_a_page_is_not_live(part: str) -> None:
    assert look(LIVE.replace(part, "")).reason == "no_signal"


def test_without_price_and_buy_control_a_page_is_not_live() -> None:
    assert look(LIVE.replace("<p>$10.00</p><button>Add to cart</button>", "")).reason == "no_signal"


@pytest.mark.parametrize("status", [404, 410])
def test_not_found_is_removed_only_at_the_listings_own_address(status: int) -> None:
    assert look(status=status).kind == "REMOVED"
    assert look(status=status, final_url="https://shop.example.com/item/42/?utm_source=x").kind == "REMOVED"
    for other in ("https://shop.example.com/", "https://shop.example.net/item/42", "https://shop.example.com/404"):
        assert look(status=status, final_url=other).kind == "REDIRECTED_ELSEWHERE"


def test_a_product_block_of_the_same_listing_contradicts_a_404() -> None:
    data = (
        '<script type="application/ld+json">{"@type":"Product","url":"https://shop.example.com/item/42",'
        '"name":"Acme Bag","offers":{"price":"1","availability":"https://schema.org/InStock"}}</script>'
    )
    assert look(LIVE.replace("</head>", data + "</head>"), 404).reason == "contradiction"


@pytest.mark.parametrize("status", [0, 200, 404, 410, 451])
def test_an_incomplete_response_never_says_anything(status: int) -> None:
    assert look("<h1>Page not found</h1>", status, complete=False).kind == "ERROR"


@pytest.mark.parametrize("status", [301, 304, 400, 401, 402, 405, 406, 408, 418])
def test_odd_statuses_prove_nothing_whatever_the_page_says(status: int) -> None:
    assert look("<h1>Page not found</h1>", status).kind == "ERROR"
    assert look(LIVE, status).kind == "ERROR"


def test_a_gone_phrase_beside_a_buy_control_is_a_contradiction() -> None:
    body = LIVE.replace("<p>", "<h2>This listing is no longer available</h2><p>")
    assert look(body).reason == "contradiction"


def test_a_demo_page_that_says_so_in_its_main_text_is_removed_and_a_wall_is_not() -> None:
    url = "http://127.0.0.1:8801/item/7"
    gone = "<html><body><main><p>This listing is no longer available</p></main></body></html>"
    wall = "<title>Just a moment...</title><body>Enable JavaScript and cookies to continue</body>"
    assert look(gone, url=url).kind == "REMOVED"
    assert look(b"", 404, url=url).kind == "REMOVED"
    assert look(wall, 403, url=url, headers={"cf-mitigated": "challenge"}).kind == "BLOCKED"
    assert look(gone, 404, url=url, headers={"x-amzn-waf-action": "captcha"}).kind == "BLOCKED"


def test_a_script_that_a_vendor_puts_into_ordinary_pages_is_no_wall() -> None:
    for script in (
        "<script>a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>",
        "<script>a.src='/cdn-cgi/challenge-platform/h/b/scripts/jsd/0a1b/main.js'</script>",
        '<script src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3"></script>',
        "<script>if (ret.indexOf('FAIL_SYS_USER_VALIDATE') > 0) { show('baxia-dialog') }</script>",
        '<script>window.conf = {"captcha": "px-captcha", "url": "geo.captcha-delivery.com"}</script>',
    ):
        assert look(LIVE.replace("</main>", "</main>" + script)).kind == "LIVE", script


def test_the_same_marks_on_a_page_that_is_not_live_are_a_wall() -> None:
    assert look("<script>var c = 'px-captcha'</script>", 404).kind == "BLOCKED"
    assert look('<script src="/_Incapsula_Resource?SWJIYLWA=7"></script>').kind == "BLOCKED"


def test_entity_encoded_walls_are_read() -> None:
    body = (
        "<H1>Access Denied</H1>You don't have permission to access this server.<P>Reference&#32;&#35;18&#46;2d1"
        "<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18"
    )
    assert look(body, 404).rule == "3.wall:walls.akamai-denied"


@pytest.mark.parametrize("codec", ["gbk", "utf-8", "utf-16", "gb18030"])
def test_the_charset_is_respected(codec: str) -> None:
    body = "<html><body>很抱歉，您查看的商品找不到了！</body></html>".encode(codec)  # noqa: RUF001 - the page's own
    headers = {"content-type": f"text/html; charset={codec}"}
    url = "https://detail.tmall.com/item.htm?id=1040659324032"
    assert look(body, url=url, headers=headers).kind == "REMOVED"


def test_a_charset_in_the_document_is_respected() -> None:
    body = '<meta charset="shift_jis"><p>この商品は削除されました</p>'.encode("shift_jis")
    assert look(body, url="https://jp.mercari.com/item/m12345678901", headers={}).kind == "REMOVED"


def test_a_redirect_to_a_variant_is_the_same_listing_where_the_page_says_so() -> None:
    url, landed = "https://www.amazon.com/dp/B0EXAMPLE1", "https://www.amazon.com/dp/B0EXAMPLE2"
    page = (
        '<html><body><span id="productTitle">Acme</span><input type="hidden" name="ASIN" value="B0EXAMPLE2">'
        '<link rel="canonical" href="https://www.amazon.com/dp/B0EXAMPLE2"><span class="a-price">$1</span>'
        '<input id="add-to-cart-button"><script>var t = {"parentAsin":"%s"}</script></body></html>'
    )
    assert look(page % "B0EXAMPLE1", url=url, final_url=landed).kind == "LIVE"
    assert look(page % "B0EXAMPLE9", url=url, final_url=landed).kind == "REDIRECTED_ELSEWHERE"


def test_a_script_redirect_to_the_error_page_counts_for_the_same_id_and_an_empty_page_alone() -> None:
    url = "https://item.taobao.com/item.htm?id=1037938878986"
    gone = '<script>location.replace("https://error.item.taobao.com/error/noitem?itemid=%s")</script>'
    assert look(gone % "1037938878986", url=url).kind == "REMOVED"
    assert look(gone % "1037938878987", url=url).kind == "ERROR"
    assert look(gone % "1037938878986" + "<p>女包</p>", url=url).kind == "ERROR"
    never_called = gone.replace("location", "function f() { location").replace("</script>", "}</script>")
    assert look(never_called % "1037938878986", url=url).kind == "ERROR"


def test_a_page_behind_a_login_form_says_nothing_and_a_login_form_in_the_frame_is_none() -> None:
    form = '<form><input name="user"><input type="password"><button>Sign in</button></form>'
    assert look(f"<main>{form}</main>").kind == "LOGIN_WALL"
    assert look(LIVE.replace("</main>", f"</main><header>{form}</header>")).kind == "LIVE"
    assert look(f"<header>{form}</header><main><h1>Page not found</h1></main>").kind == "REMOVED"


def test_verdicts_name_their_data_and_what_would_change_them() -> None:
    verdict = look("<h1>Page not found</h1>")
    assert verdict.ruleset.startswith("generic/1 walls/2 ")
    assert verdict.quote == "Page not found"
    assert verdict.would_change


def test_a_lesser_heading_or_a_heading_among_much_text_does_not_speak_for_a_page() -> None:
    text = "<p>Acme bags are made to last, and people have carried them for many years.</p>" * 20
    assert look(f"<body><h2>Page not found</h2>{text}</body>").kind == "REMOVED"
    assert look(f"<body><h1>Acme Bag</h1><h2>Page not found</h2>{text}</body>").kind == "ERROR"
    assert look(f"<body><header><h1>Acme Bag</h1></header><h2>Page not found</h2>{text}</body>").kind == "ERROR"
    assert look(f"<body><h1>Page not found</h1>{text * 5}</body>").kind == "ERROR"

"""What a capture holds of pages that behave."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from takedown import canonical
from tests.browser.conftest import Album, Captured, Pages
from tests.browser.hostile_site import PDF, PNG, SQUARE, HostileSite

FILES = {"screenshot-viewport.png", "screenshot-full.png", "page.html", "text.txt", "response-body.bin"}

PAGES: Pages = {
    "/plain": {},
    "/r1": {},
    "/script-redirect": {},
    "/meta-redirect": {},
    "/item/1001": {},
    "/item/1002": {},
    "/item/1003": {},
    "/lazy": {},
    "/tall": {"scroll_steps": 4},  # what the picture shows does not hang on how far one scrolled before
    "/gzip": {},
    "/gbk": {},
    "/cjk": {},
    "/pdf": {},
    "/png": {},
    "/svg": {},
    "/zip": {},
    "/missing": {},
    "/missing-empty": {},
    "/nothing": {},
    "/login": {},
    "/empty": {},
}


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.fixture
def plain(album: Album) -> Captured:
    return album("/plain")


def test_a_page_is_captured_whole(plain: Captured, hostile: HostileSite) -> None:
    taken = plain
    assert (taken.result.status, taken.result.outcome, taken.result.flags) == ("COMPLETE", "CAPTURED", [])
    assert FILES | {"requests.jsonl", "response-headers.json", "capture.json"} <= taken.names
    assert taken.read("response-body.bin").startswith(b"<!doctype html><html><head><title>t</title>")
    assert b"Plain page" in taken.read("page.html")
    assert taken.read("text.txt").decode().split() == ["Plain", "page", "with", "text"]
    assert picture(taken.read("screenshot-viewport.png")).size == (1280, 800)
    assert taken.record.final_url == f"{hostile.url}/plain"
    assert all(step.status == "done" for step in taken.record.steps)


def test_the_record_is_canonical_and_lists_every_file_with_its_hashes(plain: Captured) -> None:
    taken = plain
    listed = {artifact.path: artifact for artifact in taken.record.artifacts}
    assert listed.keys() == taken.names - {"capture.json"}
    for name, artifact in listed.items():
        data = taken.read(name)
        expected = (len(data), canonical.sha256(data), canonical.sha512(data))
        assert (artifact.bytes, artifact.sha256, artifact.sha512) == expected
    assert canonical.dumps(json.loads(taken.read("capture.json"))) == taken.read("capture.json")


def test_provenance_tells_how_the_page_was_looked_at(plain: Captured, hostile: HostileSite) -> None:
    seen = plain.record.provenance
    assert seen.browser.startswith("Chrome/")
    assert "HeadlessChrome" in seen.user_agent
    assert {"--no-sandbox", "--webrtc-ip-handling-policy=disable_non_proxied_udp"} <= set(seen.launch_arguments)
    assert not any("takedown-" in argument for argument in seen.launch_arguments)
    assert seen.allowed_hosts == [hostile.host]


def test_redirects_are_on_the_record_with_all_their_headers(album: Album, hostile: HostileSite) -> None:
    taken = album("/r1")
    hops = taken.record.redirects
    assert [(hop.url, hop.status, hop.body) for hop in hops] == [
        (f"{hostile.url}/r1", 302, "redirect: no body"),
        (f"{hostile.url}/r2", 301, "redirect: no body"),
    ]
    assert [value for name, value in hops[0].headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert taken.record.main_response is not None
    assert taken.record.main_response.url == taken.record.final_url == f"{hostile.url}/plain"
    assert [item["status"] for item in json.loads(taken.read("response-headers.json"))] == [302, 301, 200]


@pytest.mark.parametrize("where", ["/script-redirect", "/meta-redirect"])
def test_a_page_that_goes_on_by_itself_is_captured_where_it_went(
    album: Album, hostile: HostileSite, where: str
) -> None:
    taken = album(where)
    assert taken.record.main_response is not None
    assert taken.record.main_response.url == taken.record.final_url == f"{hostile.url}/plain"
    assert [(hop.url, hop.body) for hop in taken.record.redirects] == [(f"{hostile.url}{where}", "not obtained")]
    assert b"Plain page" in taken.read("response-body.bin")
    assert not any("address rewritten" in step.reason for step in taken.record.steps)


def test_a_page_cannot_choose_the_address_that_it_is_recorded_under(album: Album, hostile: HostileSite) -> None:
    taken = album("/item/1001")
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("COMPLETE", "HTTP_ERROR", "404")
    assert [hop.url for hop in taken.record.redirects] == [f"{hostile.url}/item/1001"]
    assert taken.record.main_response is not None
    assert taken.record.main_response.url == taken.record.final_url == f"{hostile.url}/oops/9"
    assert taken.step("settle") == f"done: address rewritten to {hostile.url}/item/1001"


@pytest.mark.parametrize(
    ("where", "remark"), [("/item/1002", "address rewritten to {}/item/1002/red-shoes#top"), ("/item/1003", "")]
)
def test_a_page_that_only_tidies_its_address_is_complete(
    album: Album, hostile: HostileSite, where: str, remark: str
) -> None:
    taken = album(where)
    assert (taken.result.status, taken.result.outcome, taken.result.flags) == ("COMPLETE", "CAPTURED", [])
    assert taken.record.final_url == f"{hostile.url}{where}"
    assert taken.step("settle") == f"done: {remark.format(hostile.url)}"


def test_pictures_below_the_fold_are_in_the_full_picture(album: Album, hostile: HostileSite) -> None:
    taken = album("/lazy")
    assert taken.result.flags == []
    assert {f"/square.svg?{number}" for number in range(12)} <= set(hostile.asked)
    full = picture(taken.read("screenshot-full.png"))
    assert full.size == (1280, 12 * 900)
    for number in range(12):
        assert full.getpixel((10, number * 900 + 50)) == (0xDD, 0, 0)


def test_a_page_as_tall_as_the_limit_is_right_to_its_last_row(album: Album) -> None:
    full = picture(album("/tall").read("screenshot-full.png"))
    assert full.size == (1280, 29_000)
    shades = [full.getpixel((600, row))[0] for row in range(100, 29_000, 700)]  # type: ignore[index]
    assert shades == sorted(shades)
    assert shades[0] < 5
    assert shades[-1] > 250


@pytest.mark.parametrize(
    ("where", "body"), [("/gzip", b"<h1>packed</h1>"), ("/gbk", "<h1>正品保证</h1>".encode("gbk"))]
)
def test_bodies_are_kept_as_the_browser_decoded_them(album: Album, where: str, body: bytes) -> None:
    assert album(where).read("response-body.bin") == body


def test_chinese_japanese_and_korean_text_is_read(album: Album) -> None:
    taken = album("/cjk")
    assert taken.read("text.txt").decode().strip() == "正品保证 日本語 한국어 😀"


@pytest.mark.parametrize(
    ("where", "detail", "body", "pictured"),
    [
        ("/pdf", "pdf", PDF, set()),
        ("/png", "image", PNG, {"screenshot-viewport.png"}),
        ("/svg", "svg", SQUARE.encode(), {"screenshot-viewport.png"}),
        ("/zip", "download", b"PK" * 2000, set()),
    ],
)
def test_other_documents_are_kept_as_they_came(
    album: Album, where: str, detail: str, body: bytes, pictured: set[str]
) -> None:
    taken = album(where)
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("COMPLETE", "NON_HTML", detail)
    assert taken.read("response-body.bin") == body
    assert {name for name in taken.names if name.startswith("screenshot")} == pictured


def test_a_404_is_a_complete_observation(album: Album) -> None:
    taken = album("/missing")
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("COMPLETE", "HTTP_ERROR", "404")
    assert taken.names >= FILES


@pytest.mark.parametrize(("where", "detail"), [("/missing-empty", "404"), ("/nothing", "204")])
def test_an_answer_without_a_page_has_no_pictures(album: Album, where: str, detail: str) -> None:
    taken = album(where)
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("COMPLETE", "HTTP_ERROR", detail)
    assert not FILES & taken.names


def test_a_page_behind_a_login_is_said_to_be_one(album: Album) -> None:
    taken = album("/login")
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("COMPLETE", "HTTP_ERROR", "401")
    assert taken.read("response-body.bin") == b"<h1>log in</h1>"
    assert "screenshot-viewport.png" not in taken.names


def test_an_empty_page_is_not_taken_for_a_whole_one(album: Album) -> None:
    taken = album("/empty")
    assert (taken.result.status, taken.result.outcome) == ("PARTIAL", "CAPTURED")
    assert "empty_body" in taken.result.flags

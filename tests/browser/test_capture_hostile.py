"""Captures of pages that fight back: each ends in time, and says truthfully how."""

from __future__ import annotations

import json

import pytest

from tests.browser.conftest import Album, Capture, Pages
from tests.browser.hostile_site import HostileSite

PICTURES = {"screenshot-viewport.png", "screenshot-full.png"}

PAGES: Pages = {
    "/r-metadata": {},
    "/subrequests": {},
    "/never": {"navigate_seconds": 1.5},
    "/truncated": {},
    "/bad-gzip": {},
    "/loop": {},
    "/dialogs": {},
    "/popups": {},
    "/refresh": {},
    "/leaves": {},
    "/one-dialog": {},
    "/grow": {"page_height": 6000, "scroll_steps": 6, "settle_seconds": 2},
    "/font": {"load_seconds": 1, "settle_seconds": 1},
    "/memory": {"memory_bytes": 800_000_000},
    "/hijack": {},
}


def test_a_refused_address_is_never_asked(capture: Capture, site: HostileSite) -> None:
    taken = capture("http://127.0.0.1:8080/refused")
    assert (taken.result.status, taken.result.outcome) == ("FAILED", "REFUSED")
    assert taken.result.detail.startswith("address_loopback")
    assert taken.names == {"capture.json"}
    assert taken.record.visited_url is None
    assert taken.record.provenance.browser == "not started"
    assert "/refused" not in site.asked


def test_a_url_that_is_no_text_is_refused_and_recorded(capture: Capture) -> None:
    taken = capture("http://shop.example.com/\ud800")
    assert (taken.result.outcome, taken.result.detail.partition(":")[0]) == ("REFUSED", "url_control_character")
    assert taken.record.requested_url == "http://shop.example.com/\\ud800"


def test_a_redirect_to_the_cloud_s_metadata_is_refused_and_recorded(album: Album, hostile: HostileSite) -> None:
    taken = album("/r-metadata")
    assert (taken.result.status, taken.result.outcome) == ("FAILED", "REFUSED")
    assert "169.254.169.254" in taken.result.detail
    assert [(hop.url, hop.status) for hop in taken.record.redirects] == [(f"{hostile.url}/r-metadata", 302)]
    assert any(line.startswith("refuse http://169.254.169.254/") for line in taken.record.guard)
    assert taken.record.main_response is None
    assert not PICTURES & taken.names


def test_what_a_page_asks_of_private_addresses_is_stopped_and_recorded(album: Album) -> None:
    taken = album("/subrequests")
    assert taken.result.outcome == "CAPTURED"
    lines = [json.loads(line) for line in taken.read("requests.jsonl").splitlines()]
    blocked = {line["url"]: line["blocked"].partition(":")[0] for line in lines if line.get("blocked")}
    assert blocked["http://10.0.0.1/a.png"] == "address_private"
    assert blocked["http://169.254.169.254/latest/meta-data/"] == "address_metadata"
    assert blocked["http://127.0.0.1:1/"] == "port_refused"


def test_nobody_there(capture: Capture, free_port: int) -> None:
    taken = capture(f"http://127.0.0.1:{free_port}/", allow=(f"127.0.0.1:{free_port}",))
    assert (taken.result.status, taken.result.outcome) == ("FAILED", "UNREACHABLE")
    assert taken.result.detail == "tcp: ERR_CONNECTION_REFUSED"
    assert taken.record.final_url is None
    assert not (PICTURES | {"page.html"}) & taken.names


def test_no_such_name(capture: Capture) -> None:
    taken = capture("http://shop.example.com/item/1")
    assert (taken.result.status, taken.result.outcome) == ("FAILED", "UNREACHABLE")
    assert taken.result.detail.startswith("dns: dns_not_found")


def test_a_server_that_says_nothing(album: Album) -> None:
    taken = album("/never")
    assert (taken.result.status, taken.result.outcome) == ("FAILED", "UNREACHABLE")
    assert taken.result.detail == "tcp: no response"
    assert not PICTURES & taken.names


def test_a_body_that_breaks_off_is_kept_as_far_as_it_came(album: Album) -> None:
    taken = album("/truncated")
    assert (taken.result.status, taken.result.outcome) == ("PARTIAL", "TRUNCATED")
    assert taken.result.detail == "ERR_CONTENT_LENGTH_MISMATCH"
    assert b"first part" in taken.read("response-body.bin")
    assert taken.seconds < 10


def test_a_body_that_cannot_be_decoded(album: Album) -> None:
    taken = album("/bad-gzip")
    assert (taken.result.status, taken.result.outcome) == ("PARTIAL", "TRUNCATED")
    assert taken.result.detail == "ERR_CONTENT_DECODING_FAILED"
    assert taken.record.main_response is not None
    assert taken.record.main_response.body == "not obtained"
    assert not PICTURES & taken.names


@pytest.mark.parametrize(
    ("where", "detail"), [("/loop", "redirects"), ("/dialogs", "dialogs"), ("/popups", "popups"), ("/refresh", "navs")]
)
def test_endless_things_are_counted_and_ended(album: Album, hostile: HostileSite, where: str, detail: str) -> None:
    taken = album(where)
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("PARTIAL", "BUDGET", detail)
    assert taken.record.redirects or taken.record.main_response
    assert not [path for path in hostile.asked if "?popup" in path], "a window that the page opened reached the server"
    assert taken.seconds < 15


def test_a_page_that_leaves_when_one_scrolls_is_not_mixed_with_where_it_went(
    album: Album, hostile: HostileSite
) -> None:
    taken = album("/leaves")
    assert taken.result.status == "PARTIAL"
    assert {"navigated_away", "no_fullpage", "no_html", "no_text"} <= set(taken.result.flags)
    assert taken.record.final_url == f"{hostile.url}/leaves"
    assert b"bait" in taken.read("response-body.bin")
    assert not {"screenshot-full.png", "page.html", "text.txt"} & taken.names


def test_a_prompt_is_dismissed_and_said(album: Album) -> None:
    taken = album("/one-dialog")
    assert (taken.result.status, taken.result.flags) == ("PARTIAL", ["dialogs:1"])
    assert b"p:null" in taken.read("page.html")
    assert json.loads(taken.read("console.jsonl").splitlines()[0])["text"] == "password?"


def test_a_page_that_grows_for_ever_is_cut_and_flagged(album: Album) -> None:
    taken = album("/grow")
    assert taken.result.status == "PARTIAL"
    assert "height_capped" in taken.result.flags
    assert taken.read("screenshot-full.png")[16:24] == (1280).to_bytes(4) + (6000).to_bytes(4)


def test_a_font_that_never_comes_does_not_keep_us(album: Album) -> None:
    taken = album("/font")
    assert (taken.result.status, taken.result.outcome) == ("PARTIAL", "CAPTURED")
    assert "load_incomplete" in taken.result.flags
    assert taken.names >= PICTURES


def test_a_page_that_eats_memory_is_ended(album: Album) -> None:
    taken = album("/memory")
    assert (taken.result.outcome, taken.result.detail) == ("CRASHED", "oom")
    assert taken.result.status == "PARTIAL"  # the response's body was there


def test_a_page_that_breaks_javascript_is_still_read(album: Album) -> None:
    taken = album("/hijack")
    assert taken.result.status == "COMPLETE"
    assert taken.read("text.txt").decode().strip() == "still here"

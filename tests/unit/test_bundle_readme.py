"""The case page: opens from disk, loads nothing, runs nothing, shows what cannot be seen."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

import pytest

from takedown.bundle.dossier import CaseDossier
from takedown.bundle.layout import assemble
from takedown.sealing import Token
from tests.verify import samples
from tests.verify.dev_tsa import DownTsa, OddTsa
from tests.verify.local_signer import LocalSigner

TSA = OddTsa("tsa-one", lambda data: Token(b"q" + data[:3], b"r" + data[:3], samples.NOW))


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "srcset", "action", "data"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(case: CaseDossier) -> Page:
    members = {member.path: member for member in assemble(case, now=samples.NOW).members}
    page = Page(b"".join(members["data/README.html"].read()).decode("utf-8"))
    below = {path.removeprefix("data/") for path in members}
    assert set(page.links) <= below, "a link leads out of the bundle, or to nothing"
    return page


@pytest.fixture(scope="module")
def case() -> CaseDossier:
    return samples.dossier(signer=LocalSigner(), authorities=[TSA, DownTsa("tsa-down")])


@pytest.fixture(scope="module")
def page(case: CaseDossier) -> Page:
    return _page(case)


def test_nothing_runs_and_nothing_is_loaded_from_outside(page: Page) -> None:
    policy = "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'"
    assert f'http-equiv="Content-Security-Policy" content="{policy}' in page.html
    assert not {"script", "iframe", "object", "embed", "form", "link", "base", "svg"} & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
    assert "url(" not in page.html
    assert "@import" not in page.html


def test_captured_pages_are_not_linked(page: Page) -> None:
    assert not [link for link in page.links if link.endswith(("page.html", ".mhtml", ".bin"))]


def test_untrusted_text_is_escaped_and_hidden_characters_are_shown(page: Page) -> None:
    assert "<script>alert" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.html
    assert "[U+202E]gpj.exe" in page.text
    assert not {"\u202e", "\x1b", "\x07"} & set(page.html)
    assert "<taken>" in page.text


def test_the_host_stands_beside_its_punycode(page: Page) -> None:
    assert "https://例子.example/item/1001?q=<b>&x=[U+202E]" in page.text
    assert "例子.example is xn--fsqu00a.example" in " ".join(page.text.split())


def test_first_capture_and_removal_stand_side_by_side(page: Page) -> None:
    shots = [link for link in page.links if link.endswith("screenshot-viewport.png")]
    assert f"captures/{samples.CAPTURES[0]}/screenshot-viewport.png" in shots
    assert f"captures/{samples.CAPTURES[2]}/screenshot-viewport.png" in shots
    assert "First seen removed" in page.text
    assert "HTTP 404 Not Found" in page.text
    assert "22 Nov 2026, 09:01:02 UTC" in page.text


def test_dates_hashes_gaps_and_people_are_told(page: Page, case: CaseDossier) -> None:
    text = " ".join(page.text.split())
    assert "Harbour & Reed Pictures Ltd" in text
    assert "Ada Preparer" in text
    assert case.trust.key_fingerprint in text
    assert "tsa-down: no answer" in text
    assert "Case opened" in text
    assert "10 custody events" in text


def test_routine_looks_are_counted_not_listed(page: Page) -> None:
    assert "Listing observed" not in page.text
    assert "2 looks" in page.text


def test_a_capture_without_a_page_says_why(case: CaseDossier) -> None:
    listing = case.listings[0].model_copy(update={"capture_id": "f" * 32, "removal_captures": []})
    page = _page(dataclasses.replace(case, listings=[listing]))
    assert "No capture in this bundle" in page.text


def test_a_listing_keeps_its_number_where_another_was_not_captured(case: CaseDossier) -> None:
    first = case.listings[0].model_copy(update={"capture_id": "f" * 32, "removal_captures": []})
    page = _page(dataclasses.replace(case, listings=[first, case.listings[1]]))
    assert "Listing 2" in page.text
    assert "Listing 1" not in page.text


def test_a_case_without_anything_yet_has_a_page(case: CaseDossier) -> None:
    empty = dataclasses.replace(case, listings=[], captures=[], notices=[], looks=[], custody=case.custody[:1])
    assert "0 listings" in " ".join(_page(empty).text.split())

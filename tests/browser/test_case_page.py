"""The case page of a bundle, opened from disk as a reader would."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

from takedown.bundle.export import export_case
from takedown.sealing import Token
from tests.verify import samples
from tests.verify.dev_tsa import OddTsa
from tests.verify.local_signer import LocalSigner

TSA = OddTsa("tsa-one", lambda data: Token(b"q" + data[:3], b"r" + data[:3], samples.NOW))


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_it_shows_its_pictures_under_its_policy_and_asks_for_nothing_else(page: Page, tmp_path: Path) -> None:
    signer, out = LocalSigner(), io.BytesIO()
    case = samples.dossier(signer=signer, authorities=[TSA])
    result = export_case(out, case, signer=signer, authorities=[TSA], now=samples.NOW)
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path)
    asked: list[str] = []
    said: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("request", note)
    page.on("console", hear)
    page.goto((tmp_path / result.name / "data/README.html").as_uri())
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.locator("img").count() == 5
    assert said == [], "the policy refused something"
    assert all(url.startswith("file:///") for url in asked)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a phone scrolls down only"
    page.add_style_tag(content="* { letter-spacing: .12em !important }")  # a machine whose only fonts are wide ones
    assert page.evaluate("getComputedStyle(document.body).letterSpacing") != "normal", "the page's policy let it in"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "whatever fonts it has"

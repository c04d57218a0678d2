"""The steps at the page itself: wait until it stands, look, scroll, look at all of it, read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from takedown.adapters.chromium.documents import Document
from takedown.adapters.chromium.eyes import Eyes, PageState, Place, png_size
from takedown.adapters.chromium.outcome import VisitStoppedError, from_net_error
from takedown.adapters.chromium.recorder import Recorder
from takedown.states import CaptureOutcome

if TYPE_CHECKING:
    from takedown.adapters.chromium.visit import Visit

T = TypeVar("T")

POLL_SECONDS = 0.1
"""Between two looks at whether something has come; nothing waits for this long without a reason."""
OVERLAP = 0.9
"""Of a screen: how far one scroll goes, so that what lies on the edge is seen twice."""
TRIES = 3
LOOKS = ("screenshot-viewport", "scroll", "screenshot-full", "page-html", "visible-text")
"""The steps at the page, in order."""


class Looking:
    """Looks at a page that has been navigated to."""

    def __init__(self, visit: Visit, page: Page, eyes: Eyes, recorder: Recorder) -> None:
        self._visit = visit
        self._limits = visit.limits
        self._page = page
        self._eyes = eyes
        self._recorder = recorder
        self._address: str | None = None
        """What the page's script put in place of its address, as the record has it."""

    async def run(self, keep_response: Callable[[], Awaitable[str | None]]) -> None:
        """Take all steps, in the order that disturbs the page least."""
        visit, limits = self._visit, self._limits
        await visit.step("load", self._load, seconds=limits.load_seconds + 1)
        if self._document.broken and self._document.length == 0:
            self._skip(LOOKS, "nothing of the response's body came")  # a document without an element is never drawn
            return
        await visit.step("settle", self._settle, seconds=limits.settle_seconds + 1)
        await self._check_place()
        seen = await visit.step("screenshot-viewport", self._viewport, seconds=limits.shot_seconds)
        if self._document.whole:
            await visit.step("response-body", keep_response, seconds=limits.read_seconds)
        kind = self._document.media_kind
        if kind != "html":
            # Full-page shots of SVG and XML documents hang; and the response's body is all there is to them.
            self._skip(LOOKS[1:], f"the document is {kind}")
            return
        full = False
        if seen:
            reserve = limits.reserve_seconds
            await visit.step("scroll", self._scroll, seconds=limits.scroll_seconds, reserve=reserve)
            full = await visit.step("screenshot-full", self._full, seconds=limits.shot_seconds, reserve=reserve)
        else:
            self._skip(LOOKS[1:3], "the page could not even be drawn as it stood")
        if not full:
            visit.flag("no_fullpage")
        read = await visit.step("page-html", self._html, seconds=limits.read_seconds)
        if not await visit.step("visible-text", self._text, seconds=limits.read_seconds):
            visit.flag("no_text")
        if not seen:
            visit.flag("no_viewport")
        if not read:
            visit.flag("no_html")
        if not seen and not read:
            raise VisitStoppedError(CaptureOutcome.BUDGET, "time")  # it never stood still long enough to be seen

    def _skip(self, names: tuple[str, ...], reason: str) -> None:
        for name in names:
            self._visit.skip(name, reason)

    @property
    def _document(self) -> Document:
        """The document that the frame holds: there is one, it has been navigated to."""
        document = self._recorder.documents.current
        if document is None:
            raise VisitStoppedError(CaptureOutcome.UNREACHABLE, "tcp: no response")
        return document

    async def _load(self) -> str | None:
        load = asyncio.ensure_future(self._page.wait_for_load_state("load", timeout=self._limits.load_seconds * 1000))
        try:
            while not load.done() and not self._document.broken:
                await asyncio.wait({load}, timeout=POLL_SECONDS)
            if load.done() and load.exception() is None:
                return None
        finally:
            load.cancel()
        if not self._document.broken:
            self._visit.flag("load_incomplete")
        # What never comes would keep the page from being drawn: let the browser give up on it.
        await self._eyes.stop_loading()
        if self._document.broken:
            return "the response broke off; loading was stopped"
        return f"`load` did not come within {self._limits.load_seconds:g} s; loading was stopped"

    async def _settle(self) -> str | None:
        remark = await self._until_settled(self._limits.settle_seconds, whole=False)
        return _joined(remark, self._rewritten(await self._eyes.place()))

    def _rewritten(self, place: Place) -> str | None:
        """Say that a script put another address over the one that answered, once for each address.

        No flag: shops tidy their addresses this way every day, and nothing is missing from such a capture.
        """
        if place.url == self._address or not self._recorder.documents.rewritten(place.url, place.loader):
            return None
        self._address = place.url
        return f"address rewritten to {place.url}"

    async def _until_settled(self, seconds: float, *, whole: bool) -> str | None:
        """Wait until nothing moves that one would see; flag what still does when the time is over."""
        end = time.monotonic() + min(seconds, self._visit.left(reserve=self._limits.reserve_seconds))
        while True:
            state = await self._eyes.state(height=self._limits.page_height, whole=whole)
            quiet = time.monotonic() - self._recorder.changed >= self._limits.quiet_seconds
            busy = self._recorder.in_flight()
            if (state.settled and quiet and not busy) or self._document.broken:
                return None
            if time.monotonic() >= end:
                return self._unsettled(state, busy)
            await asyncio.sleep(POLL_SECONDS)

    def _unsettled(self, state: PageState, busy: int) -> str:
        found = []
        if state.pending:
            found.append(("images_incomplete", f"{state.pending} pictures pending"))
        if state.fonts != "loaded":
            found.append(("fonts_incomplete", "fonts pending"))
        if state.ready != "complete":
            found.append(("load_incomplete", f"document {state.ready}"))
        if not found:
            found.append(("network_busy", f"{busy} requests in flight"))
        for flag, _ in found:
            self._visit.flag(flag)
        return "not settled: " + ", ".join(text for _, text in found)

    async def _check_place(self) -> None:
        """Stop where the frame holds the browser's own error page: no picture of it may pass for the listing."""
        try:
            async with asyncio.timeout(self._limits.read_seconds):
                place = await self._eyes.place()
        except TimeoutError:
            raise VisitStoppedError(CaptureOutcome.BUDGET, "time") from None
        if place.error_page:
            verdict = from_net_error(f"net::{self._document.failure or ''}", None)
            raise VisitStoppedError(verdict.outcome, verdict.detail)

    async def _viewport(self) -> str | None:
        data, place = await self._steady(self._eyes.viewport_shot)
        self._recorder.documents.pin()
        self._visit.keep("screenshot-viewport.png", data)
        return self._rewritten(place)

    async def _steady(self, look: Callable[[], Awaitable[T]]) -> tuple[T, Place]:
        """Look at one document, the same in all files: where the page goes on meanwhile, a look could show either."""
        for _ in range(TRIES):
            before = await self._eyes.place()
            if before.error_page or not self._recorder.documents.is_pinned(before.loader):
                raise PlaywrightError("the page went on to another document")
            found = await look()
            if (await self._eyes.place()).loader == before.loader:
                return found, before
        raise PlaywrightError("the page would not stay while it was looked at")

    async def _scroll(self) -> str | None:
        limits = self._limits
        state = await self._eyes.state(height=limits.page_height, whole=False)
        top, steps = 0.0, 0
        try:
            while top + state.screen < min(state.bottom, limits.page_height) and steps < limits.scroll_steps:
                top += state.screen * OVERLAP
                steps += 1
                await self._eyes.scroll(top)
                state = await self._pictures()
        finally:
            await self._eyes.scroll(0)
        if state.bottom > limits.page_height:
            self._visit.flag("height_capped")
        remark = await self._until_settled(limits.settle_seconds, whole=True)
        return _joined(f"{steps} steps down, back to the top", remark)

    async def _pictures(self) -> PageState:
        """Wait for what scrolling has called in on this screen."""
        end = time.monotonic() + self._limits.scroll_step_seconds
        while True:
            state = await self._eyes.state(height=self._limits.page_height, whole=False)
            if (state.pending == 0 and self._recorder.in_flight() == 0) or time.monotonic() >= end:
                return state
            await asyncio.sleep(POLL_SECONDS / 2)

    async def _full(self) -> str | None:
        for _ in range(TRIES):
            width, height = await self._eyes.content_size()
            clip = min(width, self._limits.page_width), min(height, self._limits.page_height)
            data, _ = await self._steady(partial(self._eyes.full_shot, *clip))
            after = (await self._eyes.content_size())[1]
            if min(after, self._limits.page_height) == clip[1]:
                break
        else:
            self._visit.flag("height_changed")
        self._visit.keep("screenshot-full.png", data)
        if png_size(data) != clip:
            self._visit.flag("shot_size")
            return f"asked for {clip[0]}x{clip[1]}, got {png_size(data)}"
        if (width, height) != clip:
            self._visit.flag("height_capped" if height != clip[1] else "width_capped")
            return f"the document has {width}x{height}, the picture {clip[0]}x{clip[1]}"
        return None

    async def _html(self) -> None:
        html, _ = await self._steady(self._eyes.html)
        self._visit.keep("page.html", html.encode("utf-8", "replace"))

    async def _text(self) -> None:
        text, _ = await self._steady(self._eyes.text)
        self._visit.keep("text.txt", text.encode("utf-8", "replace"))


def _joined(*remarks: str | None) -> str:
    return "; ".join(remark for remark in remarks if remark)

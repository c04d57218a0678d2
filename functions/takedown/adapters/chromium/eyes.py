"""Looking at the page: pictures, the document, its text. Nothing here runs in the page's own JavaScript world.

A page can replace `document.title`, `Array.map` or `Date` for its own scripts; an isolated world has its own, over the
same document. DevTools calls have no time-out: every caller here has one.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

PNG_HEADER = struct.Struct(">8s4x4sII")

_STATE = """(() => {
  const height = HEIGHT, width = innerWidth;
  let pending = 0;
  for (const image of document.images) {
    if (image.complete) continue;
    const box = image.getBoundingClientRect();
    const top = box.top + scrollY, left = box.left + scrollX;
    const drawn = box.width > 0 && box.height > 0 && top < height && top + box.height > 0 && left < width && left + box.width > 0;
    const near = ALL || (box.top < innerHeight && box.bottom > 0);
    if (drawn && near) pending += 1;
  }
  const root = document.scrollingElement || document.documentElement;
  return {
    ready: document.readyState, fonts: document.fonts.status, pending,
    top: scrollY, bottom: root ? root.scrollHeight : 0, screen: innerHeight,
  };
})()"""  # noqa: E501 - JavaScript

_SCROLL = """(async () => {
  scrollTo({top: TOP, behavior: "instant"});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return scrollY;
})()"""

_TEXT = "document.body ? document.body.innerText : document.documentElement ? document.documentElement.textContent : ''"


@dataclass(frozen=True)
class PageState:
    """What can be seen of a page's progress."""

    ready: str
    fonts: str
    pending: int
    """Pictures on the page (or on the screen) that are not there yet."""
    top: float
    bottom: float
    """Height of the document."""
    screen: float

    @property
    def settled(self) -> bool:
        """Whether nothing is missing that one would see."""
        return self.ready == "complete" and self.fonts == "loaded" and self.pending == 0


@dataclass(frozen=True)
class Place:
    """What the main frame holds."""

    url: str
    loader: str
    error_page: bool
    """Chromium's own page about a failure, or none at all: never to be taken for the listing."""


class Eyes:
    """Looks at one page through its DevTools session."""

    def __init__(self, cdp: CDPSession, main_frame: str) -> None:
        self._cdp = cdp
        self._main_frame = main_frame
        self._world: int | None = None

    async def place(self) -> Place:
        """Say where the main frame is. The browser answers this, not the page."""
        tree = await self._cdp.send("Page.getFrameTree")
        frame = tree["frameTree"]["frame"]
        url: str = frame["url"] + frame.get("urlFragment", "")
        unreachable = "unreachableUrl" in frame or not url.startswith(("http://", "https://"))
        return Place(url, frame["loaderId"], unreachable)

    async def state(self, *, height: int, whole: bool) -> PageState:
        """Say how far the page is.

        Parameters
        ----------
        height
            Pictures below it do not count: they would not be in the shot.
        whole
            Whether pictures off the screen count.
        """
        script = _STATE.replace("HEIGHT", str(height)).replace("ALL", "true" if whole else "false")
        return PageState(**await self._evaluate(script))

    async def scroll(self, top: float) -> float:
        """Scroll and let the page draw twice, so that what watches the scrolling has run; return where it stands."""
        return float(await self._evaluate(_SCROLL.replace("TOP", str(top))))

    async def text(self) -> str:
        """Return the text as it is displayed."""
        return str(await self._evaluate(_TEXT))

    async def html(self) -> str:
        """Return the document as it stands, shadow trees included."""
        root = (await self._cdp.send("DOM.getDocument", {"depth": 0}))["root"]
        answer = await self._cdp.send("DOM.getOuterHTML", {"nodeId": root["nodeId"], "includeShadowDOM": True})
        return str(answer["outerHTML"])

    async def content_size(self) -> tuple[int, int]:
        """Return width and height of the document in CSS pixels, as the layout engine has them."""
        size = (await self._cdp.send("Page.getLayoutMetrics"))["cssContentSize"]
        return int(size["width"]), int(size["height"])

    async def stop_loading(self) -> None:
        """Have the browser give up on what has not come."""
        await self._cdp.send("Page.stopLoading")

    async def viewport_shot(self) -> bytes:
        """Return a PNG of what the screen shows. Fonts are not waited for: one that never comes would block it."""
        answer = await self._cdp.send("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": False})
        return base64.b64decode(answer["data"])

    async def full_shot(self, width: int, height: int) -> bytes:
        """Return a PNG of the page from its top left corner."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        options = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        answer = await self._cdp.send("Page.captureScreenshot", options)
        return base64.b64decode(answer["data"])

    async def _evaluate(self, script: str) -> Any:  # noqa: ANN401 - JavaScript's value
        for last in (False, True):
            if self._world is None:
                options = {"frameId": self._main_frame, "worldName": "takedown"}
                self._world = (await self._cdp.send("Page.createIsolatedWorld", options))["executionContextId"]
            call = {"expression": script, "contextId": self._world, "returnByValue": True, "awaitPromise": True}
            try:
                answer = await self._cdp.send("Runtime.evaluate", call)
            except PlaywrightError:
                self._world = None  # the page went on to another document, and its world ended
                if last:
                    raise
                continue
            if "exceptionDetails" in answer:
                raise PlaywrightError(str(answer["exceptionDetails"].get("text", "exception"))[:200])
            return answer["result"].get("value")
        raise AssertionError("unreachable")


def png_size(data: bytes) -> tuple[int, int]:
    """Read width and height of a PNG (ISO/IEC 15948 §11.2.1).

    Raises
    ------
    ValueError
        Not a PNG.
    """
    if len(data) >= PNG_HEADER.size:
        signature, chunk, width, height = PNG_HEADER.unpack_from(data)
        if signature == b"\x89PNG\r\n\x1a\n" and chunk == b"IHDR":
            return width, height
    raise ValueError("not a PNG")

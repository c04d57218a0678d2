"""Requests on their way out: each is judged before it leaves, and bodies that no tab shows are taken instead.

Interception inside the browser is a first measure and not the guard: popups, shared workers and WebSockets have ways
around it. What it adds is knowledge of *why*, before anything is dialled.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, Request, Route
from playwright.async_api import Error as PlaywrightError

from takedown.adapters.chromium.channel import Channel
from takedown.adapters.chromium.documents import Document, Response
from takedown.adapters.chromium.outcome import WITHHELD, media_kind
from takedown.adapters.chromium.recorder import Recorder, Spawn
from takedown.limits import CaptureLimits

LOCAL_SCHEMES = ("data:", "blob:", "about:")
PIECE = 1 << 18
"""Bytes read at once of a body that is taken."""


class Interception:
    """Stands between one page and the network.

    Parameters
    ----------
    cdp
        A session of the page; sees every hop of a redirect, which Playwright's own routing does not.
    """

    def __init__(
        self,
        page: Page,
        cdp: CDPSession,
        main_frame: str,
        *,
        channel: Channel,
        recorder: Recorder,
        limits: CaptureLimits,
        spawn: Spawn,
    ) -> None:
        self.refused_navigation: str | None = None
        """Why the guard stopped the main frame's latest navigation, where it did."""
        self._page = page
        self._cdp = cdp
        self._main_frame = main_frame
        self._channel = channel
        self._recorder = recorder
        self._limits = limits
        self._spawn = spawn
        self._origins: dict[str, asyncio.Task[str | None]] = {}

    async def start(self, context: BrowserContext) -> None:
        """Begin to judge."""
        await context.route("**/*", self._on_route)
        self._cdp.on("Fetch.requestPaused", lambda event: self._spawn(self._on_paused(event)))
        patterns = [
            {"urlPattern": "*"},
            {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"},
        ]
        await self._cdp.send("Fetch.enable", {"patterns": patterns})

    async def _judge(self, url: str, *, navigation: bool) -> str | None:
        if url.startswith(LOCAL_SCHEMES):
            return None
        if navigation:
            refusal = await self._channel.ask(url, navigation=True)
            if refusal is not None:
                self.refused_navigation = refusal
        else:
            origin = "/".join(url.split("/", 3)[:3])
            if origin not in self._origins:
                self._origins[origin] = asyncio.ensure_future(self._channel.ask(url, navigation=False))
            refusal = await asyncio.shield(self._origins[origin])
        if refusal is not None:
            self._recorder.block(url, refusal)
        return refusal

    async def _on_route(self, route: Route) -> None:
        request = route.request
        page = _page_of(request)
        try:
            if page is not self._page:
                self._recorder.note(url=request.url, type="popup", blocked="windows that a page opens are not visited")
                await route.abort("blockedbyclient")
                return
            navigation = request.is_navigation_request() and request.frame == page.main_frame
            if await self._judge(request.url, navigation=navigation) is None:
                await route.continue_()
            else:
                await route.abort("blockedbyclient")
        except PlaywrightError:
            # The page or the frame went away while we asked; its request went with it.
            self._recorder.note(url=request.url, type="gone", failure="the frame ended before the request was judged")

    async def _on_paused(self, event: dict[str, Any]) -> None:
        request_id = {"requestId": event["requestId"]}
        main = event["resourceType"] == "Document" and event["frameId"] == self._main_frame
        if "responseStatusCode" in event:
            if main and await self._take(self._note_response(event), event["requestId"]):
                await self._cdp.send("Fetch.failRequest", {**request_id, "errorReason": "Aborted"})
            else:
                await self._cdp.send("Fetch.continueResponse", request_id)
            return
        if "responseErrorReason" not in event:
            url = event["request"]["url"]
            if main and "networkId" in event:
                self._recorder.documents.begin(event["networkId"])
            if await self._judge(url, navigation=main) is not None:
                await self._cdp.send("Fetch.failRequest", {**request_id, "errorReason": "BlockedByClient"})
                return
        await self._cdp.send("Fetch.continueRequest", request_id)

    def _note_response(self, event: dict[str, Any]) -> Document:
        document = self._recorder.documents.begin(event["networkId"])
        document.responses.append(
            Response(
                url=event["request"]["url"],
                status=event["responseStatusCode"],
                status_text=event.get("responseStatusText", ""),
                headers=[(header["name"], header["value"]) for header in event.get("responseHeaders", [])],
            )
        )
        return document

    async def _take(self, document: Document, request_id: str) -> bool:
        """Take the body of a response that the browser would not show; say whether that was done."""
        response = document.responses[-1]
        kind = media_kind(response.header("content-type"), response.header("content-disposition"))
        if response.redirects or document.bodyless or (kind not in {"pdf", "download"} and response.status not in WITHHELD):  # fmt: skip  # noqa: E501
            return False
        document.taken = True
        answer = await self._cdp.send("Fetch.takeResponseBodyAsStream", {"requestId": request_id})
        try:
            while not document.finished:
                piece = await self._cdp.send("IO.read", {"handle": answer["stream"], "size": PIECE})
                data: str = piece["data"]
                document.tail += base64.b64decode(data) if piece.get("base64Encoded") else data.encode()
                document.finished = piece["eof"]
                if len(document.tail) > self._limits.body_bytes:
                    document.failure = "longer than a capture keeps"
                    break
        except PlaywrightError as error:
            document.failure = str(error)[:200]
        declared = response.header("content-length") or ""
        if not response.header("content-encoding") and declared.isdecimal() and int(declared) > len(document.tail):
            document.failure = document.failure or "ERR_CONTENT_LENGTH_MISMATCH"
        return True


def _page_of(request: Request) -> Page | None:
    """Return the page of a request; a window that is only just being opened has none yet."""
    try:
        return request.frame.page
    except PlaywrightError:
        return None

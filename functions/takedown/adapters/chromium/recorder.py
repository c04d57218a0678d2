"""What goes over the network during a visit, as the browser's DevTools report it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import IO, Any

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from takedown.adapters.chromium.documents import Documents
from takedown.adapters.chromium.outcome import NET_ERROR
from takedown.limits import CaptureLimits
from takedown.states import CaptureOutcome

Stop = Callable[[CaptureOutcome, str], None]
Spawn = Callable[[Awaitable[None]], None]

_BACKGROUND = frozenset({"Ping", "EventSource", "WebSocket", "Media", "CSPViolationReport", "Preflight", "Other"})
"""DevTools resource types that no picture waits for."""

DECODE_BUFFER = 220_000_000
"""Bytes that DevTools keep of bodies: above `network_bytes`, so that nothing is dropped before the limit stops it."""


@dataclass
class _Request:
    url: str
    method: str
    type: str
    started: float
    status: int | None = None
    media_type: str | None = None


class Recorder:
    """Listens to one page's network.

    Parameters
    ----------
    cdp
        A session of the page, opened before anything was requested.
    main_frame
        The id of its main frame.
    log
        Where each request is written when its end is known (`requests.jsonl`).
    stop
        Ends the visit: called when a limit is reached.
    spawn
        Runs something beside the visit.
    """

    def __init__(
        self, cdp: CDPSession, main_frame: str, *, log: IO[str], limits: CaptureLimits, stop: Stop, spawn: Spawn
    ) -> None:
        self.documents = Documents()
        self.changed = time.monotonic()
        """When a request last began or ended."""
        self._cdp = cdp
        self._main_frame = main_frame
        self._log = log
        self._limits = limits
        self._stop = stop
        self._spawn = spawn
        self._open: dict[str, _Request] = {}
        self._blocked: dict[str, str] = {}
        self._requests = 0
        self._bytes = 0

    async def start(self) -> None:
        """Begin to listen."""
        for name, listener in (
            ("requestWillBeSent", self._on_request),
            ("responseReceived", self._on_response),
            ("responseReceivedExtraInfo", self._on_account),
            ("dataReceived", self._on_data),
            ("loadingFinished", self._on_finished),
            ("loadingFailed", self._on_failed),
        ):
            self._cdp.on(f"Network.{name}", listener)
        buffers = {"maxTotalBufferSize": DECODE_BUFFER, "maxResourceBufferSize": DECODE_BUFFER}
        await self._cdp.send("Network.enable", buffers)

    def in_flight(self) -> int:
        """Count the requests that something visible may wait for; long polls and beacons are none."""
        oldest = time.monotonic() - self._limits.long_request_seconds
        return sum(item.started > oldest and item.type not in _BACKGROUND for item in self._open.values())

    def block(self, url: str, reason: str) -> None:
        """Note that the guard stopped a request."""
        self._blocked.setdefault(url, reason)

    def note(self, **facts: str | int | None) -> None:
        """Write a line into the log that is not a request's: a popup, a download."""
        self._write(facts)

    def close(self) -> None:
        """Write what is still open."""
        for request in self._open.values():
            self._write_request(request, "pending when the visit ended")
        self._open.clear()

    def _on_request(self, event: dict[str, Any]) -> None:
        url: str = event["request"]["url"]
        if url.startswith(("data:", "blob:")):
            return  # nothing goes over the network
        self._requests += 1
        self.changed = time.monotonic()
        if self._requests > self._limits.requests:
            self._stop(CaptureOutcome.BUDGET, "requests")
        request_id: str = event["requestId"]
        if "redirectResponse" in event and (before := self._open.get(request_id)):
            before.status = event["redirectResponse"]["status"]
            self._write_request(before)
        self._open[request_id] = _Request(url, event["request"]["method"], event.get("type", "Other"), self.changed)

    def _on_response(self, event: dict[str, Any]) -> None:
        request = self._open.get(event["requestId"])
        if request is not None:
            request.status = event["response"]["status"]
            request.media_type = event["response"]["mimeType"]
        document = self.documents.get(event["requestId"])
        if document is not None and document.mime_type is None and event["response"]["url"].startswith("http"):
            document.mime_type = event["response"]["mimeType"]
            document.charset = event["response"].get("charset", "")
            self._spawn(self._stream(document.network_id))

    async def _stream(self, network_id: str) -> None:
        """Have the body's pieces sent as they come: of a body that breaks off, nothing could be had afterwards."""
        document = self.documents.begin(network_id)
        try:
            answer = await self._cdp.send("Network.streamResourceContent", {"requestId": network_id})
            document.head = base64.b64decode(answer["bufferedData"])
        except PlaywrightError as error:
            if document.bodyless:
                return
            try:  # a short body is finished before it can be streamed; then it can be had whole
                answer = await self._cdp.send("Network.getResponseBody", {"requestId": network_id})
            except PlaywrightError:
                document.missing = str(error)[:200]
                return
            if document.broken:
                return  # it became the browser's own error page meanwhile
            body = base64.b64decode(answer["body"]) if answer["base64Encoded"] else document.encode(answer["body"])
            if body is None:
                document.missing = "the browser gave it only as text, and not all of the text came from bytes"
            else:
                document.head = body
            document.tail.clear()

    def _on_account(self, event: dict[str, Any]) -> None:
        self.documents.account(event["requestId"], event)

    def _on_data(self, event: dict[str, Any]) -> None:
        self._bytes += event["dataLength"]
        if self._bytes > self._limits.network_bytes:
            self._stop(CaptureOutcome.BUDGET, "bytes")
        document = self.documents.get(event["requestId"])
        if document is None or document.broken:
            return
        document.length += event["dataLength"]
        if "data" in event:
            document.tail += base64.b64decode(event["data"])
            if len(document.tail) > self._limits.body_bytes:
                self._stop(CaptureOutcome.BUDGET, "bytes")

    def _on_finished(self, event: dict[str, Any]) -> None:
        self.changed = time.monotonic()
        request = self._open.pop(event["requestId"], None)
        if request is not None:
            self._write_request(request)
        document = self.documents.get(event["requestId"])
        if document is not None and not document.broken:
            document.finished = True

    def _on_failed(self, event: dict[str, Any]) -> None:
        self.changed = time.monotonic()
        match = NET_ERROR.search(event["errorText"])
        failure = match[1] if match else event["errorText"][:100]
        request = self._open.pop(event["requestId"], None)
        if request is not None:
            self._write_request(request, failure)
        document = self.documents.get(event["requestId"])
        if document is not None and not document.finished and not document.taken:
            document.failure = failure

    def _write_request(self, request: _Request, failure: str | None = None) -> None:
        self._write(
            {
                "url": request.url,
                "method": request.method,
                "type": request.type,
                "status": request.status,
                "media_type": request.media_type,
                "failure": failure,
                "blocked": self._blocked.get(request.url),
            }
        )

    def _write(self, facts: dict[str, Any] | dict[str, str | int | None]) -> None:
        self._log.write(json.dumps(facts, ensure_ascii=True) + "\n")
        self._log.flush()

"""The record of a capture, put together from what was heard of the visit while it ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import takedown
from takedown import canonical
from takedown.adapters.chromium.guarding import as_text
from takedown.adapters.chromium.outcome import capture_status
from takedown.adapters.chromium.sink import Sink
from takedown.adapters.chromium.wire import (
    BrowserSettings,
    BrowserStarted,
    Chain,
    Ended,
    FileKept,
    Flagged,
    Message,
    PageFile,
    StepEnded,
    StepStarted,
)
from takedown.capture import RECORD_NAME, Artifact, CaptureOrder, CaptureRecord, CaptureResult, Provenance, Step

CLOCK_SOURCE = "system clock, offset not measured"
PRIMARY = frozenset(get_args(PageFile))
"""What shows something of the page itself; logs alone do not."""
MEDIA_TYPES = {
    "console.jsonl": "application/x-ndjson",
    "page.html": "text/html; charset=utf-8",
    "requests.jsonl": "application/x-ndjson",
    "response-body.bin": "application/octet-stream",
    "response-headers.json": "application/json",
    "screenshot-full.png": "image/png",
    "screenshot-viewport.png": "image/png",
    "text.txt": "text/plain; charset=utf-8",
}
"""Of every file but the record. Ours to say, and never what a server or a visitor calls it."""


@dataclass
class Observations:
    """Everything that is heard of one visit. Complete up to the last word of a visitor that had to be killed."""

    steps: list[Step] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    files: set[PageFile] = field(default_factory=set)
    chain: Chain = field(default_factory=lambda: Chain(redirects=[], main=None, body_whole=False, final_url=None))
    browser: BrowserStarted | None = None
    _running: dict[str, str] = field(default_factory=dict)

    def hear(self, message: Message, instant: str) -> None:
        """Take one message in."""
        match message:
            case StepStarted():
                self._running[message.name] = instant
            case StepEnded():
                self._end(message, instant)
            case Flagged():
                self.flags.append(message.flag)
            case FileKept():
                self.files.add(message.path)
            case BrowserStarted():
                self.browser = message
            case Chain():
                self.chain = message

    def close(self, instant: str) -> None:
        """End the steps of a visitor that did not live to end them."""
        for name in list(self._running):
            self._end(StepEnded(name=name, status="failed", reason="the visit was ended from outside"), instant)

    def _end(self, message: StepEnded, instant: str) -> None:
        self.steps.append(
            Step(
                name=message.name,
                status=message.status,
                started_at=self._running.pop(message.name, instant),
                ended_at=instant,
                reason=message.reason[:300],
            )
        )


@dataclass(frozen=True)
class Circumstances:
    """What stood before the visit began."""

    order: CaptureOrder
    visited_url: str | None
    started_at: str
    settings: BrowserSettings
    allowed_hosts: list[str]
    image_digest: str | None


def write(
    around: Circumstances,
    seen: Observations,
    ended: Ended,
    *,
    files: list[tuple[str, bytes]],
    guard: list[str],
    ended_at: str,
    sink: Sink,
) -> CaptureResult:
    """Hand every file to the sink, and the record last: it is the mark that the capture is whole.

    Raises
    ------
    AlreadyExistsError
        A file of this try was written before.
    """
    order, chain = around.order, seen.chain
    artifacts = []
    for path, data in files:
        sink.put(path, data, MEDIA_TYPES[path])
        artifacts.append(
            Artifact(
                path=path,
                media_type=MEDIA_TYPES[path],
                bytes=len(data),
                sha256=canonical.sha256(data),
                sha512=canonical.sha512(data),
                role="original",
            )
        )
    flags = sorted(set(seen.flags))
    kept_something = any(artifact.path in PRIMARY for artifact in artifacts)
    status = capture_status(ended.outcome, flags, kept=kept_something, body_whole=chain.body_whole)
    record = CaptureRecord(
        tenant=order.tenant,
        case_id=order.case_id,
        listing_id=order.listing_id,
        capture_id=order.capture_id,
        attempt=order.attempt,
        purpose=order.purpose,
        requested_by=order.requested_by,
        requested_url=as_text(order.url),
        visited_url=around.visited_url,
        final_url=chain.final_url if chain.main is not None else None,
        started_at=around.started_at,
        ended_at=ended_at,
        status=status,
        outcome=ended.outcome,
        detail=ended.detail[:300],
        flags=flags,
        main_response=chain.main,
        redirects=chain.redirects,
        guard=guard,
        steps=seen.steps,
        provenance=_provenance(around, seen.browser),
        artifacts=artifacts,
    )
    data = canonical.dumps(record.model_dump(mode="json"))
    sink.put(RECORD_NAME, data, "application/json")
    return CaptureResult(
        tenant=order.tenant,
        case_id=order.case_id,
        listing_id=order.listing_id,
        capture_id=order.capture_id,
        attempt=order.attempt,
        status=status,
        outcome=ended.outcome,
        detail=ended.detail[:300],
        flags=flags,
        record_sha256=canonical.sha256(data),
    )


def _provenance(around: Circumstances, browser: BrowserStarted | None) -> Provenance:
    return Provenance(
        software=f"takedown {takedown.__version__}",
        image_digest=around.image_digest,
        browser=browser.product if browser else "not started",
        playwright=browser.playwright if browser else "not started",
        user_agent=browser.user_agent if browser else "",
        viewport=around.settings.viewport,
        locale=around.settings.locale,
        time_zone=around.settings.time_zone,
        launch_arguments=browser.arguments if browser else [],
        allowed_hosts=around.allowed_hosts,
        clock_source=CLOCK_SOURCE,
    )

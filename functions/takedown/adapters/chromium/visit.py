"""One visit: named steps under one budget, each bounded, each reported as it begins and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from takedown.adapters.chromium.channel import Channel
from takedown.adapters.chromium.eyes import Eyes
from takedown.adapters.chromium.interception import Interception
from takedown.adapters.chromium.launch import Window
from takedown.adapters.chromium.looking import Looking
from takedown.adapters.chromium.manners import Manners
from takedown.adapters.chromium.outcome import Verdict, VisitStoppedError, from_document, from_net_error
from takedown.adapters.chromium.recorder import Recorder
from takedown.adapters.chromium.wire import FileKept, Flagged, Job, PageFile, StepEnded, StepStarted
from takedown.states import CaptureOutcome

CLOSING_SECONDS = 2.0
PROXY_AUTHENTICATION = 407


class Visit:
    """Visits one page.

    Parameters
    ----------
    work
        An empty folder of this visit's own.
    """

    def __init__(self, job: Job, channel: Channel, work: Path) -> None:
        self.job = job
        self.limits = job.limits
        self._channel = channel
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + job.seconds
        self._stopped: asyncio.Future[Verdict] = self._loop.create_future()
        self._beside: set[asyncio.Task[None]] = set()
        self._flags: set[str] = set()
        self._window: Window | None = None
        self._body_kept = False
        self._why = "no time left in the budget"
        """Of the latest step that failed, the driver's reason."""
        self._unseen: Verdict | None = None
        """Set where there was an answer, but nothing that a tab would show."""

    async def run(self) -> Verdict:
        """Visit the page. Whatever the page does, this returns within the budget and `CLOSING_SECONDS`."""
        async with AsyncExitStack() as stack:
            visit = asyncio.create_task(self._visit(stack))
            await asyncio.wait({visit, self._stopped}, timeout=self.left(), return_when=asyncio.FIRST_COMPLETED)
            if self._stopped.done():
                verdict = self._stopped.result()
            elif visit.done():
                verdict = _result(visit)
            else:
                verdict = Verdict(CaptureOutcome.BUDGET, "time")
            visit.cancel()
            await asyncio.wait({visit}, timeout=CLOSING_SECONDS)
            if self._window is not None:
                await self._finish()
        return verdict

    def left(self, *, reserve: float = 0) -> float:
        """Return the seconds left of the budget, less a reserve."""
        return max(0.0, self._deadline - self._loop.time() - reserve)

    def flag(self, flag: str) -> None:
        """Say that something is missing."""
        if flag not in self._flags:
            self._flags.add(flag)
            self._channel.tell(Flagged(flag=flag))

    def keep(self, path: PageFile, data: bytes) -> None:
        """Keep one file of the capture."""
        if len(data) > self.limits.file_bytes:
            raise VisitStoppedError(CaptureOutcome.BUDGET, "bytes")
        (self._work / path).write_bytes(data)
        self._channel.tell(FileKept(path=path))

    def skip(self, name: str, reason: str) -> None:
        """Report a step that does not take place."""
        self._channel.tell(StepEnded(name=name, status="skipped", reason=reason))

    async def step(self, name: str, work: Callable[[], Awaitable[str | None]], *, seconds: float, reserve: float = 0) -> bool:  # fmt: skip  # noqa: E501
        """Do one named step; return whether it was done.

        Parameters
        ----------
        work
            Returns a remark for the record, or nothing.
        """
        self._channel.tell(StepStarted(name=name))
        try:
            async with asyncio.timeout(min(seconds, self.left(reserve=reserve))):
                remark = await work()
        except TimeoutError:
            reason = f"not done within {seconds:g} s" if self.left(reserve=reserve) else "no time left in the budget"
            self._channel.tell(StepEnded(name=name, status="failed", reason=reason))
            return False
        except PlaywrightError as error:
            self._why = _line(error)
            self._channel.tell(StepEnded(name=name, status="failed", reason=self._why))
            return False
        except asyncio.CancelledError:
            self._channel.tell(StepEnded(name=name, status="failed", reason="the visit was stopped"))
            raise
        except VisitStoppedError as stopped:
            self._channel.tell(StepEnded(name=name, status="failed", reason=str(stopped)))
            raise
        self._channel.tell(StepEnded(name=name, status="done", reason=remark or ""))
        return True

    async def _visit(self, stack: AsyncExitStack) -> Verdict:
        window: Window | None = None

        async def launch() -> None:
            nonlocal window
            playwright = await async_playwright().start()
            stack.push_async_callback(self._close, playwright.stop)
            window = await Window.open(playwright, self.job.browser, self._work.parent, seconds=self.left())
            stack.push_async_callback(self._close, window.browser.close)
            self._channel.tell(window.about)
            await self._listen(window, stack)

        if not await self.step("launch", launch, seconds=self.left()) or window is None:
            raise VisitStoppedError(CaptureOutcome.CRASHED, f"browser: it did not start: {self._why}"[:300])
        self._window = window
        await self.step("navigate", self._navigate, seconds=self.limits.navigate_seconds + 1)
        if self._unseen is not None:
            return self._unseen
        await Looking(self, window.page, self._eyes, self._recorder).run(self._keep_response)
        if self._manners.dialogs:
            self.flag(f"dialogs:{self._manners.dialogs}")
        if self._interception.refused_navigation is not None:
            self.flag("navigation_refused")
        if self._recorder.documents.moved_on:
            self.flag("navigated_away")
        document = self._recorder.documents.current
        if document is None or document.final is None:
            raise VisitStoppedError(CaptureOutcome.UNREACHABLE, "tcp: no response")
        if document.media_kind == "html" and document.bodyless:
            self.flag("empty_body")
        return from_document(document.final.status, document.media_kind, document.failure)

    async def _listen(self, window: Window, stack: AsyncExitStack) -> None:
        requests = stack.enter_context((self._work / "requests.jsonl").open("a", encoding="ascii"))
        console = stack.enter_context((self._work / "console.jsonl").open("a", encoding="ascii"))
        self._eyes = Eyes(window.cdp, window.main_frame)
        self._recorder = Recorder(
            window.cdp, window.main_frame, log=requests, limits=self.limits, stop=self._stop, spawn=self._spawn
        )
        self._interception = Interception(
            window.page,
            window.cdp,
            window.main_frame,
            channel=self._channel,
            recorder=self._recorder,
            limits=self.limits,
            spawn=self._spawn,
        )
        self._manners = Manners(
            window, recorder=self._recorder, log=console, limits=self.limits, stop=self._stop, spawn=self._spawn
        )
        await self._recorder.start()
        await self._interception.start(window.context)
        self._manners.start()

    async def _navigate(self) -> str | None:
        assert self._window is not None  # noqa: S101 - for the type checker: `_visit` has set it
        try:
            milliseconds = min(self.limits.navigate_seconds, self.left()) * 1000
            await self._window.page.goto(self.job.url, wait_until="commit", timeout=milliseconds)
        except PlaywrightError as error:
            verdict = self._unshown(_line(error))
            if verdict.outcome not in {CaptureOutcome.NON_HTML, CaptureOutcome.HTTP_ERROR}:
                raise VisitStoppedError(verdict.outcome, verdict.detail) from error
            self._unseen = verdict
            return "there was an answer, but nothing that a tab shows"
        finally:
            self._channel.tell(self._recorder.documents.chain(stored=False))
        return None

    def _unshown(self, error: str) -> Verdict:
        """Say why the browser shows no document."""
        refusal = self._interception.refused_navigation
        if refusal is not None:
            # A name without an address says something about DNS today, and nothing about the listing.
            if refusal.startswith("dns_"):
                return Verdict(CaptureOutcome.UNREACHABLE, f"dns: {refusal}"[:300])
            return Verdict(CaptureOutcome.REFUSED, refusal[:300])
        document = self._recorder.documents.current
        final = document.final if document else None
        if document is None or final is None:
            return from_net_error(error, None)
        if final.status == PROXY_AUTHENTICATION:
            return Verdict(CaptureOutcome.UNREACHABLE, "proxy: the site itself answered 407")
        if document.taken:
            return from_document(final.status, document.media_kind, None)
        return from_net_error(error, final.status)

    async def _keep_response(self) -> str | None:
        """Keep the main response's body as soon as it is whole, or at the end as far as it came."""
        document = self._recorder.documents.current
        if document is None or document.final is None or self._body_kept:
            return None
        if document.body:
            self.keep("response-body.bin", document.body)
            self._body_kept = True
            self._channel.tell(self._recorder.documents.chain(stored=True))
        if document.whole:
            return None
        why = document.failure or document.missing or "it had not come to its end"
        self.flag("body_incomplete")
        return f"the body is not whole: {why}"

    async def _finish(self) -> None:
        """Keep what there is; nothing in here asks the page."""
        if not self._body_kept:
            with suppress(VisitStoppedError):  # too long to be kept: the step says so
                await self.step("response-body", self._keep_response, seconds=CLOSING_SECONDS)
        self._recorder.close()
        self._manners.close()
        self._channel.tell(self._recorder.documents.chain(stored=self._body_kept))

    def _stop(self, outcome: CaptureOutcome, detail: str) -> None:
        if not self._stopped.done():
            self._stopped.set_result(Verdict(outcome, detail))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._beside_the_visit(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _beside_the_visit(self, work: Awaitable[None]) -> None:
        try:
            await work
        except PlaywrightError as error:
            # What it was about went away with its page or its frame; that happens, and is written down.
            self._recorder.note(type="driver", failure=_line(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours in here must end the visit, not vanish in a task
            self._stop(CaptureOutcome.CRASHED, f"driver: {type(error).__name__}: {_line(error)}")

    async def _close(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Close politely; what does not close is killed by the other side."""
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await close()
        except (TimeoutError, PlaywrightError) as error:
            self.skip("close", _line(error) or "did not close in time")


def _result(visit: asyncio.Task[Verdict]) -> Verdict:
    try:
        return visit.result()
    except VisitStoppedError as stopped:
        return stopped.verdict
    except PlaywrightError as error:
        return Verdict(CaptureOutcome.CRASHED, f"driver: {_line(error)}")


def _line(error: BaseException) -> str:
    """Return an error's first line; Playwright appends logs and pictures in text."""
    return str(error).strip().partition("\n")[0][:280]

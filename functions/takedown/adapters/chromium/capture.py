"""One capture: the guard first, then a visit in a process of its own, then the files and their record."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from takedown import canonical
from takedown.adapters.chromium import record
from takedown.adapters.chromium.guarding import Guarding
from takedown.adapters.chromium.record import Circumstances, Observations
from takedown.adapters.chromium.sink import Sink
from takedown.adapters.chromium.visitor import Visitor
from takedown.adapters.chromium.wire import BrowserSettings, Chain, Ended, Job, StepEnded, StepStarted
from takedown.capture import CaptureOrder, CaptureResult
from takedown.errors import RetryableError, UrlRefusedError
from takedown.guard.gate import NO_EXCEPTIONS, AllowedHosts
from takedown.guard.judge_url import Admission
from takedown.guard.resolver import Resolver
from takedown.limits import CaptureLimits
from takedown.states import CaptureOutcome

LOGS = ("console.jsonl", "requests.jsonl")
"""Files that grow during the visit; kept as far as they came."""


def capture_page(
    order: CaptureOrder,
    *,
    sink: Sink,
    resolver: Resolver,
    limits: CaptureLimits,
    clock: Callable[[], str],
    allow: AllowedHosts = NO_EXCEPTIONS,
    browser: BrowserSettings | None = None,
    image_digest: str | None = None,
) -> CaptureResult:
    """Visit one page and store what was seen.

    Whatever the page, its server or the browser does is an outcome and not an exception, and it is on the record.
    Returns within the budget of `limits` and its grace, besides the time that `sink` takes.

    Parameters
    ----------
    order
        What to visit, for whom.
    sink
        Takes the files; `capture.json` comes last.
    resolver
        Answers for every name of this visit, once.
    limits
        What the visit may cost.
    clock
        The present instant as text.
    allow
        Exceptions to the guard; they stand in the provenance.
    browser
        The browser, and what it says about itself.
    image_digest
        Of the image that this runs in, where there is one.

    Raises
    ------
    AlreadyExistsError
        Something was stored for this try before.
    """
    settings = browser or BrowserSettings()
    started_at = clock()
    end = time.monotonic() + limits.budget_seconds
    seen = Observations()
    guarding = Guarding(resolver, allow, most=limits.guard_lines)
    seen.hear(StepStarted(name="guard"), started_at)
    admission = _admit(guarding, order.url, limits.budget_seconds)
    files: list[tuple[str, bytes]] = []
    if isinstance(admission, Ended):
        seen.hear(StepEnded(name="guard", status="failed", reason=admission.detail), clock())
        ended = admission
    else:
        seen.hear(StepEnded(name="guard", status="done", reason=""), clock())
        with tempfile.TemporaryDirectory(prefix="takedown-visit-", ignore_cleanup_errors=True) as folder:
            work = Path(folder)
            seconds = max(1.0, end - time.monotonic())
            job = Job(url=admission.href, browser=settings, limits=limits, seconds=seconds)
            ended = Visitor(job, work, judge=guarding.judge, heard=seen.hear, clock=clock).run()
            seen.close(clock())
            files = _collect(seen, work / "page", limits)
    around = Circumstances(
        order=order,
        visited_url=None if isinstance(admission, Ended) else admission.href,
        started_at=started_at,
        settings=settings,
        allowed_hosts=sorted(allow),
        image_digest=image_digest,
    )
    return record.write(around, seen, ended, files=files, guard=guarding.decisions, ended_at=clock(), sink=sink)


def _admit(guarding: Guarding, url: str, seconds: float) -> Admission | Ended:
    """Have the URL judged before anything is started. DNS knows no time-out, so it gets a thread to be late in."""
    answers: list[Admission | Ended] = []

    def ask() -> None:
        try:
            answers.append(guarding.admit(url))
        except UrlRefusedError as error:
            if isinstance(error.__cause__, RetryableError):  # no address today says nothing about the listing
                answers.append(Ended(outcome=CaptureOutcome.UNREACHABLE, detail=f"dns: {error.problem}"[:300]))
            else:
                answers.append(Ended(outcome=CaptureOutcome.REFUSED, detail=error.problem[:300]))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return answers[0] if answers else Ended(outcome=CaptureOutcome.UNREACHABLE, detail="dns: no answer in time")


def _collect(seen: Observations, folder: Path, limits: CaptureLimits) -> list[tuple[str, bytes]]:
    """Read the files of a visit that is over, in a fixed order."""
    found = {name: _read(folder / name, limits.file_bytes) for name in sorted({*seen.files, *LOGS})}
    seen.flags += [f"file_lost:{name}" for name in sorted(seen.files) if found[name] is None]
    files = [(name, data) for name, data in found.items() if data or (data is not None and name not in LOGS)]
    if seen.chain.main is not None or seen.chain.redirects:
        files.append(("response-headers.json", _headers(seen.chain)))
    return files


def _read(path: Path, most: int) -> bytes | None:
    """Read a plain file. What a broken visitor may have left in its place, a link or a pipe, is not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(most + 1)
    finally:
        os.close(descriptor)
    return data if len(data) <= most else None


def _headers(chain: Chain) -> bytes:
    exchanges = [*chain.redirects, *([chain.main] if chain.main else [])]
    return canonical.dumps([exchange.model_dump(mode="json") for exchange in exchanges])

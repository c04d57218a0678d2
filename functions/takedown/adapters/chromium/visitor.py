"""Running one visitor process: answering its questions, keeping its time and memory, and ending it for certain."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from pydantic import ValidationError

import takedown
from takedown.adapters.chromium.processes import ProcessTree
from takedown.adapters.chromium.wire import MESSAGE, Answer, Ask, BrowserSettings, Ended, Job, Message
from takedown.limits import CaptureLimits
from takedown.states import CaptureOutcome

PASSED_ON = ("PATH", "SYSTEMROOT", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH")
"""What of our environment a visitor gets. Nothing else: no credentials, no proxies, no language of ours."""

HERE = str(Path(takedown.__file__).resolve().parents[1])
"""Where this very code is imported from; `sys.path` may only say "the current folder"."""

WATCH_SECONDS = 0.25
KILL_SECONDS = 3.0
END_OF_LINES = None

Judge = Callable[[str, bool], str | None]
"""A URL, and whether it is the main frame's; returns why it is refused, or None."""

Heard = Callable[[Message, str], None]
"""A message, and when it came."""


class Visitor:
    """One visitor process.

    Parameters
    ----------
    judge
        Answers its questions; may block (DNS knows no time-out), so each answer has a thread of its own.
    heard
        Is told everything else, in order.
    clock
        The present instant as text.
    """

    def __init__(self, job: Job, work: Path, *, judge: Judge, heard: Heard, clock: Callable[[], str]) -> None:
        self._job = job
        self._judge = judge
        self._heard = heard
        self._clock = clock
        self._lines: queue.Queue[tuple[Message, str] | None] = queue.Queue()
        self._writing = threading.Lock()
        self._errors = work / "visitor.err"
        page_folder = work / "page"
        for folder in (page_folder, work / "home", work / "tmp"):
            folder.mkdir()
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "takedown.adapters.chromium"],
                cwd=page_folder,
                env=environment(os.environ, work, job.browser),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self._tree = ProcessTree(self._process.pid)

    def run(self) -> Ended:
        """Let it visit; return how that ended. No process of it is left then.

        Raises
        ------
        OSError
            A process of the browser could not be ended.
        """
        assert self._process.stdout is not None  # noqa: S101 - it was started with pipes
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        try:
            self._send(self._job.model_dump_json())
            return self._follow(self._job.limits)
        finally:
            left = self._tree.kill(seconds=KILL_SECONDS)
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    _close(pipe)
            if left:
                raise OSError(f"processes {left} of the browser could not be ended")

    def _follow(self, limits: CaptureLimits) -> Ended:
        # The visitor keeps the budget itself; this is for one that cannot.
        end = time.monotonic() + self._job.seconds + limits.grace_seconds - 1
        ended: Ended | None = None
        verdict: Ended | None = None
        while True:
            if verdict is None and self._tree.memory() > limits.memory_bytes:
                verdict = Ended(outcome=CaptureOutcome.CRASHED, detail="oom")
                self._tree.prune()  # without its browser, the visitor ends by itself and keeps what it has
                end = min(end, time.monotonic() + KILL_SECONDS)
            try:
                line = self._lines.get(timeout=max(0.0, min(WATCH_SECONDS, end - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= end:
                    return verdict or ended or Ended(outcome=CaptureOutcome.BUDGET, detail="time")
                continue
            if line is END_OF_LINES:
                return verdict or ended or Ended(outcome=CaptureOutcome.CRASHED, detail=self._last_words())
            message, instant = line
            if isinstance(message, Ended):
                ended = message
            elif isinstance(message, Ask):
                threading.Thread(target=self._answer, args=(message,), daemon=True).start()
            else:
                self._heard(message, instant)

    def _listen(self, pipe: IO[bytes]) -> None:
        """Read what it says, with the instant at which it said it."""
        try:
            for line in pipe:
                self._lines.put((MESSAGE.validate_json(line), self._clock()))
        except ValidationError:
            nonsense = Ended(outcome=CaptureOutcome.CRASHED, detail="visitor: it could not be understood")
            self._lines.put((nonsense, self._clock()))
        except ValueError:
            pass  # the pipe was closed on us: whoever did that waits for nothing more
        self._lines.put(END_OF_LINES)

    def _answer(self, ask: Ask) -> None:
        refusal = self._judge(ask.url, ask.navigation)
        try:
            self._send(Answer(ask=ask.ask, refusal=refusal).model_dump_json())
        except (OSError, ValueError):
            return  # it ended before the answer came

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was started with pipes
        with self._writing:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _last_words(self) -> str:
        try:
            code = self._process.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            return "visitor: it hung up and did not end"
        words = self._errors.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        return f"visitor: exit status {code}: {words}"[:300]


def environment(ours: Mapping[str, str], work: Path, browser: BrowserSettings) -> dict[str, str]:
    """Return the environment of a visitor, and so of the browser and its driver."""
    passed = {name: ours[name] for name in PASSED_ON if name in ours}
    if browser.executable_path is None:
        default = Path.home() / (".cache" if sys.platform == "linux" else "Library/Caches") / "ms-playwright"
        passed["PLAYWRIGHT_BROWSERS_PATH"] = ours.get("PLAYWRIGHT_BROWSERS_PATH", str(default))
    return {
        **passed,
        "PYTHONPATH": os.pathsep.join([HERE, *map(os.path.abspath, filter(None, sys.path))]),
        "LANG": "C.UTF-8",
        "HOME": str(work / "home"),
        "TMPDIR": str(work / "tmp"),
    }


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was still to be written has no reader any more

"""What a page does to its visitor: dialogs, windows, downloads, endless navigation. Counted, answered, written down."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import IO, Any

from playwright.async_api import ConsoleMessage, Dialog, Download, Page

from takedown.adapters.chromium.launch import Window
from takedown.adapters.chromium.recorder import Recorder, Spawn, Stop
from takedown.limits import CaptureLimits
from takedown.states import CaptureOutcome


class Manners:
    """Listens to one page.

    Parameters
    ----------
    log
        The page's console, and its dialogs (`console.jsonl`).
    """

    def __init__(
        self, window: Window, *, recorder: Recorder, log: IO[str], limits: CaptureLimits, stop: Stop, spawn: Spawn
    ) -> None:
        self.dialogs = 0
        self._window = window
        self._recorder = recorder
        self._log = log
        self._limits = limits
        self._stop = stop
        self._spawn = spawn
        self._lines = 0
        self._windows = 0
        self._navigations = 0
        self._changes = 0

    def start(self) -> None:
        """Begin to listen."""
        page, cdp, context = self._window.page, self._window.cdp, self._window.context
        page.on("dialog", lambda dialog: self._spawn(self._on_dialog(dialog)))
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._write("exception", str(error), None))
        page.on("download", self._on_download)
        page.on("crash", lambda _: self._stop(CaptureOutcome.CRASHED, "renderer"))
        self._window.browser.on("disconnected", lambda _: self._stop(CaptureOutcome.CRASHED, "browser"))
        context.on("page", lambda opened: self._spawn(self._close(opened)))
        cdp.on("Page.windowOpen", self._on_window)
        cdp.on("Page.frameNavigated", self._on_navigated)
        cdp.on("Page.navigatedWithinDocument", self._on_changed)

    def close(self) -> None:
        """Say how much of the console was not kept."""
        if self._lines > self._limits.console_lines:
            self._log.write(json.dumps({"type": "omitted", "lines": self._lines - self._limits.console_lines}) + "\n")
            self._log.flush()

    async def _on_dialog(self, dialog: Dialog) -> None:
        self.dialogs += 1
        self._write(f"dialog:{dialog.type}", dialog.message, None)
        if self.dialogs > self._limits.dialogs:
            self._stop(CaptureOutcome.BUDGET, "dialogs")
            return
        await dialog.dismiss()

    def _on_console(self, message: ConsoleMessage) -> None:
        if self._lines >= self._limits.console_lines:
            self._lines += 1
            return
        self._write(message.type, message.text, message.location["url"])

    def _write(self, kind: str, text: str, url: str | None) -> None:
        self._lines += 1
        if self._lines > self._limits.console_lines:
            return
        cut = text[: self._limits.console_characters]
        line = {"type": kind, "text": cut, "cut": len(text) - len(cut), "url": url}
        self._log.write(json.dumps(line, ensure_ascii=True) + "\n")
        self._log.flush()

    def _on_download(self, download: Download) -> None:
        self._recorder.note(url=download.url, type="download", blocked="downloads are not accepted")

    def _close(self, opened: Page) -> Awaitable[None]:
        return opened.close()

    def _on_window(self, event: dict[str, Any]) -> None:
        self._windows += 1
        self._recorder.note(url=event["url"], type="window", blocked="windows that a page opens are closed")
        if self._windows > self._limits.popups:
            self._stop(CaptureOutcome.BUDGET, "popups")

    def _on_navigated(self, event: dict[str, Any]) -> None:
        frame = event["frame"]
        if "parentId" in frame:
            return
        shown = "unreachableUrl" not in frame and frame["url"].startswith(("http://", "https://"))
        self._recorder.documents.commit(frame["loaderId"], shown=shown)
        self._navigations += 1
        if self._navigations > self._limits.navigations:
            self._stop(CaptureOutcome.BUDGET, "navs")

    def _on_changed(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self._window.main_frame:
            self._changes += 1
            if self._changes > self._limits.history_changes:
                self._stop(CaptureOutcome.BUDGET, "navs")

"""Captures pages with Chromium. A visitor process meets the page; `capture_page` guards, times, ends and records it.

The visitor is a process without credentials, and Playwright is imported nowhere else: whatever a page breaks, it breaks
there, and can be killed there.
"""

from takedown.adapters.chromium.capture import capture_page
from takedown.adapters.chromium.sink import DirectorySink, Sink, own_name, write_new
from takedown.adapters.chromium.wire import BrowserSettings

__all__ = ["BrowserSettings", "DirectorySink", "Sink", "capture_page", "own_name", "write_new"]

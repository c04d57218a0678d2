"""Starting the browser: with what, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Self

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Playwright

from takedown.adapters.chromium.processes import command_line
from takedown.adapters.chromium.wire import BrowserSettings, BrowserStarted

ARGUMENTS = [
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # UDP would pass by every check
    "--no-proxy-server",  # what a machine has configured must not stand between the page and the record
]
"""What we add to Playwright's own switches. Nothing that hides what this is."""


@dataclass(frozen=True)
class Window:
    """One fresh browser with one empty page."""

    browser: Browser
    context: BrowserContext
    page: Page
    cdp: CDPSession
    main_frame: str
    about: BrowserStarted

    @classmethod
    async def open(cls, playwright: Playwright, settings: BrowserSettings, work: Path, *, seconds: float) -> Self:
        """Start a browser with an empty profile."""
        browser = await playwright.chromium.launch(
            executable_path=settings.executable_path,
            args=ARGUMENTS,
            chromium_sandbox=settings.sandbox,
            timeout=seconds * 1000,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        about = await _about(browser, work)
        context = await browser.new_context(
            viewport={"width": settings.viewport[0], "height": settings.viewport[1]},
            locale=settings.locale,
            timezone_id=settings.time_zone,
            service_workers="block",
            accept_downloads=False,
        )
        page = await context.new_page()
        cdp = await context.new_cdp_session(page)
        await cdp.send("Page.enable")
        tree = await cdp.send("Page.getFrameTree")
        return cls(browser, context, page, cdp, tree["frameTree"]["frame"]["id"], about)


async def _about(browser: Browser, work: Path) -> BrowserStarted:
    session = await browser.new_browser_cdp_session()
    told = await session.send("Browser.getVersion")
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    pid = next(item["id"] for item in processes if item["type"] == "browser")
    await session.detach()
    return BrowserStarted(
        product=told["product"],
        playwright=version("playwright"),
        user_agent=told["userAgent"],
        # The first is the program; the working folder is another one each time and says nothing.
        arguments=[argument.replace(str(work), "<work>") for argument in command_line(pid)[1:]],
    )

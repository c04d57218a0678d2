"""What the capture function and its visitor process say to each other: one JSON value a line, over two pipes.

The visitor meets the page. It has no credentials and decides nothing: it asks before each new address, and reports what
it sees as it sees it, so that what was seen is known even when it has to be killed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from takedown.capture import Exchange
from takedown.limits import CaptureLimits
from takedown.model import Frozen
from takedown.states import CaptureOutcome

PageFile = Literal["screenshot-viewport.png", "screenshot-full.png", "page.html", "text.txt", "response-body.bin"]
"""What shows something of the page itself, and all that a visitor can hand over: it cannot make up another name."""


class BrowserSettings(Frozen):
    """The browser of a visit, and what it says about itself."""

    executable_path: str | None = None
    """None for the one that Playwright installs."""
    sandbox: bool = False
    """Chromium's own sandbox. It needs an ordinary user with user namespaces: not root, not AWS Lambda."""
    viewport: tuple[Annotated[int, Field(ge=200, le=4096)], Annotated[int, Field(ge=200, le=4096)]] = (1280, 800)
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en-US"
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")] = "UTC"


class Job(Frozen):
    """The visitor's first line of input."""

    url: str
    """The guard's canonical form."""
    browser: BrowserSettings
    limits: CaptureLimits
    seconds: float
    """What is left of the budget."""


class Answer(Frozen):
    """The guard's answer to one `Ask`."""

    ask: int
    refusal: str | None
    """None where the request may go out."""


class Ask(Frozen):
    """A question to the guard: whether something may be requested."""

    kind: Literal["ask"] = "ask"
    ask: int
    url: str
    navigation: bool
    """Of the main frame: then the whole URL is judged, and not only where it leads."""


class StepStarted(Frozen):
    """A named step began."""

    kind: Literal["step-started"] = "step-started"
    name: str


class StepEnded(Frozen):
    """A named step ended, or did not take place."""

    kind: Literal["step-ended"] = "step-ended"
    name: str
    status: Literal["done", "failed", "skipped"]
    reason: str = ""


class BrowserStarted(Frozen):
    """The browser is up."""

    kind: Literal["browser-started"] = "browser-started"
    product: str
    playwright: str
    user_agent: str
    arguments: list[str]


class Chain(Frozen):
    """The responses on the way to the page, as far as they are known; a later one replaces an earlier one."""

    kind: Literal["chain"] = "chain"
    redirects: list[Exchange]
    main: Exchange | None
    body_whole: bool
    final_url: str | None


class FileKept(Frozen):
    """A file of the capture lies complete in the working folder."""

    kind: Literal["file-kept"] = "file-kept"
    path: PageFile


class Flagged(Frozen):
    """Something is missing from the capture, or differs from an ordinary look."""

    kind: Literal["flagged"] = "flagged"
    flag: str


class Ended(Frozen):
    """The visit is over."""

    kind: Literal["ended"] = "ended"
    outcome: CaptureOutcome
    detail: str


Message = Annotated[
    Ask | StepStarted | StepEnded | BrowserStarted | Chain | FileKept | Flagged | Ended, Field(discriminator="kind")
]
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)

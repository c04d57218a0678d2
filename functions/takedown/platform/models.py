"""The shape of `platforms/*.yaml`. A new marketplace is a new file; these models need no change for it.

Phrases are plain text and are looked for as substrings, which is linear however hostile the page is. Patterns are
regular expressions, and so they are only ever put to URLs and header values, which are short.
"""

from __future__ import annotations

import functools
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from takedown.model import Document, Frozen

Scope = Literal["text", "heading", "title", "raw"]
"""Where phrases are looked for.

``text``: visible main text. ``heading``: a visible main heading, or a page that says little else. ``title``: the
document's title, as a whole. ``raw``: the entity-decoded source, scripts and attributes included.
"""

_NESTED = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=")


def _safe_pattern(text: str) -> str:
    """Refuse what does not compile, and the two constructs behind exponential matching."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if _NESTED.search(text) or _BACK_REFERENCE.search(text):
        raise ValueError("repeats within repeats and back references are not linear-time safe")
    return text


Pattern = Annotated[str, StringConstraints(min_length=1, max_length=800), AfterValidator(_safe_pattern)]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Phrase = Annotated[str, StringConstraints(min_length=2, max_length=300)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")]


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a platform file, once a process."""
    return re.compile(pattern)


class UrlRule(Frozen):
    """A form of URL: a host, a path, and parameters."""

    hosts: tuple[Host, ...] = ()
    """The host must be one of these or below one; empty: the platform's own hosts."""
    any_host: bool = False
    """A vendor's path, the same on every customer's host."""
    path: Pattern
    """Searched for in the path alone, so a URL wrapped in a parameter does not match."""
    query: dict[str, Pattern] = Field(default_factory=dict)
    """Parameters that must be there, and what their whole value must look like."""


class IdRule(UrlRule):
    """A form of URL that names one listing: groups called ``id`` (and others) of `path` or `query`."""

    id: str = "{id}"
    canonical: str
    """``{id}``, other groups, ``{host}`` and ``{site}`` (the entry of `hosts` that the host is below) stand in it."""
    keep: dict[str, Pattern] = Field(default_factory=dict)
    """Parameters that mean something, kept where they look like this."""
    upper: bool = False
    """Ids are upper case here, and lower-case spellings mean the same."""


class NotListing(UrlRule):
    """A form of URL that looks like a listing's but is not."""

    reason: Annotated[str, StringConstraints(pattern=r"^[a-z_]+: .+")]


class Wrapper(UrlRule):
    """A wall or login page that carries the wanted URL in a parameter."""

    parameter: str
    encoding: Literal["plain", "base64"] = "plain"


class Header(Frozen):
    """A response header."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    value: Pattern = ".*"


class Marker(Frozen):
    """Something a page shows. Every condition that is given must hold."""

    name: Name
    scope: Scope = "text"
    any: tuple[Phrase, ...] = ()
    """One of these phrases."""
    all: tuple[Phrase, ...] = ()
    """Every one of these phrases."""
    selector: str | None = None
    """A CSS selector of a visible main element. With phrases: they must stand in its visible text."""
    anywhere: bool = False
    """The selector may match outside visible main content too (a form's address, a wall's container)."""
    header: Header | None = None
    url: UrlRule | None = None
    """What the final URL looks like, or the target of a page that only forwards by script."""
    same_id: bool = False
    """The matched URL must name the reported id; a URL that a real redirect led to must only name no other."""
    http: tuple[int, ...] = ()
    """The HTTP status is one of these."""
    unless: tuple[Phrase, ...] = ()
    """Phrases of the visible text that disarm it."""
    unless_next: Pattern | None = None
    """Raw phrases that go on like this do not count (the same vendor path serves ordinary pages)."""
    max_block: int | None = None
    """The block of text that holds the phrase is at most this long: a notice, not a description."""
    bare: bool = False
    """The page must show little else."""
    yields_to_live: bool = False
    """Where it stands only in script text, it does not count on a page that proves itself live."""
    yields_to_control: bool = False
    """It does not count where the page proves itself live with a buy control (recommendations say it too)."""
    without_product: bool = False
    """It only counts where the page shows no product data at all: the words are too common to suffice alone."""
    source: str
    date: Day
    """When it was last seen."""
    status: Literal["verified", "recalled"]
    """Seen in public code, documentation or pages; or written down from memory, to be sampled."""

    @model_validator(mode="after")
    def _says_something(self) -> Marker:
        if not (self.any or self.all or self.selector or self.header or self.url):
            raise ValueError("a marker needs any, all, selector, header or url")
        return self


class Place(Frozen):
    """Where a value stands: an attribute, or the text, of the elements that a selector finds."""

    selector: str
    attribute: str | None = None


class LiveRules(Frozen):
    """Where a live page shows its id, title, price and buy control. Empty: the generic rules."""

    id: tuple[Place, ...] = ()
    title: tuple[Place, ...] = ()
    price: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    words: tuple[Phrase, ...] = ()
    """What the platform's own buy control says, where no selector finds it."""
    phrases: tuple[Phrase, ...] = ()
    """Visible words that stand where the buy control would, on a page that is live all the same."""
    canonical_may_differ: bool = False
    """Variants share a canonical URL here, so another id in it does not contradict a hidden field."""


class StateRule(Frozen):
    """A JSON blob in the page that states the product: the object that carries the reported id."""

    name: Name
    script: str
    """The id of the script element."""
    id_keys: tuple[str, ...]
    need: tuple[str, ...] = ()
    """Keys that the object must have to count as the product itself."""
    stock_keys: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    """Values of the stock keys that say LIVE; empty with no stock keys: the object itself says it."""
    gone: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Keys and values by which the platform says that there is no such product; the key ``*`` is any key."""
    source: str
    date: Day


class Platform(Document):
    """One platform file."""

    schema_: Literal["takedown.platform/1"] = Field("takedown.platform/1", alias="schema")
    platform: Name
    version: int
    title: str
    hosts: tuple[Host, ...] = ()
    short_hosts: tuple[Host, ...] = ()
    """Link shorteners: resolved once by a visit, never guessed."""
    ids_are: Literal["per-host", "global"] = "per-host"
    """Whether the same id on another host of the platform is the same listing."""
    siblings: tuple[Name, ...] = ()
    """Platforms with the same id space, which forward to each other."""
    on_any_host: bool = False
    """Shops on their own domains: the id rules hold on any host once the platform is named."""
    ids: tuple[IdRule, ...] = ()
    not_listings: tuple[NotListing, ...] = ()
    wrappers: tuple[Wrapper, ...] = ()
    walls: tuple[Marker, ...] = ()
    doubts: tuple[Marker, ...] = ()
    """What makes a 404 say nothing, though it proves no wall: a bare page with a captcha, or about maintenance."""
    logins: tuple[Marker, ...] = ()
    gone: tuple[Marker, ...] = ()
    stock: tuple[Marker, ...] = ()
    region: tuple[Marker, ...] = ()
    state: tuple[StateRule, ...] = ()
    same_listing: tuple[Phrase, ...] = ()
    """Raw phrases, with ``{id}``, by which a page says that the reported id is a variant of it."""
    live: LiveRules = LiveRules()

    @property
    def label(self) -> str:
        """Name and version, as a verdict quotes them."""
        return f"{self.platform}/{self.version}"

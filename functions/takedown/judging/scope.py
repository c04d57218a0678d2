"""What belongs to the product that a page shows, and not to another product on the same page.

Sets of elements are worked out once each, so that asking about one price or button only climbs from it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from takedown.judging.decoding import fold
from takedown.judging.sight import ancestors
from takedown.platform.models import compiled

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from takedown.judging.look import Look

_MAX_CLIMB = 60
_MAX_LINKS = 3000
_MAX_LABEL = 200
_NAMES_ONE = re.compile(r"\d{4}|\d.*-|-.*\d")
_NOWHERE = ("#", "javascript:", "mailto:", "tel:")


class Scope:
    """The part of a page that is about the product of its title.

    Parameters
    ----------
    look
        The observation.
    title
        The visible element that holds the title; without one, nothing can be told to belong to it.
    buy
        What a buy control says, in folded text.
    """

    def __init__(self, look: Look, title: LexborNode | None, buy: re.Pattern[str]) -> None:
        self._look = look
        self._title = title
        self._buy = buy

    def holds(self, node: LexborNode | None) -> bool:
        """Tell whether an element stands in a container with the title, and in no other product's on the way there.

        Other products' are list entries, what a heading of its own names, and what links to another listing.
        """
        if self._title is None:
            return False
        for _ in range(_MAX_CLIMB):
            if node is None:
                return False
            if node.mem_id in self._around_title:
                return True
            if node.tag == "li" or node.mem_id in self._around_others:
                return False
            node = node.parent
        return False

    def leads_away(self, node: LexborNode) -> bool:
        """Tell whether a control is a link to another listing."""
        return node.tag == "a" and self._names_another(node.attributes.get("href") or "", a_listing=True)

    @cached_property
    def _around_title(self) -> frozenset[int]:
        title = self._title
        return frozenset() if title is None else ancestors([title]) | {title.mem_id}

    @cached_property
    def _around_others(self) -> frozenset[int]:
        tree = self._look.page.tree
        links = tree.css("a[href]")
        # A page with thousands of links is a catalogue; those beyond count as listings unread.
        others = [link for link in links[:_MAX_LINKS] if self._is_another(link)] + links[_MAX_LINKS:]
        marks = [*tree.css("h2, h3, h4, h5, h6"), *others]
        return ancestors(marks) | {node.mem_id for node in marks}

    def _is_another(self, link: LexborNode) -> bool:
        """Tell whether a link is another product's: by its address, its picture, or a price that it shows."""
        href = link.attributes.get("href") or ""
        text = fold(link.text()[:_MAX_LABEL])
        if self._buy.search(text):
            return self._names_another(href, a_listing=True)
        if self._names_another(href, a_listing=False):
            shows = compiled(self._look.library.words.currency).search(text) or link.css_first("img")
            return bool(shows) or self._names_another(href, a_listing=True) or self._has_number(href)
        return False

    def _has_number(self, href: str) -> bool:
        tail = href[:2000].partition("?")[0].rstrip("/").rpartition("/")[2]
        return _NAMES_ONE.search(tail[:200]) is not None

    def _names_another(self, href: str, *, a_listing: bool) -> bool:
        """Tell whether an address is another page's; for a listing's, it must look like the reported one."""
        if href.strip().lower().startswith(_NOWHERE):
            return False
        url = self._look.page.resolve(href[:2000])
        if url is None or self._look.names_target(url):
            return False
        if not a_listing:
            return True
        own, other = _folder(self._look.observation.url), _folder(url)
        return other[0] == own[0] != "" or (other[1] == own[1] != "" and other != own)


def _folder(url: str) -> tuple[str, str, str]:
    """Return the last folder of a URL's path, the path, and the query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "", ""
    path = parts.path.rstrip("/")
    return path.rpartition("/")[0].rpartition("/")[2].lower(), path, parts.query

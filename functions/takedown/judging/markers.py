"""Whether a marker of a platform file stands on the page; every condition it gives must hold."""

from __future__ import annotations

import functools
import re
from functools import cache
from typing import TYPE_CHECKING

from takedown.identity import matches
from takedown.judging.decoding import fold
from takedown.judging.page import BARE, WORDY
from takedown.platform.models import Marker, Platform
from takedown.verdict import MAX_QUOTE, Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from takedown.judging.look import Look
    from takedown.judging.reading import Block

_BEFORE, _NEXT = 60, 120
_MAX_REFUSED = 100
_ID_VALUE = re.compile(r"[?&][^=&#]{0,40}id=(\d{4,25})(?=[&#]|$)", re.IGNORECASE)
_TRIM = " \t\"'.,:;!?()[]-–—|…·•*。！？、，：；"  # noqa: RUF001 - full-width marks are meant

_Folded = cache(fold)

if TYPE_CHECKING:
    _Check = Callable[[Marker, Look, Platform], Evidence | None]
    Accept = Callable[[Look, Block, str], bool]
    """Whether a block that holds a phrase (folded) may speak."""


def find(
    markers: Iterable[Marker], look: Look, owner: Platform, accept: Accept | None = None
) -> tuple[Marker, Evidence] | None:
    """Return the first marker that stands, and the evidence of it; `accept` may refuse blocks of text."""
    for marker in markers:
        evidence = stands(marker, look, owner, accept)
        if evidence is not None:
            return marker, evidence
    return None


def stands(marker: Marker, look: Look, owner: Platform, accept: Accept | None = None) -> Evidence | None:
    """Return the evidence of a marker, None where one of its conditions does not hold.

    Parameters
    ----------
    marker
        The marker.
    look
        The observation.
    owner
        The platform whose hosts a URL form without hosts of its own means.
    accept
        Refuses blocks of text whose words do not count, a seller's own for one.
    """
    if marker.http and look.status not in marker.http:
        return None
    found = [check(marker, look, owner) for check in _checks(marker, accept)]
    evidence = next((item for item in found if item is not None), None)
    if evidence is None or None in found or _disarmed(marker, look):
        return None
    return evidence


def _checks(marker: Marker, accept: Accept | None) -> list[_Check]:
    checks: list[_Check] = []
    if marker.header is not None:
        checks.append(_header)
    if marker.url is not None:
        checks.append(_url)
    if marker.selector is not None:
        checks.append(_selector)
    elif marker.any or marker.all:
        text: _Check = functools.partial(_text, accept=accept)
        by_scope: dict[str, _Check] = {"raw": _raw, "title": _title, "text": text, "heading": text}
        checks.append(by_scope[marker.scope])
    return checks


def _disarmed(marker: Marker, look: Look) -> bool:
    if marker.bare and not look.is_bare:
        return True
    if marker.unless and any(_Folded(phrase) in block.text for phrase in marker.unless for block in look.page.blocks):
        return True
    return marker.yields_to_control and look.live.outweighs_stock_words


def _header(marker: Marker, look: Look, _owner: Platform) -> Evidence | None:
    header = marker.header
    if header is None:
        return None
    for name, value in look.observation.headers:
        if name.lower() == header.name and re.search(header.value, value[:1000]):
            return _evidence(header.name, f"header {header.name}", value)
    return None


def _url(marker: Marker, look: Look, owner: Platform) -> Evidence | None:
    if marker.url is None:
        return None
    for place in look.places:
        if matches(marker.url, place, owner) is None:
            continue
        landed = place == look.observation.landed
        if marker.same_id and not _names(place, look.target.listing_id, or_none=landed):
            continue
        where = "final URL" if landed else "target of the page's own redirect"
        return _evidence(marker.url.path, where, place)
    return None


def _names(url: str, listing_id: str | None, *, or_none: bool) -> bool:
    """Tell whether a URL's parameters name the reported id (or no id at all, where that will do)."""
    ids = _ID_VALUE.findall(url[:4000])
    return listing_id in ids if ids else or_none


def _selector(marker: Marker, look: Look, _owner: Platform) -> Evidence | None:
    selector = marker.selector or ""
    for node in look.page.find(selector, anywhere=marker.anywhere):
        if not (marker.any or marker.all):
            return _evidence(selector, "element", f"<{node.tag}>")
        shown = look.page.text_of(node)
        phrase = _phrase(marker, fold(shown))
        if phrase:
            return _evidence(phrase, f"visible text of {selector}", shown)
    return None


def _raw(marker: Marker, look: Look, _owner: Platform) -> Evidence | None:
    page = look.page
    for text, where in ((page.markup, "markup"), (page.raw, "source")):
        phrase, place = _in_raw(marker, text)
        if not phrase:
            continue
        if where == "source" and marker.yields_to_live and look.live.may_be_live:
            return None  # a library names the walls it knows
        return _evidence(phrase, where, text[max(0, place - _BEFORE) : place + _NEXT])
    return None


def _in_raw(marker: Marker, text: str) -> tuple[str, int]:
    if any(_Folded(phrase) not in text for phrase in marker.all):
        return "", -1
    for phrase in marker.any:
        place = _place(_Folded(phrase), text, marker.unless_next)
        if place >= 0:
            return phrase, place
    return ("", -1) if marker.any else (marker.all[0], text.find(_Folded(marker.all[0])))


def _place(phrase: str, text: str, unless_next: str | None) -> int:
    place = text.find(phrase)
    if unless_next is None:
        return place
    pattern = _insensitive(unless_next)
    while place >= 0:
        end = place + len(phrase)
        if not pattern.search(text[end : end + _NEXT]):
            return place
        place = text.find(phrase, end)
    return -1


@cache
def _insensitive(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _title(marker: Marker, look: Look, _owner: Platform) -> Evidence | None:
    """Compare whole titles: a product may be named like a wall."""
    wanted = {_Folded(phrase).strip(_TRIM) for phrase in marker.any}
    for title in look.page.titles:
        if fold(title).strip(_TRIM) in wanted:
            return _evidence(title, "title", title)
    return None


def _text(marker: Marker, look: Look, _owner: Platform, accept: Accept | None = None) -> Evidence | None:
    blocks = look.page.blocks
    refused = 0
    for block in blocks:
        if marker.max_block is not None and len(block.shown) > marker.max_block:
            continue
        if marker.scope == "heading" and not _is_heading(block, look):
            continue
        phrase = _phrase(marker, block.text)
        if phrase and accept is not None and not accept(look, block, _Folded(phrase)):
            refused += 1
            if refused >= _MAX_REFUSED:
                return None
        elif phrase:
            return _evidence(phrase, "visible main heading" if block.heading else "visible main text", block.shown)
    return None


def _is_heading(block: Block, look: Look) -> bool:
    """Tell whether a block speaks for the page: its main heading, or any words of a page that says little else."""
    page = look.page
    if page.size <= BARE:
        return True
    return page.size <= WORDY and (block.heading == 1 or (block.heading > 0 and not page.has_main_heading))


def _phrase(marker: Marker, text: str) -> str:
    """Return a phrase that stands in folded text, where all that must stand do."""
    if any(_Folded(phrase) not in text for phrase in marker.all):
        return ""
    if marker.any:
        return next((phrase for phrase in marker.any if _Folded(phrase) in text), "")
    return marker.all[0] if marker.all else ""


def _evidence(marker: str, where: str, quote: str) -> Evidence:
    return Evidence(marker=marker, where=where, quote=" ".join(quote.split())[:MAX_QUOTE])

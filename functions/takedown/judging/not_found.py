"""Step 9: 404 or 410 at the listing's own address, and what contradicts it."""

from __future__ import annotations

import re

from takedown.judging.decoding import fold
from takedown.judging.findings import Finding, quote
from takedown.judging.look import Look
from takedown.judging.markers import find
from takedown.judging.placement import is_pages_own
from takedown.platform.models import Marker
from takedown.states import VerdictKind
from takedown.verdict import Evidence

_GONE = frozenset({404, 410})
_MISSING = re.compile(r"\b(?:404|410)\b|\bnot found\b|\bgone\b")
_MAX_DATA = 20_000
"""Characters read of a body that is no page; an error answer has a hundredth of it."""


def not_found(look: Look) -> Finding | None:
    """9: 404 or 410 at the listing's own address.

    Shops serve live pages with a wrong status, and walls and broken servers answer 404 too. So a page that sells the
    listing, shows a captcha, or speaks of maintenance says nothing; any other page with this status means REMOVED.
    """
    if look.status not in _GONE:
        return None
    if look.target.is_short_link:
        detail = "A short link is gone; the listing behind it was not seen."
        return Finding(VerdictKind.ERROR, "short_link", detail, "9.short-link", _status(look))
    here = find(look.platform.region, look, look.platform)
    if here:
        detail = "Not found, and the page says that it is not shown in this region."
        rule = f"9.region:{look.platform.platform}.{here[0].name}"
        return Finding(VerdictKind.GEO_BLOCKED, "region_phrase", detail, rule, (here[1],))
    offered = _offer(look)
    if offered:
        detail = f"Status {look.status}, but the page offers the listing."
        return Finding(VerdictKind.ERROR, "contradiction", detail, "9.contradiction", offered)
    doubt = None if _calls_itself_missing(look) else _doubt(look)
    if doubt:
        marker, evidence = doubt
        detail = f"Status {look.status}, but the page is a check of the visitor or an error that passes."
        return Finding(VerdictKind.ERROR, "challenge", detail, f"9.doubt:walls.{marker.name}", (evidence,))
    return Finding(
        VerdictKind.REMOVED,
        f"http_{look.status}",
        f"The listing's own address answers {look.status}.",
        "9.not-found",
        _status(look),
    )


def says_gone(look: Look) -> bool:
    """Tell whether the page says in its own words that the listing, or the page, is gone."""
    return any(find(owner.gone, look, look.platform, is_pages_own) for owner in (look.platform, look.library.generic))


def _offer(look: Look) -> tuple[Evidence, ...]:
    """Return what shows that the page sells the listing, none where the platform itself says that it is gone."""
    scoped = [marker for marker in look.platform.gone if marker.selector is not None]
    if find(scoped, look, look.platform):
        return ()
    stated = next((product for product in look.own_products if product.availability == "in"), None)
    if stated:
        return quote("availability", stated.where, stated.quote)
    live = look.live
    if live.price and live.control and live.title and not look.is_contradicted:
        return live.parts  # a complete product page, even where it does not say which
    return live.parts if live.is_proof and not _is_about_errors(look) else ()


def _is_about_errors(look: Look) -> bool:
    """Tell whether the page's heading is a missing page's: then a price beside it is somebody else's."""
    title = fold(look.live.title.quote) if look.live.title else ""
    phrases = [fold(phrase) for owner in (look.platform, look.library.generic) for m in owner.gone for phrase in m.any]
    return says_gone(look) or any(phrase in title for phrase in phrases)


def _calls_itself_missing(look: Look) -> bool:
    """Tell whether the page's words fit its status; then a captcha's script in it is only the shop's own."""
    headings = [block.text for block in look.page.blocks if block.heading]
    return says_gone(look) or any(map(_MISSING.search, [*map(fold, look.page.titles), *headings]))


def _doubt(look: Look) -> tuple[Marker, Evidence] | None:
    """Return what makes the answer doubtful: marks of a captcha, words of maintenance, an error of an interface."""
    doubts = look.library.walls.doubts
    if look.page.is_html:
        return find(doubts, look, look.platform)
    start = look.page.raw[:_MAX_DATA]
    for marker in doubts:
        phrase = next((phrase for phrase in marker.any if fold(phrase) in start), None)
        if phrase is not None:
            return marker, quote(phrase, "body", start)[0]
    return None


def _status(look: Look) -> tuple[Evidence, ...]:
    return quote(f"HTTP {look.status}", "status", f"{look.status} at {look.observation.landed}")

"""Steps 1 to 9: what the response itself says, and the walls that may stand before the page."""

from __future__ import annotations

from takedown.judging.findings import Finding, Step, quote
from takedown.judging.look import Look
from takedown.judging.markers import find
from takedown.judging.not_found import not_found, says_gone
from takedown.judging.page import BARE
from takedown.states import VerdictKind
from takedown.verdict import Evidence

_HTTP_ERRORS = range(500, 600)
_REFUSED = frozenset({403, 429})
_GEO = 451

MAX_BODY = 64 * 1024 * 1024
"""Larger bodies are not read; a listing's page has a hundredth of it."""


def transport(look: Look) -> Finding | None:
    """1: no response, or not all of it. One refused connection or missing name is never a removal."""
    seen = look.observation
    if not look.target.is_url:
        return Finding(VerdictKind.ERROR, "url_unreadable", "The reported address is no http(s) URL.", "1.url")
    if look.status <= 0:
        error = seen.header("x-transport-error") or "no response"
        return Finding(
            VerdictKind.ERROR, "transport_failure", "There was no response.", "1.transport",
            quote("status 0", "transport", error),
        )  # fmt: skip
    if not seen.complete:
        return Finding(VerdictKind.ERROR, "incomplete", "The main response broke off or was cut.", "1.incomplete")
    if len(seen.body) > MAX_BODY:
        return Finding(VerdictKind.ERROR, "body_too_large", "The body is larger than any listing's.", "1.size")
    return None


def legal_block(look: Look) -> Finding | None:
    """2: 451 (RFC 7725) says that this place may not see it, nothing about others."""
    if look.status != _GEO:
        return None
    return Finding(VerdictKind.GEO_BLOCKED, "http_451", "Withheld here for legal reasons.", "2.http-451", _status(look))


def wall(look: Look) -> Finding | None:
    """3: a bot wall, by header, final URL or the vendor's own marks, whatever the status."""
    for owner in (look.library.walls, look.platform):
        found = find(owner.walls, look, look.platform)
        if found:
            marker, evidence = found
            return Finding(
                VerdictKind.BLOCKED,
                "wall",
                "A bot wall stands before the page.",
                f"3.wall:{owner.platform}.{marker.name}",
                (evidence,),
            )
    return None


def refused(look: Look) -> Finding | None:
    """4: a bare 403 or 429."""
    if look.status not in _REFUSED:
        return None
    reason = f"http_{look.status}"
    return Finding(VerdictKind.BLOCKED, reason, "The request was refused.", "4.refused", _status(look))


def login(look: Look) -> Finding | None:
    """5: a login URL, or a login form that is the whole page."""
    for owner in dict.fromkeys((look.platform.platform, look.library.generic.platform)):
        platform = look.library.get(owner)
        found = find(platform.logins, look, look.platform)
        if found and not look.is_same_address:
            return _login(f"{owner}.{found[0].name}", found[1])
        if found and found[0].url is None:
            return _login(f"{owner}.{found[0].name}", found[1])
    form = _login_form(look)
    return _login("form", form) if form else None


def _login(marker: str, evidence: Evidence) -> Finding:
    return Finding(VerdictKind.LOGIN_WALL, "login", "The page demands a login.", f"5.login:{marker}", (evidence,))


def _login_form(look: Look) -> Evidence | None:
    """Find a password field on a page whose main text is no more than a login form's."""
    page = look.page
    if not page.is_html or page.too_complex:
        return None
    fields = page.fields('form input[type="password"]')
    if not fields or page.size > 2 * BARE or look.products or look.live.any_control or says_gone(look):
        return None
    return Evidence(marker="input[type=password]", where="form", quote=" ".join(b.shown for b in page.blocks)[:240])


def server_error(look: Look) -> Finding | None:
    """6: 5xx proves nothing."""
    if look.status not in _HTTP_ERRORS:
        return None
    return Finding(VerdictKind.ERROR, f"http_{look.status}", "The server failed.", "6.http-5xx", _status(look))


def error_url(look: Look) -> Finding | None:
    """7: the platform's own error URL; reached by redirect, or by a page that holds nothing but that redirect."""
    found = find((marker for marker in look.platform.gone if marker.url is not None), look, look.platform)
    if found is None:
        return None
    marker, evidence = found
    return Finding(
        VerdictKind.REMOVED,
        "error_url",
        "The platform sends this listing's address to its own error page.",
        f"7.error-url:{look.platform.platform}.{marker.name}",
        (evidence,),
    )


def elsewhere(look: Look) -> Finding | None:
    """8: another listing's address, or one from which the id is gone."""
    if look.is_same_address or look.is_variant:
        return None
    return Finding(
        VerdictKind.REDIRECTED_ELSEWHERE,
        "other_address",
        "The look ended at another address than the listing's: suggestive, but no proof.",
        "8.redirected",
        quote(look.target.listing_id or "canonical path", "final URL", look.observation.landed),
    )


def unreadable(look: Look) -> Finding | None:
    """Refuse to build a tree that would cost more than any real page does; steps 9 to 13 need it."""
    if not look.page.too_complex:
        return None
    return Finding(VerdictKind.ERROR, "page_too_complex", "The page is built to be costly to read.", "8.complexity")


def _status(look: Look) -> tuple[Evidence, ...]:
    return quote(f"HTTP {look.status}", "status", f"{look.status} at {look.observation.landed}")


RESPONSE_STEPS: tuple[Step, ...] = (
    transport, legal_block, wall, refused, login, server_error, error_url, elsewhere, unreadable, not_found,
)  # fmt: skip

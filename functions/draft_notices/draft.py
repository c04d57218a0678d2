"""Drafting: captured listings are grouped and each group becomes the exact text of one notice. Nothing leaves."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from jinja2 import BaseLoader, Environment, StrictUndefined

from takedown.actor import Actor
from takedown.case import Agent, Case
from takedown.listing import Listing
from takedown.notice import Gap, Notice, NoticeText
from takedown.regime import Regime
from takedown.sealed_capture import SealedCapture
from takedown.states import CaptureStatus, NoticeState, VerdictKind

# Plain text for mail: there is nothing to escape into, and every value is one line or split into lines of its own.
_JINJA = Environment(loader=BaseLoader(), undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701


MOST_LISTINGS = 48
"""Of one notice, whatever its regime allows: a rejection changes the notice, its listings and their claims, and two
items of the custody record, in one DynamoDB transaction of at most 100 items."""
MOST_BYTES = 200_000
"""Of what a notice says of its listings: a DynamoDB item ends at 400 KB, and the rest of the notice has to fit too."""


def group(listings: Iterable[Listing], limit: int) -> list[list[Listing]]:
    """Group listings by the host that has to act, in the order of their ids; no group is too large for one notice."""
    groups: list[list[Listing]] = []
    by_host = itertools.groupby(sorted(listings, key=lambda item: (host_of(item), item.listing_id)), key=host_of)
    for _, members in by_host:
        groups.extend(_chunks(members, min(limit, MOST_LISTINGS)))
    return groups


def host_of(listing: Listing) -> str:
    """Return the host (with its port where it is not the scheme's own) that a listing is on."""
    return urlsplit(listing.canonical_url).netloc


def _chunks(items: Iterable[Listing], size: int) -> Iterable[list[Listing]]:
    chunk: list[Listing] = []
    held = 0
    for item in items:
        if chunk and (len(chunk) == size or held + _weight(item) > MOST_BYTES):
            yield chunk
            chunk, held = [], 0
        chunk.append(item)
        held += _weight(item)
    if chunk:
        yield chunk


def _weight(listing: Listing) -> int:
    """Return how many bytes a notice holds of a listing, at most: its line, and every warning about it."""
    return len(listing.url.encode()) + 4 * len(listing.canonical_url.encode()) + 1000


def notice_id(case_id: str, batch: int, listings: list[Listing], rejections: int = 0) -> str:
    """Return the id of the notice about these listings: drafting again gives the same notice, not a second one.

    Parameters
    ----------
    rejections
        How many notices about these listings were rejected: what is drafted after a rejection is another notice.
    """
    named = "#".join([case_id, str(batch), str(rejections), *(item.listing_id for item in listings)])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def preparers(case: Case, listings: Iterable[Listing]) -> list[Actor]:
    """Return everybody who had a hand in a notice: who opened the case and who added its listings, each once."""
    found: dict[str, Actor] = {}
    for actor in (case.preparer, *(item.added_by for item in listings)):
        found.setdefault(actor.person.casefold(), actor)
    return list(found.values())


def draft(
    case: Case,
    batch: int,
    listings: list[Listing],
    captures: dict[str, SealedCapture],
    regime: Regime,
    *,
    sender: str,
    now: str,
    rejections: int = 0,
) -> Notice:
    """Draft one notice about listings of one host.

    Parameters
    ----------
    captures
        The sealed captures of these listings, by capture id.
    rejections
        See `notice_id`.
    """
    host = host_of(listings[0])
    agent = next((item for item in case.agents if item.host == host), None)
    identifier = notice_id(case.case_id, batch, listings, rejections)
    values = {
        "host": host,
        "agent_name": agent.name if agent else "[no agent known]",
        "notice_id": identifier,
        "reference": case.reference,
        "right": case.right,
        "holder": case.rights_holder,
        "listings": [_item(listing, captures[listing.capture_id]) for listing in listings],
    }
    template = (resources.files("takedown") / "regimes" / regime.template).read_text("utf-8")
    text = NoticeText(
        sender=sender,
        recipient=agent.email if agent else None,
        recipient_name=agent.name if agent else None,
        subject=_JINJA.from_string(regime.subject).render(values),
        body=_printable(_JINJA.from_string(template).render(values)),
    )
    return Notice(
        tenant=case.tenant,
        case_id=case.case_id,
        notice_id=identifier,
        batch=batch,
        regime=regime.label,
        platform=listings[0].platform,
        agent=agent,
        listing_ids=[item.listing_id for item in listings],
        text=text,
        gaps=gaps(case, agent, listings, regime),
        warnings=warnings(listings, captures, regime),
        checklist=[point.point for point in regime.checklist],
        preparer=case.preparer,
        preparers=preparers(case, listings),
        drafted_at=now,
        state=NoticeState.DRAFTED,
    )


def gaps(case: Case, agent: Agent | None, listings: list[Listing], regime: Regime) -> list[Gap]:
    """List every required field that is missing, all at once."""
    subjects: dict[str, Any] = {"right": case.right, "rights_holder": case.rights_holder, "agent": agent}
    found: list[Gap] = []
    for required in regime.required:
        first, _, attribute = required.field.partition(".")
        value = listings if first == "listings" else getattr(subjects[first], attribute, None)
        if not value:
            found.append(Gap(field=required.field, requirement=required.requirement))
    return found


def warnings(listings: list[Listing], captures: dict[str, SealedCapture], regime: Regime) -> list[str]:
    """Say what an approver should know before approving."""
    found: list[str] = []
    if not regime.counsel_signed_off:
        found.append("The template has not been signed off by your counsel. It is not legal advice.")
    for listing in listings:
        capture = captures[listing.capture_id]
        if capture.status is CaptureStatus.PARTIAL:
            found.append(
                f"{listing.canonical_url}: the capture is partial ({', '.join(capture.flags) or capture.detail})"
            )
        if not capture.time_stamps:
            found.append(f"{listing.canonical_url}: no time-stamp authority answered when the capture was sealed")
        if listing.observed_status is not VerdictKind.LIVE:
            found.append(f"{listing.canonical_url}: the capture reads {listing.observed_status}, not LIVE")
    return found


def _item(listing: Listing, capture: SealedCapture) -> dict[str, str | None]:
    return {
        "url": listing.canonical_url,
        "reported": listing.url,
        "platform_listing_id": listing.platform_listing_id,
        "capture_id": capture.capture_id,
        "recorded_at": capture.ended_at,
    }


def _printable(text: str) -> str:
    """Take out what no line of a letter may hold: C0 and C1 controls, line separators, bidi overrides."""
    hidden = {*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {0x0A}
    return text.translate(dict.fromkeys(hidden))

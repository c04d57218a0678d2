"""Drafting: captured listings are grouped and each group becomes the exact text of one notice. Nothing leaves."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from jinja2 import BaseLoader, Environment, StrictUndefined

from takedown.case import Agent, Case
from takedown.listing import Listing
from takedown.notice import Gap, Notice, NoticeText
from takedown.regime import Regime
from takedown.sealed_capture import SealedCapture
from takedown.states import CaptureStatus, NoticeState, VerdictKind

# Plain text for mail: there is nothing to escape into, and every value is one line or split into lines of its own.
_JINJA = Environment(loader=BaseLoader(), undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701


def group(listings: Iterable[Listing], limit: int) -> list[list[Listing]]:
    """Group listings by the host that has to act, then by at most `limit` each, in the order of their ids."""
    groups: list[list[Listing]] = []
    by_host = itertools.groupby(sorted(listings, key=lambda item: (host_of(item), item.listing_id)), key=host_of)
    for _, members in by_host:
        groups.extend(list(chunk) for chunk in _chunks(list(members), limit))
    return groups


def host_of(listing: Listing) -> str:
    """Return the host (with its port where it is not the scheme's own) that a listing is on."""
    return urlsplit(listing.canonical_url).netloc


def _chunks(items: list[Listing], size: int) -> Iterable[list[Listing]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def notice_id(case_id: str, batch: int, listings: list[Listing]) -> str:
    """Return the id of the notice about these listings: drafting again gives the same notice, not a second one."""
    named = "#".join([case_id, str(batch), *(item.listing_id for item in listings)])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def draft(
    case: Case,
    batch: int,
    listings: list[Listing],
    captures: dict[str, SealedCapture],
    regime: Regime,
    *,
    sender: str,
    now: str,
) -> Notice:
    """Draft one notice about listings of one host.

    Parameters
    ----------
    captures
        The sealed captures of these listings, by capture id.
    """
    host = host_of(listings[0])
    agent = next((item for item in case.agents if item.host == host), None)
    identifier = notice_id(case.case_id, batch, listings)
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

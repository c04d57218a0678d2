"""Putting drafts on the record: each notice with its listings and its custody event, together."""

from __future__ import annotations

from draft_notices.draft import draft, group, notice_id
from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.case import Case
from takedown.custody import CustodyEntry
from takedown.errors import NotFoundError
from takedown.listing import Listing
from takedown.notice import Notice
from takedown.regime import regime_for
from takedown.sealed_capture import SealedCapture
from takedown.states import LISTING_TRANSITIONS, CustodyAction, ListingState, VerdictKind, allow

_GONE = frozenset({VerdictKind.REMOVED})
"""A listing that was gone before we complained is not complained of."""


def draft_batch(
    tenant: str, case_id: str, batch: int, *, cases: CaseTable, custody: CustodyTable, sender: str, now: str
) -> list[str]:
    """Draft the notices of a batch; drafting it again finds the same ones.

    Returns
    -------
    list[str]
        The ids of the notices, in order. Empty where nothing was captured, or no regime fits the right.
    """
    case = cases.get(Case, tenant, case_id)
    regime = regime_for(case.right.kind)
    if regime is None:
        entry = CustodyEntry(
            ts=now,
            actor=system_actor("DraftNotices"),
            action=CustodyAction.STEP_FAILED,
            object=f"case/{case_id}",
            sha256=None,
            facts={"step": "draft", "reason": f"no regime of ours fits a {case.right.kind} right"},
        )
        custody.append(tenant, case_id, entry, once=f"no-regime#{batch}")
        return []
    # NOTICE_DRAFTED is taken up too: a retried step must find its own work.
    ready = [
        listing
        for listing in cases.all(Listing, tenant, case_id)
        if listing.batch == batch
        and listing.state in {ListingState.CAPTURED, ListingState.NOTICE_DRAFTED}
        and listing.observed_status not in _GONE
    ]
    drafted: list[str] = []
    for members in group(ready, regime.listings_per_notice):
        identifier = notice_id(case_id, batch, members)
        drafted.append(identifier)
        try:
            cases.get(Notice, tenant, case_id, identifier)
        except NotFoundError:
            captures = {item.capture_id: cases.get(SealedCapture, tenant, case_id, item.capture_id) for item in members}
            notice = draft(case, batch, members, captures, regime, sender=sender, now=now)
            _record(notice, members, cases=cases, custody=custody, now=now)
    return drafted


def _record(notice: Notice, members: list[Listing], *, cases: CaseTable, custody: CustodyTable, now: str) -> None:
    writes = [cases.create(notice)]
    for listing in members:
        state = allow(LISTING_TRANSITIONS, listing.state, ListingState.NOTICE_DRAFTED)
        _, write = cases.change(listing, state=state, notice_id=notice.notice_id)
        writes.append(write)
    entry = CustodyEntry(
        ts=now,
        actor=system_actor("DraftNotices"),
        action=CustodyAction.NOTICE_DRAFTED,
        object=f"notice/{notice.notice_id}",
        sha256=notice.text.digest,
        facts={"regime": notice.regime, "listings": str(len(members)), "gaps": str(len(notice.gaps))},
    )
    custody.append(notice.tenant, notice.case_id, entry, once=f"draft#{notice.notice_id}", writes=writes)

"""Putting drafts on the record: each notice with its listings and its custody event, together."""

from __future__ import annotations

import re

from draft_notices.draft import draft, group, notice_id
from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.case import Case
from takedown.custody import CustodyEntry
from takedown.errors import ConflictError, RetryableError
from takedown.listing import Listing
from takedown.notice import Notice
from takedown.regime import regime_for
from takedown.sealed_capture import SealedCapture
from takedown.states import LISTING_TRANSITIONS, CustodyAction, ListingState, NoticeState, VerdictKind, allow

_GONE = frozenset({VerdictKind.REMOVED})
"""A listing that was gone before we complained is not complained of."""


def draft_batch(
    tenant: str, case_id: str, batch: int, *, cases: CaseTable, custody: CustodyTable, sender: str, now: str
) -> list[str]:
    """Draft the notices of a batch; drafting it again finds the same ones, and makes new ones for rejected ones.

    A group of listings that cannot be drafted is recorded as such: its listings stay CAPTURED, the others go on.

    Returns
    -------
    list[str]
        The ids of the notices that wait for a person, in order. Empty where nothing was captured, or no regime fits
        the right.

    Raises
    ------
    RetryableError
        A passing fault; what is drafted already will be found.
    """
    case = cases.get(Case, tenant, case_id)
    regime = regime_for(case.right.kind)
    if regime is None:
        facts = {"step": "draft", "reason": f"no regime of ours fits a {case.right.kind} right"}
        entry = _failed(f"case/{case_id}", facts, now)
        custody.append(tenant, case_id, entry, once=f"no-regime#{batch}")
        return []
    listings = [item for item in cases.all(Listing, tenant, case_id) if item.batch == batch]
    # What is drafted already stays as it is: a retried step finds its own work, and so does drafting after a rejection.
    drafted = {str(item.notice_id) for item in listings if item.state is ListingState.NOTICE_DRAFTED}
    ready = [item for item in listings if item.state is ListingState.CAPTURED and item.observed_status not in _GONE]
    rejected = [item for item in cases.all(Notice, tenant, case_id) if item.state is NoticeState.REJECTED]
    for members in group(ready, regime.listings_per_notice):
        rejections = sum(not {item.listing_id for item in members}.isdisjoint(one.listing_ids) for one in rejected)
        identifier = notice_id(case_id, batch, members, rejections)
        try:
            captures = {item.capture_id: cases.get(SealedCapture, tenant, case_id, item.capture_id) for item in members}
            notice = draft(case, batch, members, captures, regime, sender=sender, now=now, rejections=rejections)
            _record(notice, members, cases=cases, custody=custody, now=now)
        except RetryableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one group, the others are noticed
            _record_failure(case, identifier, members, error, custody=custody, now=now)
        else:
            drafted.add(identifier)
    return sorted(drafted)


def _failed(about: str, facts: dict[str, str], now: str) -> CustodyEntry:
    return CustodyEntry(
        ts=now,
        actor=system_actor("DraftNotices"),
        action=CustodyAction.STEP_FAILED,
        object=about,
        sha256=None,
        facts=facts,
    )


def _record_failure(
    case: Case, identifier: str, members: list[Listing], error: Exception, *, custody: CustodyTable, now: str
) -> None:
    reason = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", f"{type(error).__name__}: {error}")[:400]
    facts = {
        "step": "draft",
        "reason": reason,
        "listings": str(len(members)),
        "first": members[0].listing_id,
        "last": members[-1].listing_id,
    }
    # The version is in the name: what fails again after something changed is said again.
    once = f"draft-failed#{identifier}#{members[0].version}"
    custody.append(case.tenant, case.case_id, _failed(f"notice/{identifier}", facts, now), once=once)


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
    try:
        custody.append(notice.tenant, notice.case_id, entry, once=f"draft#{notice.notice_id}", writes=writes)
    except ConflictError as error:
        # Another worker drafts the same batch, or a listing changed: with a fresh look at them it will work out.
        raise RetryableError(f"notice {notice.notice_id}: the listings changed while it was drafted") from error

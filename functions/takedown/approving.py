"""Deciding about a notice: approval or rejection by a person, and waking the state machine that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takedown import times
from takedown.actor import Actor
from takedown.custody import CustodyEntry
from takedown.errors import ApprovalError, ConflictError
from takedown.listing import Listing
from takedown.notice import ApprovalInput, Notice, Rejection, RejectionInput, approve
from takedown.regime import load_regimes
from takedown.states import LISTING_TRANSITIONS, NOTICE_TRANSITIONS, CustodyAction, ListingState, NoticeState, allow

if TYPE_CHECKING:
    from takedown.adapters.case_table import CaseTable
    from takedown.adapters.custody_table import CustodyTable


def wait_for_decision(tenant: str, case_id: str, notice_id: str, *, token: str, cases: CaseTable) -> Notice:
    """Remember who waits for the decision about a notice."""
    for _ in range(5):
        notice = cases.get(Notice, tenant, case_id, notice_id)
        new, write = cases.change(notice, task_token=token)
        try:
            cases.commit([write])
        except ConflictError:
            continue
        return new
    raise ConflictError(f"notice {notice_id} kept changing")


def decision_of(notice: Notice) -> dict[str, bool] | None:
    """Return what the waiting machine is told; None while nobody has decided."""
    if notice.state is NoticeState.DRAFTED:
        return None
    return {"approved": notice.state is not NoticeState.REJECTED}


def approve_notice(
    notice: Notice, given: ApprovalInput, approver: Actor, *, cases: CaseTable, custody: CustodyTable, now: str
) -> Notice:
    """Approve a notice's exact text. The same approval given twice is one approval.

    Raises
    ------
    ApprovalError, InputError
        See `takedown.notice.approve`.
    """
    old = notice.approval
    if old and old.digest == given.digest and old.approver.person == approver.person:
        return notice
    hours = load_regimes()[notice.regime].approval_valid_hours
    expires = times.later(now, seconds=hours * 3600)
    approval = approve(notice, given, approver, now=now, expires_at=expires)
    state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.READY)
    _, write = cases.change(notice, state=state, approval=approval)
    entry = CustodyEntry(
        ts=now,
        actor=approver,
        action=CustodyAction.NOTICE_APPROVED,
        object=f"notice/{notice.notice_id}",
        sha256=approval.digest,
        facts={"expires_at": expires, "confirmed": ",".join(approval.confirmed)},
    )
    custody.append(notice.tenant, notice.case_id, entry, once=f"approve#{notice.notice_id}", writes=[write])
    return cases.get(Notice, notice.tenant, notice.case_id, notice.notice_id)


def reject_notice(
    notice: Notice, given: RejectionInput, person: Actor, *, cases: CaseTable, custody: CustodyTable, now: str
) -> Notice:
    """Decide against sending a notice; its listings can be noticed anew.

    Raises
    ------
    ApprovalError
        It is already on its way.
    """
    if notice.state is NoticeState.REJECTED:
        return notice
    if notice.state not in {NoticeState.DRAFTED, NoticeState.READY}:
        raise ApprovalError(f"the notice is {notice.state}; it can no longer be rejected")
    rejection = Rejection(person=person, reason=given.reason, rejected_at=now)
    state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.REJECTED)
    _, write = cases.change(notice, state=state, rejection=rejection)
    writes = [write]
    for listing_id in notice.listing_ids:
        listing = cases.get(Listing, notice.tenant, notice.case_id, listing_id)
        back = allow(LISTING_TRANSITIONS, listing.state, ListingState.CAPTURED)
        writes.append(cases.change(listing, state=back, notice_id=None)[1])
    entry = CustodyEntry(
        ts=now,
        actor=person,
        action=CustodyAction.NOTICE_REJECTED,
        object=f"notice/{notice.notice_id}",
        sha256=notice.text.digest,
        facts={"reason": given.reason},
    )
    custody.append(notice.tenant, notice.case_id, entry, once=f"reject#{notice.notice_id}", writes=writes)
    return cases.get(Notice, notice.tenant, notice.case_id, notice.notice_id)

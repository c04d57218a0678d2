"""Deciding about a notice: approval or rejection by a person, and seeing to it that the decision is carried out.

The machine that drafted a notice waits for the decision. Where it does not wait any more (it timed out, it failed, the
mail service refused too often, the approval expired), a small machine of its own sends: no approved notice is ever
left lying because nobody waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from takedown import times
from takedown.actor import Actor
from takedown.custody import CustodyEntry
from takedown.errors import ApprovalError, ConflictError, RetryableError
from takedown.listing import Listing
from takedown.notice import (
    Approval,
    ApprovalInput,
    Notice,
    Rejection,
    RejectionInput,
    SendOrder,
    approve,
    check_approval,
)
from takedown.regime import load_regimes
from takedown.sending import releases
from takedown.states import LISTING_TRANSITIONS, NOTICE_TRANSITIONS, CustodyAction, ListingState, NoticeState, allow

if TYPE_CHECKING:
    from takedown.adapters.case_table import CaseTable
    from takedown.adapters.custody_table import CustodyTable
    from takedown.adapters.workflow import Workflow

PATIENCE_SECONDS = 900
"""A machine comes to wait, and a woken one begins to send, within seconds. After this long, none will."""


def wait_for_decision(
    tenant: str, case_id: str, notice_id: str, *, token: str, cases: CaseTable, workflow: Workflow
) -> Notice:
    """Remember who waits for the decision about a notice, and tell it at once where that was already made.

    One waits for each notice: who waited before is let go. A drafted notice is followed again when the drafts of its
    batch are made again.
    """
    for _ in range(5):
        notice = cases.get(Notice, tenant, case_id, notice_id)
        new, write = cases.change(notice, task_token=token)
        try:
            cases.commit([write])
        except ConflictError:
            continue
        break
    else:
        raise RetryableError(f"notice {notice_id} kept changing")
    if notice.task_token not in {None, token}:
        _answer(notice.task_token, {"approved": False}, workflow)
    if (decision := decision_of(new)) is not None:
        _answer(token, decision, workflow)
    return new


def decision_of(notice: Notice) -> dict[str, bool] | None:
    """Return what the waiting machine is told; None while nobody has decided."""
    if notice.state is NoticeState.DRAFTED:
        return None
    return {"approved": notice.state is not NoticeState.REJECTED}


def carry_out(notice: Notice, *, workflow: Workflow, machine_arn: str, now: str) -> None:
    """Have a decision carried out: wake the machine that waits, or start one that sends where none does.

    The same decision twice is carried out once: the execution is named after the order that it carries out, and
    sending is safe against two at once.
    """
    decision = decision_of(notice)
    if decision is None or notice.state not in {NoticeState.READY, NoticeState.REJECTED}:
        return
    if _answer(notice.task_token, decision, workflow) or notice.state is NoticeState.REJECTED:
        return
    on_its_way = now < times.later(notice.drafted_at, seconds=PATIENCE_SECONDS)
    if notice.task_token is None and notice.failure is None and on_its_way:
        return  # one will come to wait, and find the decision
    event = {"tenant": notice.tenant, "case_id": notice.case_id, "notice_id": notice.notice_id}
    workflow.start(machine_arn, f"{notice.notice_id}-s{len(notice.orders)}", event)


def _answer(token: str | None, decision: dict[str, bool], workflow: Workflow) -> bool:
    """Answer who waits; False where nobody does."""
    if token is None:
        return False
    try:
        workflow.answer(token, decision)
    except ConflictError:
        return False
    return True


def approve_notice(
    notice: Notice, given: ApprovalInput, approver: Actor, *, cases: CaseTable, custody: CustodyTable, now: str
) -> Notice:
    """Approve a notice's exact text. The same approval given twice is one approval, until it expires.

    Raises
    ------
    ApprovalError, InputError
        See `takedown.notice.approve`.
    ConflictError
        Somebody else approved it, or changed it, at the same time.
    """
    if _is_given(notice, given, approver, now=now):
        return notice
    hours = load_regimes()[notice.regime].approval_valid_hours
    expires = times.later(now, seconds=hours * 3600)
    approval = approve(notice, given, approver, now=now, expires_at=expires)
    # A notice whose approval expired before it left is READY already: the approval is replaced, the state stays.
    ready = notice.state is NoticeState.READY
    state = notice.state if ready else allow(NOTICE_TRANSITIONS, notice.state, NoticeState.READY)
    orders = [*notice.orders, SendOrder(by=approver, at=now)]
    _, write = cases.change(notice, state=state, approval=approval, orders=orders)
    entry = CustodyEntry(
        ts=now,
        actor=approver,
        action=CustodyAction.NOTICE_APPROVED,
        object=f"notice/{notice.notice_id}",
        sha256=approval.digest,
        facts={"expires_at": expires, "confirmed": ",".join(approval.confirmed)},
    )
    once = f"approve#{notice.notice_id}#{len(orders)}"
    event = custody.append(notice.tenant, notice.case_id, entry, once=once, writes=[write])
    if event.actor.person != approver.person or event.sha256 != approval.digest:
        raise ConflictError(f"{event.actor.person} approved the notice at the same time")
    return cases.get(Notice, notice.tenant, notice.case_id, notice.notice_id)


def _is_given(notice: Notice, given: ApprovalInput, approver: Actor, *, now: str) -> bool:
    """Whether this very approval stands on the notice. One that expired while the notice was READY does not count."""
    old: Approval | None = notice.approval
    if old is None or notice.state is NoticeState.REJECTED:
        return False
    same = old.digest == given.digest and old.approver.person == approver.person
    return same and (notice.state is not NoticeState.READY or old.expires_at > now)


def order_again(notice: Notice, person: Actor, *, cases: CaseTable, now: str) -> Notice:
    """Order a READY notice to be sent whose sending failed, or came to nothing.

    Raises
    ------
    ApprovalError
        It is not READY, or its approval does not hold any more: then it has to be approved again.
    ConflictError
        Its sending is under way, as far as anybody knows.
    """
    if notice.state is not NoticeState.READY:
        raise ApprovalError(f"the notice is {notice.state}; only an approved one that did not leave is sent again")
    check_approval(notice, now=now)
    last = notice.orders[-1].at if notice.orders else notice.drafted_at
    if notice.failure is None and now < times.later(last, seconds=PATIENCE_SECONDS):
        raise ConflictError("nothing failed: the notice is about to be sent")
    orders = [*notice.orders, SendOrder(by=person, at=now)]
    new, write = cases.change(notice, orders=orders, failure=None)
    cases.commit([write])
    return new


def reject_notice(
    notice: Notice, given: RejectionInput, person: Actor, *, cases: CaseTable, custody: CustodyTable, now: str
) -> Notice:
    """Decide against sending a notice. Its listings are free again: for new drafts, and for other notices.

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
    # It never left, so it holds nothing any more; it holds claims only where the mail service refused it.
    writes.extend(releases(notice, cases=cases))
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

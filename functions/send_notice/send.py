"""Sending a notice once: READY → SENDING → SENT | SEND_UNKNOWN.

SES accepts a message before we can record that it did, and it has no idempotency token. So the attempt is recorded
first, under a condition that one worker only can meet; and whoever finds an attempt of somebody else under way never
sends, but says that it is not known.
"""

from __future__ import annotations

import hashlib
from typing import Any

from send_notice.mail import compose
from takedown import canonical
from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable, Write
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore, StoredRef
from takedown.adapters.mailbox import Mailbox
from takedown.case import Case
from takedown.custody import CustodyEntry
from takedown.errors import NotAcceptedError, RetryableError, SendUnknownError
from takedown.listing import Listing
from takedown.notice import Notice, check_approval
from takedown.sending import record_send_unknown
from takedown.states import (
    LISTING_TRANSITIONS,
    NOTICE_TRANSITIONS,
    CustodyAction,
    ListingState,
    NoticeState,
    ObjectClass,
    allow,
)

ACTOR = system_actor("SendNotice")


def send_notice(
    tenant: str,
    case_id: str,
    notice_id: str,
    *,
    attempt_id: str,
    cases: CaseTable,
    custody: CustodyTable,
    store: EvidenceStore,
    mailbox: Mailbox,
    now: str,
) -> Notice:
    """Send a notice, or find that it was sent.

    Parameters
    ----------
    attempt_id
        Fresh for each call.

    Raises
    ------
    ApprovalError
        Its exact text is not approved by somebody else, or not any more.
    ConflictError
        Another worker took it, or one of its listings was already complained of under another notice.
    RetryableError
        The mail service definitely did not accept it; it is READY again.
    SendUnknownError
        It may have left; a person decides.
    """
    notice = cases.get(Notice, tenant, case_id, notice_id)
    if notice.state is NoticeState.SENT:
        return notice
    if notice.state in {NoticeState.SENDING, NoticeState.SEND_UNKNOWN}:
        record_send_unknown(notice, "an earlier attempt did not report back", cases=cases, custody=custody, now=now)
        raise SendUnknownError(f"notice {notice_id}: an earlier attempt may have sent it")
    check_approval(notice, now=now)
    message = compose(notice.text, notice_id=notice_id, attempt_id=attempt_id, now=now)
    key = f"{tenant}/{case_id}/notices/{notice_id}/{attempt_id}/sent.eml"
    stored = store.put(key, message, "message/rfc822", ObjectClass.EVIDENCE)
    sending = _claim(notice, attempt_id, stored, cases=cases, now=now)
    try:
        message_id = mailbox.send(
            message, sender=notice.text.sender, recipient=str(notice.text.recipient), tag=notice_id
        )
    except NotAcceptedError as error:
        ready = allow(NOTICE_TRANSITIONS, sending.state, NoticeState.READY)
        _, write = cases.change(sending, state=ready, attempt_id=None, sending_at=None, failure=str(error))
        cases.commit([write])
        raise RetryableError(str(error)) from error
    except SendUnknownError as error:
        record_send_unknown(sending, str(error), cases=cases, custody=custody, now=now)
        raise
    return _sent(sending, message_id, cases=cases, custody=custody, now=now)


def _claim(notice: Notice, attempt_id: str, stored: StoredRef, *, cases: CaseTable, now: str) -> Notice:
    """READY → SENDING, and every listing claimed for this notice, in one transaction: one worker can do that, once."""
    state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.SENDING)
    case = cases.get(Case, notice.tenant, notice.case_id)
    sending, write = cases.change(
        notice,
        state=state,
        attempt_id=attempt_id,
        sending_at=now,
        failure=None,
        message_key=stored.key,
        message_version=stored.version_id,
        message_sha256=stored.sha256,
    )
    writes: list[Write] = [write]
    right = canonical.sha256(canonical.dumps(case.right.model_dump(mode="json")))
    for listing_id in notice.listing_ids:
        listing = cases.get(Listing, notice.tenant, notice.case_id, listing_id)
        writes.append(cases.claim(notice.tenant, claim_key(listing, right), notice.notice_id))
    cases.commit(writes)
    return sending


def claim_key(listing: Listing, right: str, version: int = 1) -> str:
    """Return what no two notices may both claim: this listing, for this right, in this version."""
    named = listing.platform_listing_id or listing.canonical_url
    return hashlib.sha256(f"{listing.platform}#{named}#{right}#{version}".encode()).hexdigest()


def _sent(sending: Notice, message_id: str, *, cases: CaseTable, custody: CustodyTable, now: str) -> Notice:
    state = allow(NOTICE_TRANSITIONS, sending.state, NoticeState.SENT)
    _, write = cases.change(sending, state=state, sent_at=now, message_id=message_id)
    writes: list[Write] = [write]
    for listing_id in sending.listing_ids:
        listing = cases.get(Listing, sending.tenant, sending.case_id, listing_id)
        gone_on = allow(LISTING_TRANSITIONS, listing.state, ListingState.NOTICE_SENT)
        writes.append(cases.change(listing, state=gone_on, notice_sent_at=now)[1])
    entry = CustodyEntry(
        ts=now,
        actor=ACTOR,
        action=CustodyAction.NOTICE_SENT,
        object=f"notice/{sending.notice_id}",
        sha256=sending.message_sha256,
        facts={
            "message_id": message_id,
            "recipient": str(sending.text.recipient),
            "text": sending.text.digest,
            "approver": sending.approval.approver.person if sending.approval else "",
            "listings": str(len(sending.listing_ids)),
        },
    )
    custody.append(sending.tenant, sending.case_id, entry, once=f"sent#{sending.notice_id}", writes=writes)
    return cases.get(Notice, sending.tenant, sending.case_id, sending.notice_id)


def watches_of(notice: Notice, cases: CaseTable) -> list[dict[str, Any]]:
    """Return which watches have to start now that a notice left: the next one of each of its listings."""
    listings = [cases.get(Listing, notice.tenant, notice.case_id, item) for item in notice.listing_ids]
    return [{"listing_id": listing.listing_id, "watch": listing.watch + 1} for listing in listings]

"""Sending a notice once: READY → SENDING → SENT | SEND_UNKNOWN.

SES accepts a message before we can record that it did, and it has no idempotency token. So the attempt is recorded
first, under a condition that one worker only can meet; and whoever finds an attempt of somebody else under way never
sends: it waits until that one must be over, and then says what is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from send_notice.mail import compose
from takedown import times
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore, StoredRef
from takedown.adapters.mailbox import Mailbox
from takedown.errors import ConflictError, NotAcceptedError, RetryableError, SendUnknownError
from takedown.notice import Notice, check_approval
from takedown.sending import (
    ON_ITS_WAY,
    check_unclaimed,
    claims,
    note_accepted,
    record_refused,
    record_send_unknown,
    record_sent,
)
from takedown.states import NOTICE_TRANSITIONS, NoticeState, ObjectClass, allow

ATTEMPT_SECONDS = 60
"""No attempt lasts longer: the function is killed after 55 seconds. Until then another worker may still report."""


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
    on_accepted: Callable[[str], None] = lambda _: None,
) -> Notice:
    """Send a notice, or find that it was sent.

    Parameters
    ----------
    attempt_id
        Fresh for each call.
    on_accepted
        Told the id that the mail service gave, before anything else is done with it.

    Raises
    ------
    ApprovalError
        Its exact text is not approved by somebody else, or not any more.
    ConflictError
        One of its listings was already complained of under another notice.
    RetryableError
        The mail service definitely did not accept it and it is READY again; or another worker is at it; or it was
        accepted under an id that stands on the notice, and only the rest of the record is missing.
    SendUnknownError
        It may have left; a person decides.
    """
    notice = cases.get(Notice, tenant, case_id, notice_id)
    if notice.state is NoticeState.SENT:
        return notice
    if notice.state in ON_ITS_WAY:
        return _found_on_its_way(notice, cases=cases, custody=custody, now=now)
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
        record_refused(sending, str(error), cases=cases)
        raise RetryableError(str(error)) from error
    except SendUnknownError as error:
        record_send_unknown(sending, str(error), cases=cases, custody=custody, now=now)
        raise
    on_accepted(message_id)
    noted = note_accepted(sending, message_id, cases=cases)
    try:
        return record_sent(sending, message_id, cases=cases, custody=custody, now=now)
    except (ConflictError, RetryableError) as error:
        if noted:  # whoever tries again finds the id and only completes the record
            raise RetryableError(f"notice {notice_id} left as {message_id}; the record is not complete yet") from error
        raise SendUnknownError(f"notice {notice_id} left as {message_id}, which could not be recorded") from error


def _found_on_its_way(notice: Notice, *, cases: CaseTable, custody: CustodyTable, now: str) -> Notice:
    if notice.message_id is not None:
        return record_sent(notice, notice.message_id, cases=cases, custody=custody, now=now)
    if notice.state is NoticeState.SENDING and now < times.later(str(notice.sending_at), seconds=ATTEMPT_SECONDS):
        raise RetryableError(f"notice {notice.notice_id}: another worker is sending it")
    reason = "an earlier attempt did not report back"
    found = record_send_unknown(notice, reason, cases=cases, custody=custody, now=now)
    if found.state is NoticeState.SENT:
        return found
    raise SendUnknownError(f"notice {notice.notice_id}: an earlier attempt may have sent it")


def _claim(notice: Notice, attempt_id: str, stored: StoredRef, *, cases: CaseTable, now: str) -> Notice:
    """READY → SENDING, and every listing claimed for this notice, in one transaction: one worker can do that, once."""
    state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.SENDING)
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
    try:
        cases.commit([write, *claims(notice, cases=cases)])
    except ConflictError as error:
        check_unclaimed(notice, cases=cases)
        raise RetryableError(f"notice {notice.notice_id}: another worker took it up") from error
    return sending


def watches_of(notice: Notice) -> list[dict[str, Any]]:
    """Return which watches have to start because a notice left."""
    return [{"listing_id": listing_id, "watch": watch} for listing_id, watch in notice.watches.items()]

"""What is done when it is not known whether a notice left: it is said, and a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takedown.actor import system_actor
from takedown.custody import CustodyEntry
from takedown.notice import Notice
from takedown.states import NOTICE_TRANSITIONS, CustodyAction, NoticeState, allow

if TYPE_CHECKING:
    from takedown.adapters.case_table import CaseTable
    from takedown.adapters.custody_table import CustodyTable


def record_send_unknown(notice: Notice, reason: str, *, cases: CaseTable, custody: CustodyTable, now: str) -> None:
    """Put SENDING → SEND_UNKNOWN on the record. A notice that is already there stays as it is."""
    if notice.state is NoticeState.SEND_UNKNOWN:
        return
    state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.SEND_UNKNOWN)
    _, write = cases.change(notice, state=state, failure=reason)
    entry = CustodyEntry(
        ts=now,
        actor=system_actor("SendNotice"),
        action=CustodyAction.NOTICE_SEND_UNKNOWN,
        object=f"notice/{notice.notice_id}",
        sha256=notice.message_sha256,
        facts={"attempt": notice.attempt_id or "", "reason": reason[:500]},
    )
    once = f"send-unknown#{notice.notice_id}#{notice.attempt_id}"
    custody.append(notice.tenant, notice.case_id, entry, once=once, writes=[write])

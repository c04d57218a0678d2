"""A step that failed for good: it goes on the record, and everything else goes on."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from pydantic import Field

from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable, Write
from takedown.adapters.custody_table import CustodyTable
from takedown.custody import CustodyEntry
from takedown.errors import ConflictError, RetryableError
from takedown.listing import Listing
from takedown.model import Frozen, Id, Line
from takedown.notice import Notice
from takedown.sending import ON_ITS_WAY, TRIES, record_send_unknown, record_sent
from takedown.states import LISTING_TRANSITIONS, CustodyAction, ListingState, NoticeState, VerdictKind, allow
from takedown.times import later
from takedown.watch import WatchPolicy
from takedown.watching import next_context, superseded

ACTOR = system_actor("RecordFailure")


class StepError(Frozen):
    """What Step Functions says of a failed task."""

    Error: str
    Cause: str | None = None
    """Null where Step Functions has nothing to say beyond the name."""

    @property
    def sentence(self) -> str:
        """One printable line: the error's name and message, at most 400 characters."""
        try:
            message = json.loads(self.Cause or "")["errorMessage"]
        except (ValueError, KeyError, TypeError):
            message = self.Cause or "no cause was given"
        return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", f"{self.Error}: {message}")[:400]


class Failure(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    step: Literal["capture", "draft", "notice", "look"]
    error: StepError
    listing_id: Id | None = None
    capture_id: Id | None = None
    notice_id: Id | None = None
    batch: int = Field(0, ge=0)
    execution: Line | None = None
    """Which execution failed to draft: drafting again is an execution of its own."""
    watch: int = Field(0, ge=0)
    look: int = Field(0, ge=0)


def record(
    failure: Failure, *, cases: CaseTable, custody: CustodyTable, policy: WatchPolicy, now: str
) -> dict[str, Any]:
    """Record it; for a look, return what the watch carries on."""
    if failure.step == "notice":
        return _notice(failure, cases=cases, custody=custody, now=now)
    if failure.step == "draft":
        return _draft(failure, custody=custody, now=now)
    listing = cases.get(Listing, failure.tenant, failure.case_id, str(failure.listing_id))
    reason = failure.error.sentence
    writes: list[Write] = []
    fields: dict[str, Any] = {"failure": reason}
    action, once = CustodyAction.STEP_FAILED, f"look-failed#{listing.listing_id}#{failure.watch}#{failure.look}"
    if failure.step == "capture":
        action, once = CustodyAction.CAPTURE_FAILED, f"capture-failed#{failure.capture_id}"
        if listing.state is ListingState.REPORTED:
            fields["state"] = allow(LISTING_TRANSITIONS, listing.state, ListingState.CAPTURE_FAILED)
    else:
        fields["next_check_at"] = later(now, seconds=policy.interval_seconds)
    if not superseded(listing, failure.watch):
        writes.append(cases.change(listing, **fields)[1])
    entry = CustodyEntry(
        ts=now,
        actor=ACTOR,
        action=action,
        object=f"listing/{listing.listing_id}",
        sha256=None,
        facts={"step": failure.step, "reason": reason},
    )
    try:
        custody.append(failure.tenant, failure.case_id, entry, once=once, writes=writes)
    except ConflictError as error:
        raise RetryableError(f"listing {listing.listing_id} was changed meanwhile") from error
    if failure.step == "capture":
        return {"listing_id": listing.listing_id, "recorded": reason}
    listing = cases.get(Listing, failure.tenant, failure.case_id, listing.listing_id)
    context = next_context(
        listing, VerdictKind.ERROR, watch=failure.watch, look=failure.look, policy=policy, proof=None
    )
    return {**context, "decision": "CLOSE"} if superseded(listing, failure.watch) else context


def _draft(failure: Failure, *, custody: CustodyTable, now: str) -> dict[str, Any]:
    reason = failure.error.sentence
    entry = CustodyEntry(
        ts=now,
        actor=ACTOR,
        action=CustodyAction.STEP_FAILED,
        object=f"case/{failure.case_id}",
        sha256=None,
        facts={"step": "draft", "batch": str(failure.batch), "reason": reason},
    )
    once = f"draft-failed#{failure.batch}#{failure.execution}"
    custody.append(failure.tenant, failure.case_id, entry, once=once)
    return {"batch": failure.batch, "recorded": reason}


def _notice(failure: Failure, *, cases: CaseTable, custody: CustodyTable, now: str) -> dict[str, Any]:
    reason = failure.error.sentence
    for _ in range(TRIES):
        notice = cases.get(Notice, failure.tenant, failure.case_id, str(failure.notice_id))
        if notice.state in ON_ITS_WAY and notice.message_id is not None:
            # The worker died after the mail service had taken the message: nothing about it is unknown.
            notice = record_sent(notice, notice.message_id, cases=cases, custody=custody, now=now)
        elif notice.state is NoticeState.SENDING:
            notice = record_send_unknown(notice, reason, cases=cases, custody=custody, now=now)
        _, write = cases.change(notice, failure=reason)
        entry = CustodyEntry(
            ts=now,
            actor=ACTOR,
            action=CustodyAction.STEP_FAILED,
            object=f"notice/{notice.notice_id}",
            sha256=None,
            facts={"step": "notice", "reason": reason, "state": notice.state.value},
        )
        once = f"notice-failed#{notice.notice_id}#{len(notice.orders)}#{notice.attempt_id}"
        try:
            custody.append(failure.tenant, failure.case_id, entry, once=once, writes=[write])
        except ConflictError:
            continue
        return {"notice_id": notice.notice_id, "recorded": reason}
    raise RetryableError(f"notice {failure.notice_id} kept changing while its failure was recorded")

"""The closed vocabularies, and the tables of the state changes that are allowed. All in this one place."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from takedown.errors import TransitionError


class CaptureStatus(StrEnum):
    """How far a capture came."""

    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


class CaptureOutcome(StrEnum):
    """What happened on the visit; one code for each capture."""

    CAPTURED = "CAPTURED"
    NON_HTML = "NON_HTML"
    HTTP_ERROR = "HTTP_ERROR"
    TRUNCATED = "TRUNCATED"
    UNREACHABLE = "UNREACHABLE"
    REFUSED = "REFUSED"
    BUDGET = "BUDGET"
    CRASHED = "CRASHED"


class ObjectClass(StrEnum):
    """The class of every stored object, from the moment it is written; export is an allow-list of `EVIDENCE`."""

    EVIDENCE = "evidence"
    OPERATIONAL = "operational"
    WORK_PRODUCT = "work-product"
    PRIVILEGED = "privileged"


class Role(StrEnum):
    """What an actor may do."""

    PREPARER = "preparer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SYSTEM = "system"


class RightKind(StrEnum):
    """The kind of right that is relied on."""

    COPYRIGHT = "copyright"
    TRADEMARK = "trademark"
    DESIGN = "design"
    PATENT = "patent"


class TargetKind(StrEnum):
    """What a complaint hits, and so what a verdict is about."""

    LISTING = "listing"
    OFFER = "offer"
    CONTENT = "content"
    SHOP = "shop"


class VerdictKind(StrEnum):
    """What one look showed. REMOVED and LIVE need positive evidence; every other kind says why it could not tell."""

    LIVE = "LIVE"
    REMOVED = "REMOVED"
    UNAVAILABLE = "UNAVAILABLE"
    BLOCKED = "BLOCKED"
    LOGIN_WALL = "LOGIN_WALL"
    GEO_BLOCKED = "GEO_BLOCKED"
    REDIRECTED_ELSEWHERE = "REDIRECTED_ELSEWHERE"
    ERROR = "ERROR"


class ListingState(StrEnum):
    """Where a listing stands in its case."""

    REPORTED = "REPORTED"
    CAPTURED = "CAPTURED"
    CAPTURE_FAILED = "CAPTURE_FAILED"
    NOTICE_DRAFTED = "NOTICE_DRAFTED"
    NOTICE_SENT = "NOTICE_SENT"
    REMOVED_PENDING_CONFIRM = "REMOVED_PENDING_CONFIRM"
    REMOVED = "REMOVED"
    RELISTED = "RELISTED"


class NoticeState(StrEnum):
    """Where a notice stands: SENDING is entered once, and left only with proof of what happened."""

    DRAFTED = "DRAFTED"
    READY = "READY"
    REJECTED = "REJECTED"
    SENDING = "SENDING"
    SENT = "SENT"
    SEND_UNKNOWN = "SEND_UNKNOWN"


class BundleState(StrEnum):
    """Where an export stands."""

    REQUESTED = "REQUESTED"
    READY = "READY"
    FAILED = "FAILED"


class CustodyAction(StrEnum):
    """Everything that can happen to a case, as it stands on its custody record."""

    CASE_OPENED = "CASE_OPENED"
    LISTINGS_ADDED = "LISTINGS_ADDED"
    CAPTURE_SEALED = "CAPTURE_SEALED"
    CAPTURE_FAILED = "CAPTURE_FAILED"
    LISTING_OBSERVED = "LISTING_OBSERVED"
    LISTING_STATE_CHANGED = "LISTING_STATE_CHANGED"
    NOTICE_DRAFTED = "NOTICE_DRAFTED"
    NOTICE_APPROVED = "NOTICE_APPROVED"
    NOTICE_REJECTED = "NOTICE_REJECTED"
    NOTICE_SENT = "NOTICE_SENT"
    NOTICE_SEND_UNKNOWN = "NOTICE_SEND_UNKNOWN"
    WATCH_STARTED = "WATCH_STARTED"
    ESCALATION_DUE = "ESCALATION_DUE"
    RECHECK_REQUESTED = "RECHECK_REQUESTED"
    BUNDLE_REQUESTED = "BUNDLE_REQUESTED"
    BUNDLE_BUILT = "BUNDLE_BUILT"
    STEP_FAILED = "STEP_FAILED"
    RETRACTED = "RETRACTED"


_L = ListingState
LISTING_TRANSITIONS: dict[ListingState, frozenset[ListingState]] = {
    _L.REPORTED: frozenset({_L.CAPTURED, _L.CAPTURE_FAILED}),
    _L.CAPTURE_FAILED: frozenset({_L.CAPTURED}),  # a later capture may succeed
    _L.CAPTURED: frozenset({_L.NOTICE_DRAFTED}),
    _L.NOTICE_DRAFTED: frozenset({_L.NOTICE_SENT, _L.CAPTURED}),  # CAPTURED again: its notice was rejected
    _L.NOTICE_SENT: frozenset({_L.REMOVED_PENDING_CONFIRM}),
    _L.REMOVED_PENDING_CONFIRM: frozenset({_L.REMOVED, _L.NOTICE_SENT}),  # NOTICE_SENT again: it flapped
    _L.REMOVED: frozenset({_L.RELISTED}),
    _L.RELISTED: frozenset({_L.NOTICE_DRAFTED, _L.REMOVED_PENDING_CONFIRM}),
}
"""What each listing state may become. A state is never its own successor: repeating a step is not a change."""

_N = NoticeState
NOTICE_TRANSITIONS: dict[NoticeState, frozenset[NoticeState]] = {
    _N.DRAFTED: frozenset({_N.READY, _N.REJECTED}),
    _N.READY: frozenset({_N.SENDING, _N.REJECTED}),
    _N.SENDING: frozenset({_N.SENT, _N.SEND_UNKNOWN, _N.READY}),  # READY again: definitely not accepted
    _N.SEND_UNKNOWN: frozenset({_N.SENT, _N.READY}),  # delivery event found, or a person decides
    _N.SENT: frozenset(),
    _N.REJECTED: frozenset(),
}
"""What each notice state may become; SENT and REJECTED stay."""

S = TypeVar("S", bound=StrEnum)


def allow(table: dict[S, frozenset[S]], old: S, new: S) -> S:
    """Return `new` where the table lets `old` become it.

    Raises
    ------
    TransitionError
        The change is not in the table.
    """
    if new not in table[old]:
        allowed = ", ".join(sorted(table[old])) or "nothing: it is final"
        raise TransitionError(f"{old} cannot become {new}; it may become {allowed}")
    return new

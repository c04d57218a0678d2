"""What is put on record about a notice on its way: who may complain of a listing, and whether the notice left.

What is known is never given up again: SENT is written by whoever knows the id that the mail service gave, even over a
SEND_UNKNOWN that somebody wrote in the meantime.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING

from takedown.actor import system_actor
from takedown.case import Case, Right
from takedown.custody import CustodyEntry
from takedown.errors import ConflictError, RetryableError
from takedown.listing import Listing
from takedown.notice import Notice
from takedown.states import LISTING_TRANSITIONS, NOTICE_TRANSITIONS, CustodyAction, ListingState, NoticeState, allow

if TYPE_CHECKING:
    from takedown.adapters.case_table import CaseTable, Write
    from takedown.adapters.custody_table import CustodyTable

ACTOR = system_actor("SendNotice")
TRIES = 10
"""How often something is written again after somebody else changed the record."""
ON_ITS_WAY = frozenset({NoticeState.SENDING, NoticeState.SEND_UNKNOWN})


# --- claims: one listing, one right, one notice


def claim_key(listing: Listing, right: Right, version: int = 1) -> str:
    """Return what no two notices may both claim: this listing, for this right, in this version.

    A right is known by its registration, else by its title; a work described at greater length is the same work.
    """
    named = listing.platform_listing_id or listing.canonical_url
    known_as = ("registered", right.jurisdiction, right.registration) if right.registration else ("titled", right.title)
    parts = [listing.platform, named, right.kind, *(_normal(part) for part in known_as), str(version)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def claims(notice: Notice, *, cases: CaseTable) -> list[Write]:
    """Make the writes that claim every listing of a notice for it."""
    return [cases.claim(notice.tenant, key, notice.notice_id) for key in _keys(notice, cases).values()]


def releases(notice: Notice, *, cases: CaseTable) -> list[Write]:
    """Make the writes that give back what a notice claimed; none for what it does not hold."""
    keys = _keys(notice, cases).values()
    held = [key for key in keys if cases.claimed_by(notice.tenant, key) == notice.notice_id]
    return [cases.release_claim(notice.tenant, key, notice.notice_id) for key in held]


def check_unclaimed(notice: Notice, *, cases: CaseTable) -> None:
    """Check that no other notice complains of one of these listings.

    Raises
    ------
    ConflictError
        Naming the listing and the notice that holds it.
    """
    for listing_id, key in _keys(notice, cases).items():
        holder = cases.claimed_by(notice.tenant, key)
        if holder not in {None, notice.notice_id}:
            raise ConflictError(
                f"listing {listing_id} is already complained of, for the same right, under notice {holder}"
            )


def _keys(notice: Notice, cases: CaseTable) -> dict[str, str]:
    """Claim keys by listing id."""
    right = cases.get(Case, notice.tenant, notice.case_id).right
    listings = (cases.get(Listing, notice.tenant, notice.case_id, item) for item in notice.listing_ids)
    return {listing.listing_id: claim_key(listing, right) for listing in listings}


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# --- what became of an attempt


def note_accepted(sending: Notice, message_id: str, *, cases: CaseTable) -> bool:
    """Put the id that the mail service gave on the notice, before anything else: one small write.

    Returns
    -------
    bool
        False where it could not be written.
    """
    notice = sending
    for _ in range(TRIES):
        if notice.attempt_id != sending.attempt_id or notice.state not in ON_ITS_WAY:
            return notice.message_id == message_id
        try:
            cases.commit([cases.change(notice, message_id=message_id)[1]])
        except (ConflictError, RetryableError):
            notice = _again(notice, cases)
            continue
        return True
    return False


def record_sent(sending: Notice, message_id: str, *, cases: CaseTable, custody: CustodyTable, now: str) -> Notice:
    """Put SENDING | SEND_UNKNOWN → SENT on the record, for the attempt that the mail service accepted.

    Raises
    ------
    RetryableError
        The record was too busy.
    ConflictError
        The notice is not on its way under this attempt any more.
    """
    notice = _again(sending, cases)
    for _ in range(TRIES):
        if notice.state is NoticeState.SENT:
            return notice
        if notice.attempt_id != sending.attempt_id:
            raise ConflictError(f"notice {notice.notice_id} is {notice.state} under another attempt")
        writes = _sent(notice, message_id, cases, now)
        entry = CustodyEntry(
            ts=now,
            actor=ACTOR,
            action=CustodyAction.NOTICE_SENT,
            object=f"notice/{notice.notice_id}",
            sha256=notice.message_sha256,
            facts={
                "message_id": message_id,
                "recipient": str(notice.text.recipient),
                "text": notice.text.digest,
                "approver": notice.approval.approver.person if notice.approval else "",
                "ordered_by": notice.orders[-1].by.person if notice.orders else "",
                "listings": str(len(notice.listing_ids)),
            },
        )
        try:
            custody.append(notice.tenant, notice.case_id, entry, once=f"sent#{notice.notice_id}", writes=writes)
        except ConflictError:
            notice = _again(notice, cases)
            continue
        return _again(notice, cases)
    raise RetryableError(f"notice {notice.notice_id} kept changing while it was recorded as sent")


def _sent(notice: Notice, message_id: str, cases: CaseTable, now: str) -> list[Write]:
    state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.SENT)
    listings = [cases.get(Listing, notice.tenant, notice.case_id, item) for item in notice.listing_ids]
    watches = {listing.listing_id: listing.watch + 1 for listing in listings}
    new = {"state": state, "sent_at": now, "message_id": message_id, "watches": watches, "failure": None}
    writes = [cases.change(notice, **new)[1]]
    for listing in listings:
        # That the mail left is a fact; a listing that went another way does not keep it off the record.
        if listing.state is ListingState.NOTICE_DRAFTED:
            gone_on = allow(LISTING_TRANSITIONS, listing.state, ListingState.NOTICE_SENT)
            writes.append(cases.change(listing, state=gone_on, notice_sent_at=now)[1])
    return writes


def record_refused(sending: Notice, reason: str, *, cases: CaseTable) -> None:
    """Make a notice READY again that the mail service definitely did not accept."""
    notice = sending
    for _ in range(TRIES):
        if notice.attempt_id != sending.attempt_id or notice.state not in ON_ITS_WAY:
            return
        state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.READY)
        try:
            cases.commit([cases.change(notice, state=state, attempt_id=None, sending_at=None, failure=reason)[1]])
        except ConflictError:
            notice = _again(notice, cases)
            continue
        return
    raise RetryableError(f"notice {notice.notice_id} kept changing while it was recorded as refused")


def record_send_unknown(sending: Notice, reason: str, *, cases: CaseTable, custody: CustodyTable, now: str) -> Notice:
    """Put SENDING → SEND_UNKNOWN on the record; a notice in any other state stays as it is.

    Returns
    -------
    Notice
        As it is stored afterwards.
    """
    notice = sending
    for _ in range(TRIES):
        if notice.state is not NoticeState.SENDING or notice.message_id or notice.attempt_id != sending.attempt_id:
            return notice
        state = allow(NOTICE_TRANSITIONS, notice.state, NoticeState.SEND_UNKNOWN)
        _, write = cases.change(notice, state=state, failure=reason)
        entry = CustodyEntry(
            ts=now,
            actor=ACTOR,
            action=CustodyAction.NOTICE_SEND_UNKNOWN,
            object=f"notice/{notice.notice_id}",
            sha256=notice.message_sha256,
            facts={"attempt": notice.attempt_id or "", "reason": reason[:500]},
        )
        once = f"send-unknown#{notice.notice_id}#{notice.attempt_id}"
        try:
            custody.append(notice.tenant, notice.case_id, entry, once=once, writes=[write])
        except ConflictError:
            notice = _again(notice, cases)
            continue
        return _again(notice, cases)
    raise RetryableError(f"notice {notice.notice_id} kept changing while it was recorded")


def _again(notice: Notice, cases: CaseTable) -> Notice:
    return cases.get(Notice, notice.tenant, notice.case_id, notice.notice_id)

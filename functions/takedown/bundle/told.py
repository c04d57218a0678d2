"""What the custody record tells of looks and listings; the writer and the verifier read it the same way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from takedown.bundle.documents import ExportedListing, Observation
from takedown.errors import IntegrityError
from takedown.states import CustodyAction, ListingState

LOOKS = frozenset({CustodyAction.LISTING_OBSERVED, CustodyAction.LISTING_STATE_CHANGED})
"""Each of these events tells of one look."""

_S = ListingState
_BEFORE_A_NOTICE = frozenset({_S.REPORTED, _S.CAPTURED, _S.CAPTURE_FAILED, _S.NOTICE_DRAFTED})
_NOTICED_ANEW = frozenset({_S.NOTICE_DRAFTED, _S.CAPTURED})
"""What a relisted listing becomes while its next notice is drafted, or after that was rejected."""


class LookTold(NamedTuple):
    """One look, as far as the custody record and an observation both tell of it."""

    listing_id: str
    at: str
    how: str
    status: str
    body_sha256: str | None
    final_url: str
    capture_id: str | None

    @classmethod
    def of_event(cls, event: Mapping[str, Any]) -> LookTold:
        """Read it from an event of `LOOKS`. Where it has no ``at``, the look was recorded when it was taken."""
        facts = event["facts"]
        return cls(
            event["object"].partition("/")[2],
            facts.get("at", event["ts"]),
            facts.get("how", ""),
            facts.get("status", ""),
            event["sha256"],
            facts.get("final_url", ""),
            facts.get("capture"),
        )

    @classmethod
    def of_observation(cls, seen: Observation) -> LookTold:
        """Read it from a line of `observations.jsonl`."""
        return cls(
            seen.listing_id,
            seen.at,
            seen.how,
            str(seen.seen.status),
            seen.seen.body_sha256,
            (seen.seen.final_url or "")[:500],
            seen.capture_id,
        )


@dataclass(frozen=True)
class Change:
    """A listing became something."""

    seq: int
    to: str
    capture_id: str | None = None


def check_state(listing: ExportedListing, changes: Sequence[Change], *, drafted: Collection[int], whole: bool) -> None:
    """Compare a listing's state with what the record says it became.

    Parameters
    ----------
    changes
        State changes of this listing and notices sent about it, in order.
    drafted
        Places in the record where a notice was drafted.
    whole
        Whether every notice that was sent is known; one that is withheld may have been about this listing.

    Raises
    ------
    IntegrityError
        The record says something else.
    """
    if not changes or listing.notice_sent_at is None:  # a notice that leaves changes drafted listings only
        if listing.state in _BEFORE_A_NOTICE or (listing.state is _S.NOTICE_SENT and not whole):
            return
        raise IntegrityError(f"is {listing.state}, but the custody record does not say how it came to that")
    last = changes[-1]
    anew = last.to == _S.RELISTED and listing.state in _NOTICED_ANEW and max(drafted, default=-1) > last.seq
    if listing.state != last.to and not anew and (whole or listing.state is not _S.NOTICE_SENT):
        raise IntegrityError(f"is {listing.state}, but became {last.to} in event {last.seq} of the custody record")


def removal_captures(changes: Sequence[Change]) -> list[str | None]:
    """Return the captures that prove a removal, first look first, from what a listing's looks made of it."""
    proof: list[str | None] = []
    for change in changes:
        if change.to == _S.REMOVED_PENDING_CONFIRM:
            proof = [change.capture_id]
        elif change.to == _S.REMOVED and change.capture_id not in proof:
            proof = [*proof, change.capture_id]
        elif change.to == _S.NOTICE_SENT:  # it was still up after all
            proof = []
    return proof

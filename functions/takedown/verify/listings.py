"""The listings of the case, and the looks at them: whether every document says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from takedown.bundle.documents import ExportedCase, ExportedListing, ExportedNotice, Observation
from takedown.bundle.told import Change, LookTold, check_state, removal_captures
from takedown.errors import IntegrityError
from takedown.states import ListingState
from takedown.verify.captures import FOLDER, SealedHere
from takedown.verify.contents import Contents, parse
from takedown.verify.told import Told

OBSERVATIONS = "data/status/observations.jsonl"
BODY = "response-body.bin"

_MAY_LACK_A_CAPTURE = frozenset({ListingState.REPORTED, ListingState.CAPTURE_FAILED})


@dataclass(frozen=True)
class Documents:
    """What the listings and the looks are compared with."""

    case: ExportedCase | None
    captures: Mapping[str, SealedHere]
    notices: Mapping[str, ExportedNotice]
    told: Told | None
    withheld: Mapping[str, str]

    def is_withheld(self, capture_id: str) -> bool:
        """Whether a whole capture is declared as withheld."""
        return f"{FOLDER}/{capture_id}/seal.json" in self.withheld


def check_observations(contents: Contents, documents: Documents) -> None:
    """Compare the looks one to one with the custody record, and those by a capture with that capture."""
    findings = contents.findings
    seen: Counter[LookTold] = Counter()
    with findings.check("observations", OBSERVATIONS):
        case = documents.case
        listings = {listing.listing_id for listing in case.listings} if case else None
        for number, line in enumerate(contents.lines(OBSERVATIONS), 1):
            look = parse(f"line {number}", line, Observation)
            if case is not None and (look.tenant, look.case_id) != (case.tenant, case.case_id):
                raise IntegrityError(f"line {number} is of another case")
            if listings is not None and look.listing_id not in listings:
                raise IntegrityError(f"line {number} is of a listing that is not in the case")
            _as_captured(number, look, documents)
            seen[LookTold.of_observation(look)] += 1
    if documents.told is None:
        return
    with findings.check("custody-looks", OBSERVATIONS, f"{sum(seen.values())} looks"):
        if untold := sorted(seen - documents.told.looks, key=lambda look: look.at):
            raise IntegrityError(f"the look of {untold[0].at} is not on the custody record as it is told here")
        if missing := sorted(documents.told.looks - seen, key=lambda look: look.at):
            raise IntegrityError(f"the custody record tells of a look of {missing[0].at} that is not here")


def _as_captured(number: int, look: Observation, documents: Documents) -> None:
    if look.capture_id is None:
        if look.how == "capture":
            raise IntegrityError(f"line {number} is of a capture, but names none")
        return
    here = documents.captures.get(look.capture_id)
    if here is None:
        if not documents.is_withheld(look.capture_id):
            raise IntegrityError(f"line {number} names a capture that is not here")
        return
    record = here.record
    if record is None:
        return  # that failed elsewhere
    status = record.main_response.status if record.main_response else 0
    if (look.listing_id, look.at, look.seen.status) != (record.listing_id, record.ended_at, status):
        raise IntegrityError(f"line {number} is of another listing, time or status than its capture")
    body = next((artifact.sha256 for artifact in record.artifacts if artifact.path == BODY), None)
    if status and body is not None and look.seen.body_sha256 != body:
        raise IntegrityError(f"line {number} is of another body than its capture")


def check_listings(contents: Contents, documents: Documents) -> None:
    """Compare what `case.json` says of each listing with its captures, its notices and the custody record."""
    if documents.case is None or documents.told is None:
        return
    for listing in documents.case.listings:
        with contents.findings.check("listings", listing.listing_id):
            _captured(listing, documents)
            _noticed(listing, documents)
            _removed(listing, documents, documents.told)


def _captured(listing: ExportedListing, documents: Documents) -> None:
    told = documents.told
    planned = told is not None and listing.capture_id not in told.sealed
    if planned and listing.state in _MAY_LACK_A_CAPTURE:
        return
    for capture_id, purpose in [
        (listing.capture_id, "infringement"),
        *((item, "removal") for item in listing.removal_captures),
    ]:
        here = documents.captures.get(capture_id)
        if here is None:
            if not documents.is_withheld(capture_id):
                raise IntegrityError(f"capture {capture_id} is not here")
            continue
        record = here.record
        if record is None:
            continue  # that failed elsewhere
        if (record.listing_id, record.purpose) != (listing.listing_id, purpose):
            raise IntegrityError(f"capture {capture_id} is of another listing, or was not made for this")
        if record.requested_url not in {listing.url, listing.canonical_url}:
            raise IntegrityError(f"capture {capture_id} is of another address, {record.requested_url}")


def _noticed(listing: ExportedListing, documents: Documents) -> None:
    if listing.notice_sent_at is None:
        return
    sent = {item.sent_at for item in documents.notices.values() if listing.listing_id in item.listing_ids}
    if listing.notice_sent_at not in sent and _all_notices_here(documents):
        raise IntegrityError(f"no notice about it was sent at {listing.notice_sent_at}")


def _removed(listing: ExportedListing, documents: Documents, told: Told) -> None:
    looks = told.changes.get(listing.listing_id, [])
    sent = [
        Change(told.sent[key].seq, ListingState.NOTICE_SENT)
        for key, notice in documents.notices.items()
        if listing.listing_id in notice.listing_ids
    ]
    changes = sorted([*looks, *sent], key=lambda change: change.seq)
    check_state(listing, changes, drafted=told.drafted, whole=_all_notices_here(documents))
    if listing.removal_captures != removal_captures(looks):
        raise IntegrityError("its removal is shown by other captures than the custody record tells of")
    first = documents.captures.get(listing.removal_captures[0]) if listing.removal_captures else None
    if (listing.first_removed_at is None) != (not listing.removal_captures):
        raise IntegrityError("a removal without a capture that shows it, or without a date")
    if first and first.record and first.record.ended_at != listing.first_removed_at:
        shown = first.record.ended_at
        raise IntegrityError(f"first seen removed at {listing.first_removed_at}, but the capture of that says {shown}")


def _all_notices_here(documents: Documents) -> bool:
    return documents.told is not None and documents.told.sent.keys() <= documents.notices.keys()

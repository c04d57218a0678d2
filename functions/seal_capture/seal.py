"""Sealing one capture: what was stored is read back, compared, time-stamped and signed. No page is opened here."""

from __future__ import annotations

from collections.abc import Sequence

from takedown import canonical
from takedown.actor import Actor, system_actor
from takedown.adapters.case_table import CaseTable, Write
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore, ObjectVersion
from takedown.capture import RECORD_NAME, CaptureRecord, CaptureResult, Purpose, capture_prefix, seal_prefix
from takedown.custody import CustodyEntry
from takedown.errors import IntegrityError, NotFoundError
from takedown.listing import Listing
from takedown.model import Frozen, Id
from takedown.seal import ChainRef, StoredObject, StoredObjects
from takedown.sealed_capture import PinnedFile, SealedCapture
from takedown.sealing import Signer, TimeStampAuthority, read_record, seal_record
from takedown.states import (
    LISTING_TRANSITIONS,
    CaptureStatus,
    CustodyAction,
    ListingState,
    ObjectClass,
    allow,
)
from takedown.times import later

MEDIA_TYPES = {
    "json": "application/json",
    "sig": "application/octet-stream",
    "pem": "application/x-pem-file",
    "tsq": "application/timestamp-query",
    "tsr": "application/timestamp-reply",
}


class Ordered(Frozen):
    """What the state machine ordered: it comes from the case, not from the function that met the page."""

    tenant: Id
    case_id: Id
    listing_id: Id
    capture_id: Id
    url: str
    purpose: Purpose
    requested_by: Actor


class SealOrder(Frozen):
    """The event: what was ordered, and what `CapturePage` says it did."""

    order: Ordered
    result: CaptureResult


CLOCK_TOLERANCE = 5
"""Seconds by which the capture's clock may run ahead of ours."""

SEAL_WITHIN = 900
"""Seconds between the end of a capture and its seal. The seal follows at once, retries included; a record with an older
end was made up, or its clock was wrong: then it proves no time, and confirms no removal."""


def seal(
    given: SealOrder,
    *,
    seal_id: str,
    cases: CaseTable,
    custody: CustodyTable,
    store: EvidenceStore,
    signer: Signer,
    authorities: Sequence[TimeStampAuthority],
    now: str,
) -> SealedCapture:
    """Seal the try that `CapturePage` answered for, and put it on the record.

    Parameters
    ----------
    seal_id
        Fresh for each call: a retried seal writes beside the first one, and only one of them enters the record.

    Raises
    ------
    IntegrityError
        The capture is not the one that was ordered, the store does not hold what it says it wrote, its clock is off,
        or another try of it was sealed before.
    """
    order, result = given.order, given.result
    _check_order(order, result)
    existing = _existing(result, cases)
    if existing is not None:
        return existing
    stored = reread(result, store)
    record_at = next((item for item in stored.objects if item.path == RECORD_NAME), None)
    if record_at is None:
        raise IntegrityError(f"capture {result.capture_id}: no {RECORD_NAME} was stored by try {result.attempt}")
    if record_at.sha256 != result.record_sha256:
        raise IntegrityError(f"capture {result.capture_id}: {RECORD_NAME} is not the one that the capture reported")
    data = store.read(ObjectVersion(record_at.key, record_at.version_id, record_at.bytes))
    record = read_record(data)
    _check_identity(record, order, result)
    _check_clock(record, now)
    head = custody.head(result.tenant, result.case_id)
    chain = ChainRef(seq=head.seq, sha256=head.digest) if head else None
    files = seal_record(data, stored, authorities=authorities, signer=signer, sealed_at=now, custody=chain)
    prefix = f"{seal_prefix(result.tenant, result.case_id, result.capture_id)}{seal_id}/"
    pinned = [_pin(item) for item in stored.objects]
    for name, content in files.items():
        put = store.put(prefix + name, content, MEDIA_TYPES[name.rsplit(".", 1)[1]], ObjectClass.EVIDENCE)
        pinned.append(PinnedFile(name=name, key=put.key, version_id=put.version_id, bytes=put.bytes, sha256=put.sha256))
    sealed = SealedCapture(
        **{name: getattr(record, name) for name in _COPIED},
        sealed_at=now,
        time_stamps=sum(name.endswith(".tsr") for name in files),
        files=sorted(pinned, key=lambda item: item.name),
    )
    _record(sealed, record, canonical.sha256(files["seal.json"]), cases=cases, custody=custody, now=now)
    return cases.get(SealedCapture, result.tenant, result.case_id, result.capture_id)


_COPIED = (
    "tenant",
    "case_id",
    "listing_id",
    "capture_id",
    "attempt",
    "purpose",
    "status",
    "outcome",
    "detail",
    "flags",
    "ended_at",
)


def reread(result: CaptureResult, store: EvidenceStore) -> StoredObjects:
    """Read back and hash again every object of a capture, this try's and the others'."""
    prefix = capture_prefix(result.tenant, result.case_id, result.capture_id)
    ours: list[StoredObject] = []
    others: list[StoredObject] = []
    for version in store.versions(prefix):
        attempt, _, path = version.key.removeprefix(prefix).partition("/")
        data = store.read(version)
        item = StoredObject(
            path=path,
            key=version.key,
            version_id=version.version_id,
            bytes=len(data),
            sha256=canonical.sha256(data),
            sha512=canonical.sha512(data),
        )
        (ours if attempt == str(result.attempt) else others).append(item)
    return StoredObjects(capture_id=result.capture_id, attempt=result.attempt, objects=ours, other_attempts=others)


def _check_order(order: Ordered, result: CaptureResult) -> None:
    """Compare the order with the answer: nothing is sealed into a case that did not ask for it."""
    for name in ("tenant", "case_id", "listing_id", "capture_id"):
        if getattr(order, name) != getattr(result, name):
            raise IntegrityError(f"ordered {name} {getattr(order, name)}, but the capture answered for another one")


def _existing(result: CaptureResult, cases: CaseTable) -> SealedCapture | None:
    try:
        existing = cases.get(SealedCapture, result.tenant, result.case_id, result.capture_id)
    except NotFoundError:
        return None
    record = existing.file(RECORD_NAME)
    if existing.attempt != result.attempt or record is None or record.sha256 != result.record_sha256:
        raise IntegrityError(f"capture {result.capture_id}: try {existing.attempt} of it was sealed before")
    return existing


def _check_identity(record: CaptureRecord, order: Ordered, result: CaptureResult) -> None:
    for name in ("tenant", "case_id", "listing_id", "capture_id", "purpose", "requested_by"):
        if getattr(record, name) != getattr(order, name):
            raise IntegrityError(f"{RECORD_NAME} says {name} {getattr(record, name)}, not {getattr(order, name)}")
    if record.requested_url != order.url:
        raise IntegrityError(f"{RECORD_NAME} is about {record.requested_url}, not {order.url}")
    for name in ("attempt", "status", "outcome"):
        if getattr(record, name) != getattr(result, name):
            raise IntegrityError(f"{RECORD_NAME} says {name} {getattr(record, name)}, not {getattr(result, name)}")


def _check_clock(record: CaptureRecord, now: str) -> None:
    earliest, latest = later(now, seconds=-SEAL_WITHIN), later(now, seconds=CLOCK_TOLERANCE)
    if not record.started_at <= record.ended_at <= latest or record.ended_at < earliest:
        raise IntegrityError(
            f"{RECORD_NAME} says it was made from {record.started_at} to {record.ended_at}; it was sealed at {now}"
        )


def _pin(item: StoredObject) -> PinnedFile:
    return PinnedFile(name=item.path, key=item.key, version_id=item.version_id, bytes=item.bytes, sha256=item.sha256)


def _record(
    sealed: SealedCapture, record: CaptureRecord, seal_sha256: str, *, cases: CaseTable, custody: CustodyTable, now: str
) -> None:
    writes: list[Write] = [cases.create(sealed)]
    listing = cases.get(Listing, sealed.tenant, sealed.case_id, sealed.listing_id)
    if sealed.purpose == "infringement" and listing.state in {ListingState.REPORTED, ListingState.CAPTURE_FAILED}:
        failed = sealed.status is CaptureStatus.FAILED
        if not (failed and listing.state is ListingState.CAPTURE_FAILED):
            goal = ListingState.CAPTURE_FAILED if failed else ListingState.CAPTURED
            reason = f"{sealed.outcome}: {sealed.detail}" if failed else None
            _, write = cases.change(listing, state=allow(LISTING_TRANSITIONS, listing.state, goal), failure=reason)
            writes.append(write)
    entry = CustodyEntry(
        ts=now,
        actor=system_actor("SealCapture"),
        action=CustodyAction.CAPTURE_SEALED,
        object=f"capture/{sealed.capture_id}",
        sha256=seal_sha256,
        facts={
            "listing": sealed.listing_id,
            "purpose": sealed.purpose,
            "status": sealed.status.value,
            "outcome": sealed.outcome.value,
            "attempt": str(sealed.attempt),
            "requested_by": record.requested_by.person,
            "time_stamps": str(sealed.time_stamps),
        },
    )
    custody.append(sealed.tenant, sealed.case_id, entry, once=f"capture#{sealed.capture_id}", writes=writes)

"""Sealing one capture: what was stored is read back, compared, time-stamped and signed. No page is opened here."""

from __future__ import annotations

from collections.abc import Sequence

from takedown import canonical
from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable, Write
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore, ObjectVersion
from takedown.capture import RECORD_NAME, CaptureRecord, CaptureResult, capture_prefix, seal_prefix
from takedown.custody import CustodyEntry
from takedown.errors import IntegrityError, NotFoundError
from takedown.listing import Listing
from takedown.seal import StoredObject, StoredObjects
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

MEDIA_TYPES = {
    "json": "application/json",
    "sig": "application/octet-stream",
    "pem": "application/x-pem-file",
    "tsq": "application/timestamp-query",
    "tsr": "application/timestamp-reply",
}


def seal(
    result: CaptureResult,
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
        The store does not hold what the capture says it wrote.
    """
    try:
        return cases.get(SealedCapture, result.tenant, result.case_id, result.capture_id)
    except NotFoundError:
        pass  # the ordinary case: it has no seal yet
    stored = reread(result, store)
    record_at = next((item for item in stored.objects if item.path == RECORD_NAME), None)
    if record_at is None:
        raise IntegrityError(f"capture {result.capture_id}: no {RECORD_NAME} was stored by try {result.attempt}")
    if record_at.sha256 != result.record_sha256:
        raise IntegrityError(f"capture {result.capture_id}: {RECORD_NAME} is not the one that the capture reported")
    data = store.read(ObjectVersion(record_at.key, record_at.version_id, record_at.bytes))
    record = read_record(data)
    _check_identity(record, result)
    files = seal_record(data, stored, authorities=authorities, signer=signer, sealed_at=now)
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


def _check_identity(record: CaptureRecord, result: CaptureResult) -> None:
    for name in ("tenant", "case_id", "listing_id", "capture_id", "attempt", "status", "outcome"):
        if getattr(record, name) != getattr(result, name):
            raise IntegrityError(f"{RECORD_NAME} says {name} {getattr(record, name)}, not {getattr(result, name)}")


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

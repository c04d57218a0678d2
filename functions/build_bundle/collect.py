"""Collecting what may leave of a case, each stored file pinned to its version."""

from __future__ import annotations

from functools import partial

import takedown
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore, ObjectVersion
from takedown.bundle.dossier import CaptureFiles, CaseDossier, Export, SentNotice, SourceFile, Trust
from takedown.bundle_request import BundleRequest
from takedown.case import Case
from takedown.errors import IntegrityError
from takedown.listing import Listing
from takedown.look import Look
from takedown.notice import Notice
from takedown.sealed_capture import PinnedFile, SealedCapture
from takedown.states import NoticeState


def collect(
    request: BundleRequest, *, cases: CaseTable, custody: CustodyTable, store: EvidenceStore, key_fingerprint: str
) -> CaseDossier:
    """Read a case; stored files are read later, one by one, while the bundle is written."""
    tenant, case_id = request.tenant, request.case_id
    # First: the record defines what belongs to this bundle. What is sealed while we read waits for the next one.
    record = [event.to_bytes() for event in custody.events(tenant, case_id)]
    captures = sorted(cases.all(SealedCapture, tenant, case_id), key=lambda item: item.ended_at)
    return CaseDossier(
        case=cases.get(Case, tenant, case_id),
        listings=sorted(cases.all(Listing, tenant, case_id), key=lambda item: item.order),
        captures=[
            CaptureFiles(item.capture_id, [_source(store, pinned) for pinned in item.files]) for item in captures
        ],
        custody=record,
        notices=[
            SentNotice(notice, _message(store, notice))
            for notice in cases.all(Notice, tenant, case_id)
            if notice.state is NoticeState.SENT
        ],
        looks=sorted(cases.all(Look, tenant, case_id), key=lambda look: look.at),
        trust=Trust(key_fingerprint=key_fingerprint),
        export=Export(
            bundle_id=request.bundle_id,
            requested_by=request.requested_by,
            software=f"takedown {takedown.__version__}",
        ),
    )


def _source(store: EvidenceStore, pinned: PinnedFile) -> SourceFile:
    version = ObjectVersion(pinned.key, pinned.version_id, pinned.bytes)
    return SourceFile(pinned.name, pinned.bytes, pinned.sha256, partial(store.chunks, version))


def _message(store: EvidenceStore, notice: Notice) -> SourceFile:
    if not (notice.message_key and notice.message_version and notice.message_sha256):
        raise IntegrityError(f"notice {notice.notice_id} was sent, but its message is not on record")
    held = store.versions(notice.message_key)
    version = next((item for item in held if item.version_id == notice.message_version), None)
    if version is None:
        raise IntegrityError(f"notice {notice.notice_id}: its message is not in the store")
    return SourceFile("sent.eml", version.bytes, notice.message_sha256, partial(store.chunks, version))

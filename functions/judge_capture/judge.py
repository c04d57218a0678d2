"""Judging a sealed capture: the bytes are those that were sealed, read by version."""

from __future__ import annotations

from typing import Any

from takedown import canonical
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore, ObjectVersion
from takedown.capture import RECORD_NAME, CaptureRecord
from takedown.errors import IntegrityError
from takedown.judged import Judged, judged
from takedown.listing import Listing
from takedown.look import Look, look_id
from takedown.model import Frozen, Id
from takedown.observation import Observation
from takedown.sealed_capture import SealedCapture
from takedown.sealing import read_record
from takedown.states import CaptureOutcome, VerdictKind
from takedown.watch import WatchPolicy, proof_capture_id
from takedown.watching import next_context, record_look, superseded

BODY = "response-body.bin"
DOM = "page.html"

WHOLE = frozenset({CaptureOutcome.CAPTURED, CaptureOutcome.HTTP_ERROR})
"""Outcomes with a main response that came whole; nothing else may feed a removal."""


class JudgeOrder(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    listing_id: Id
    capture_id: Id
    watch: int
    look: int


def judge_capture(
    order: JudgeOrder, *, cases: CaseTable, custody: CustodyTable, store: EvidenceStore, policy: WatchPolicy, now: str
) -> dict[str, Any]:
    """Judge, record the look, and return what the watch carries on (or, in a case, what was seen).

    Raises
    ------
    IntegrityError
        The capture is not the one that this look ordered of this listing.
    """
    identifier = look_id(order.listing_id, order.watch, order.look, "capture")
    look = next(iter(cases.all(Look, order.tenant, order.case_id, identifier)), None)
    listing = cases.get(Listing, order.tenant, order.case_id, order.listing_id)
    if look is None:
        sealed = cases.get(SealedCapture, order.tenant, order.case_id, order.capture_id)
        _check_ordered(order, sealed, listing)
        look = _look(order, identifier, sealed, store, listing)
        listing = record_look(look, function="JudgeCapture", policy=policy, cases=cases, custody=custody, now=now)
    context = next_context(
        listing, look.opinion.verdict, watch=order.watch, look=order.look, policy=policy, proof=order.capture_id
    )
    return {**context, "decision": "CLOSE"} if superseded(listing, order.watch) else context


def _check_ordered(order: JudgeOrder, sealed: SealedCapture, listing: Listing) -> None:
    """One capture proves one look at one listing; none is used for another."""
    expected = proof_capture_id(order.listing_id, order.watch, order.look) if order.watch else listing.capture_id
    if sealed.listing_id != order.listing_id or sealed.capture_id != expected:
        raise IntegrityError(f"capture {sealed.capture_id} was not ordered for this look at {order.listing_id}")


def _look(order: JudgeOrder, identifier: str, sealed: SealedCapture, store: EvidenceStore, listing: Listing) -> Look:
    record = read_record(_read(sealed, RECORD_NAME, store) or b"")
    observation = _observation(record, sealed, store, listing)
    parts = judged(observation, None if record.main_response else record.detail)
    if parts["opinion"].verdict is VerdictKind.ERROR and observation.complete:
        parts = _from_dom(observation, parts, sealed, store)
    return Look(
        tenant=order.tenant,
        case_id=order.case_id,
        listing_id=order.listing_id,
        look_id=identifier,
        at=record.ended_at,
        how="capture",
        capture_id=order.capture_id,
        **parts,
    )


def _observation(record: CaptureRecord, sealed: SealedCapture, store: EvidenceStore, listing: Listing) -> Observation:
    body = _read(sealed, BODY, store)
    response = record.main_response
    return Observation(
        url=listing.canonical_url,
        final_url=record.final_url,
        status=response.status if response else 0,
        headers=tuple(response.headers) if response else (),
        body=body or b"",
        platform=listing.platform,
        complete=record.outcome in WHOLE and response is not None and body is not None,
    )


def _from_dom(observation: Observation, answered: Judged, sealed: SealedCapture, store: EvidenceStore) -> Judged:
    """Judge what the scripts made of a page whose response alone says nothing; never a removal by a script alone.

    A shell that a script fills can be LIVE or say what stands in its way. That it shows a gone-phrase is not enough
    for REMOVED, which has to stand in what the server answered.
    """
    dom = _read(sealed, DOM, store)
    if dom is None:
        return answered
    filled = judged(observation.model_copy(update={"body": dom.decode("utf-8", "replace")}), None)
    if filled["opinion"].verdict is VerdictKind.REMOVED:
        return answered
    return {**filled, "seen": answered["seen"]}


def _read(sealed: SealedCapture, name: str, store: EvidenceStore) -> bytes | None:
    pinned = sealed.file(name)
    if pinned is None:
        return None
    data = store.read(ObjectVersion(pinned.key, pinned.version_id, pinned.bytes))
    if canonical.sha256(data) != pinned.sha256:
        raise IntegrityError(f"capture {sealed.capture_id}: {name} is not the file that was sealed")
    return data

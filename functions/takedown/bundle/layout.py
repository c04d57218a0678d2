"""Lays out the payload of a bundle. An allow-list: what is not named here does not leave."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from pydantic import BaseModel

from takedown import canonical
from takedown.bundle.case_page import CapturePage, CasePage
from takedown.bundle.documents import (
    CustodyHead,
    Delivery,
    ExportedCase,
    ExportedListing,
    ExportedNotice,
    Observation,
    WithheldList,
    case_of,
)
from takedown.bundle.dossier import CaptureFiles, CaseDossier, SentNotice, Trust
from takedown.bundle.names import stamp_of
from takedown.bundle.readme import render
from takedown.bundle.told import LOOKS, Change, LookTold, check_state
from takedown.bundle.write import Member
from takedown.capture import RECORD_NAME
from takedown.custody import verify_chain
from takedown.errors import IntegrityError, RetryableError
from takedown.seal import Seal
from takedown.sealing import read_record
from takedown.states import CustodyAction, ListingState, NoticeState, ObjectClass
from takedown.times import from_text

_SEAL_FILE = re.compile(r"seal\.json(\.sig)?|stored\.json|signing-key\.pem|capture\.json\.[a-z0-9-]{1,60}\.ts[qr]")
"""What sealing leaves beside the capture's own files."""


@dataclass(frozen=True)
class Payload:
    """What `write_bundle` takes."""

    name: str
    members: Sequence[Member]
    info: dict[str, str]


def bundle_name(case_id: str, now: str) -> str:
    """Return the name of the top folder: ``<CASE>_<UTC>``."""
    return f"{case_id}_{stamp_of(from_text(now))}"


def assemble(dossier: CaseDossier, *, now: str) -> Payload:
    """Lay out the payload of a bundle.

    Reads each capture's record and seal, nothing else; every other file is read while the bundle is written.
    The custody record says what belongs to the case: what came after its last event stays for the next bundle.

    Raises
    ------
    IntegrityError
        A document is not what its record says, a file that `capture.json` lists is neither there nor withheld, or
        the custody record does not hold together (`ChainError`).
    RetryableError
        A listing moved on after the custody record was read: such a bundle would contradict itself.
    """
    name = bundle_name(dossier.case.case_id, now)
    withheld = {item.path for item in dossier.withheld}
    head = _head(dossier)
    events = [json.loads(line) for line in dossier.custody]
    sealed, left = _told(events, CustodyAction.CAPTURE_SEALED), _told(events, CustodyAction.NOTICE_SENT)
    sources = [
        item
        for item in dossier.captures
        if item.capture_id in sealed and f"data/captures/{item.capture_id}/seal.json" not in withheld
    ]
    captures = {item.capture_id: _read_capture(item, sealed[item.capture_id], withheld) for item in sources}
    sent = sorted((item for item in dossier.notices if _left(item, left)), key=lambda item: item.notice.notice_id)
    notices = [_exported_notice(item) for item in sent]
    _require(sealed, captures, "captures/{}/seal.json", withheld)
    _require(left, {notice.notice_id for notice in notices}, "notices/{}/sent.eml", withheld)
    exported = _exported_case(dossier, now)
    _require_told(exported, events, notices)
    observations = _told_looks(dossier, events)
    page = CasePage(exported, captures, notices, observations, events, head, dossier.trust, name, len(withheld))
    members = [
        Member.of("data/README.html", render(page)),
        Member.of("data/case.json", _canonical(exported)),
        *(member for item in sources for member in _capture(item, captures[item.capture_id], withheld)),
        Member.of("data/custody/custody.jsonl", b"".join(line + b"\n" for line in dossier.custody)),
        Member.of("data/custody/head.json", _canonical(head)),
        *(member for item, notice in zip(sent, notices, strict=True) for member in _notice(item, notice)),
        Member.of("data/status/observations.jsonl", b"".join(_canonical(item) + b"\n" for item in observations)),
        *_trust(dossier.trust),
        *(Member.of(f"data/verify/{file}", _template(file)) for file in ("VERIFY.md", "verify.sh")),
        Member.of("data/withheld.json", _canonical(WithheldList(withheld=list(dossier.withheld)))),
    ]
    kept = [member for member in members if member.path not in withheld]
    return Payload(name, sorted(kept, key=lambda member: member.path), _info(dossier, name))


def _told(events: Sequence[dict[str, Any]], action: CustodyAction) -> dict[str, str]:
    """Return what the custody record says was sealed or sent: id to digest."""
    return {event["object"].partition("/")[2]: event["sha256"] for event in events if event["action"] == action}


def _told_looks(dossier: CaseDossier, events: Sequence[dict[str, Any]]) -> list[Observation]:
    """Return the looks that the record tells of; one that was taken since it was read waits for the next bundle."""
    told = Counter(LookTold.of_event(event) for event in events if event["action"] in LOOKS)
    kept = []
    for look in dossier.looks:
        seen = Observation.of(look)
        if told[LookTold.of_observation(seen)] > 0:
            told[LookTold.of_observation(seen)] -= 1
            kept.append(seen)
    return kept


def _require_told(case: ExportedCase, events: Sequence[dict[str, Any]], notices: Sequence[ExportedNotice]) -> None:
    """Stop where a listing is not as the record, which was read before it, says that it became."""
    about = {item.notice_id: item.listing_ids for item in notices}
    changes: dict[str, list[Change]] = {}
    for event in events:
        key = event["object"].partition("/")[2]
        if event["action"] == CustodyAction.LISTING_STATE_CHANGED:
            changes.setdefault(key, []).append(Change(event["seq"], event["facts"]["to"]))
        elif event["action"] == CustodyAction.NOTICE_SENT:
            for listing_id in about.get(key, ()):
                changes.setdefault(listing_id, []).append(Change(event["seq"], ListingState.NOTICE_SENT))
    drafted = [event["seq"] for event in events if event["action"] == CustodyAction.NOTICE_DRAFTED]
    whole = _told(events, CustodyAction.NOTICE_SENT).keys() <= about.keys()
    for listing in case.listings:
        try:
            check_state(listing, changes.get(listing.listing_id, []), drafted=drafted, whole=whole)
        except IntegrityError as error:
            raise RetryableError(f"listing {listing.listing_id} {error}") from error


def _require(told: Iterable[str], here: Collection[str], path: str, withheld: Collection[str]) -> None:
    """Stop where the record tells of something that the dossier lacks: such a bundle would not verify."""
    for key in told:
        if key not in here and f"data/{path.format(key)}" not in withheld:
            raise IntegrityError(f"{path.format(key)}: the custody record tells of it, but it was not handed over")


def _read_capture(source: CaptureFiles, sealed: str, withheld: Collection[str]) -> CapturePage:
    files = {item.name: item for item in source.files if item.object_class is ObjectClass.EVIDENCE}
    try:
        record_bytes, seal_bytes = files[RECORD_NAME].load(), files["seal.json"].load()
        record = read_record(record_bytes)
        seal = Seal.model_validate(canonical.loads(seal_bytes))
    except KeyError as error:
        raise IntegrityError(f"capture {source.capture_id}: {error.args[0]} is missing") from error
    except ValueError as error:
        raise IntegrityError(f"capture {source.capture_id}: seal.json is not a seal: {error}") from error
    if record.capture_id != source.capture_id or canonical.sha256(record_bytes) != seal.record_sha256:
        raise IntegrityError(f"capture {source.capture_id}: its capture.json is not the one that was sealed")
    if canonical.sha256(seal_bytes) != sealed:
        raise IntegrityError(f"capture {source.capture_id}: its seal.json is not the one on the custody record")
    here = frozenset(name for name in files if f"data/captures/{source.capture_id}/{name}" not in withheld)
    return CapturePage(record, seal, sealed, here)


def _capture(source: CaptureFiles, capture: CapturePage, withheld: set[str]) -> Iterator[Member]:
    files = {item.name: item for item in source.files if item.object_class is ObjectClass.EVIDENCE}
    listed = {artifact.path for artifact in capture.record.artifacts}
    folder = f"data/captures/{source.capture_id}"
    for path in sorted(listed - files.keys()):
        if f"{folder}/{path}" not in withheld:
            raise IntegrityError(f"capture {source.capture_id}: {path} is neither there nor declared as withheld")
    for path, item in files.items():
        if path == RECORD_NAME or path in listed or _SEAL_FILE.fullmatch(path):
            yield Member(f"{folder}/{path}", item.size, item.read, item.sha256)


def _left(item: SentNotice, told: Collection[str]) -> bool:
    evidence = item.message.object_class is ObjectClass.EVIDENCE
    return item.notice.state is NoticeState.SENT and item.notice.notice_id in told and evidence


def _exported_notice(item: SentNotice) -> ExportedNotice:
    try:
        return ExportedNotice.of(item.notice)
    except ValueError as error:
        raise IntegrityError(f"notice {item.notice.notice_id} was sent, but its record is incomplete") from error


def _notice(item: SentNotice, notice: ExportedNotice) -> Iterator[Member]:
    folder = f"data/notices/{notice.notice_id}"
    yield Member.of(f"{folder}/notice.json", _canonical(notice))
    yield Member(f"{folder}/sent.eml", item.message.size, item.message.read, notice.message_sha256)
    delivery = Delivery(events=[dict(event) for event in item.delivery])
    yield Member.of(f"{folder}/delivery.json", _canonical(delivery))


def _exported_case(dossier: CaseDossier, now: str) -> ExportedCase:
    export = dossier.export
    return case_of(
        dossier.case,
        [ExportedListing.of(listing) for listing in dossier.listings],
        bundle_id=export.bundle_id,
        by=export.requested_by,
        at=now,
        software=export.software,
    )


def _head(dossier: CaseDossier) -> CustodyHead:
    events = verify_chain(dossier.custody)
    if not events:
        raise IntegrityError("the case has no custody record")
    case = dossier.case
    digest = canonical.sha256(dossier.custody[-1])
    return CustodyHead(tenant=case.tenant, case_id=case.case_id, events=events, sha256=digest)


def _trust(trust: Trust) -> Iterator[Member]:
    yield Member.of("data/trust/README.txt", _template("TRUST.txt"))
    key = {
        "schema": "takedown.signing-key/1",
        "fingerprint_sha256": trust.key_fingerprint,
        "published_at": trust.published_at,
    }
    yield Member.of("data/trust/signing-key.json", canonical.dumps(key))
    for name, pem in trust.tsa_roots.items():
        yield Member.of(f"data/trust/tsa-{name}.pem", pem)


def _info(dossier: CaseDossier, name: str) -> dict[str, str]:
    case, export = dossier.case, dossier.export
    labels = {
        "Source-Organization": export.organization,
        "Contact-Name": export.requested_by.person,
        "External-Identifier": name,
        "External-Description": f"Takedown case {case.case_id}: evidence of {len(dossier.listings)} listings",
        "Internal-Sender-Identifier": case.reference or "",
        "Bag-Software-Agent": export.software,
    }
    return {label: value for label, value in labels.items() if value}


def _canonical(document: BaseModel) -> bytes:
    return canonical.dumps(json.loads(document.model_dump_json()))


def _template(name: str) -> bytes:
    return (resources.files("takedown.bundle") / "templates" / name).read_bytes()

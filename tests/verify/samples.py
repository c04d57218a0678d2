"""A synthetic case: two listings, three sealed captures, a notice, looks and their custody record."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from send_notice.mail import compose
from takedown import canonical
from takedown.actor import Actor, system_actor
from takedown.bundle.dossier import CaptureFiles, CaseDossier, Export, SentNotice, SourceFile, Trust
from takedown.capture import Artifact, CaptureRecord, Exchange, Provenance, Step
from takedown.case import Agent, Case, Right, RightsHolder, Target
from takedown.custody import CustodyEntry, CustodyEvent, append
from takedown.listing import Listing
from takedown.look import Look, Opinion, Seen
from takedown.notice import Notice, NoticeText
from takedown.seal import ChainRef, StoredObject, StoredObjects
from takedown.sealing import Signer, TimeStampAuthority, seal_record
from takedown.states import (
    CaptureOutcome,
    CaptureStatus,
    CustodyAction,
    ListingState,
    NoticeState,
    RightKind,
    Role,
    VerdictKind,
)
from tests.verify.local_signer import LocalSigner

NOW = "2026-11-23T20:00:00.000Z"
OPENED = "2026-11-20T08:55:00.000Z"
TENANT = "default"
CASE = "0193a0b0c0d0700080000000000000c1"
LISTINGS = ("0193a0b0c0d0700080000000000000d1", "0193a0b0c0d0700080000000000000d2")
CAPTURES = ("0193a0b0c0d0700080000000000000e1", "0193a0b0c0d0700080000000000000e2", "0193a0b0c0d0700080000000000000e3")
NOTICE = "0193a0b0c0d0700080000000000000f1"
PERSON = Actor(person="Ada Preparer", role=Role.PREPARER, principal="arn:aws:iam::000000000000:role/preparer")
APPROVER = Actor(person="Bob Approver", role=Role.APPROVER, principal="arn:aws:iam::000000000000:role/approver")
HOSTILE = "台灣限定 \u202egpj.exe <script>alert(1)</script> \x1b]8;;http://x\x07 = مرحبا"
URLS = ("https://例子.example/item/1001?q=<b>&x=\u202e", "http://shop.example/item/1002")
HREFS = ("https://xn--fsqu00a.example/item/1001?q=%3Cb%3E&x=%E2%80%AE", "http://shop.example/item/1002")


def png(width: int, height: int, rgb: tuple[int, int, int]) -> bytes:
    """Make a picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(rgb) * width) * height
    header = struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def capture_files(number: int, listing: int, *, gone: bool, shot: bytes | None = None) -> dict[str, bytes]:
    """Make the files of one capture, `capture.json` among them."""
    body = f"<!doctype html><title>{number}</title><script>alert({number})</script>".encode()
    files = {
        "page.html": body,
        "response-body.bin": body,
        "response-headers.json": canonical.dumps([["content-type", "text/html"], ["set-cookie", "a=1"]]),
        "screenshot-viewport.png": shot or png(64, 40, (200, 60 * number, 90)),
        "screenshot-full.png": png(64, 160, (200, 60 * number, 90)),
        "text.txt": f"{HOSTILE} {number}\n".encode(),
        "console.jsonl": b"",
    }
    media = {"png": "image/png", "html": "text/html", "txt": "text/plain", "bin": "application/octet-stream"}
    at = f"2026-11-{(20, 20, 22)[number]}T09:00:0{number}.000Z"
    record = CaptureRecord(
        tenant=TENANT,
        case_id=CASE,
        listing_id=LISTINGS[listing],
        capture_id=CAPTURES[number],
        attempt=0,
        purpose="removal" if gone else "infringement",
        requested_by=PERSON,
        requested_url=URLS[listing],
        visited_url=HREFS[listing],
        final_url=HREFS[listing],
        started_at=at,
        ended_at=at.replace(":00:", ":01:"),
        status=CaptureStatus.COMPLETE,
        outcome=CaptureOutcome.HTTP_ERROR if gone else CaptureOutcome.CAPTURED,
        detail="",
        flags=[],
        main_response=Exchange(
            url=HREFS[listing],
            status=404 if gone else 200,
            status_text="Not Found" if gone else "OK",
            headers=[("content-type", "text/html")],
            body="stored",
        ),
        redirects=[],
        guard=[],
        steps=[Step(name="navigate", status="done", started_at=at, ended_at=at)],
        provenance=Provenance(
            software="takedown 0.1.0",
            image_digest=None,
            browser="Chromium/156",
            playwright="1.55",
            user_agent="Mozilla/5.0",
            viewport=(1280, 800),
            locale="en-US",
            time_zone="UTC",
            launch_arguments=[],
            allowed_hosts=[],
            clock_source="system",
        ),
        artifacts=[
            Artifact(
                path=name,
                media_type=media.get(name.rpartition(".")[2], "application/json"),
                bytes=len(data),
                sha256=canonical.sha256(data),
                sha512=canonical.sha512(data),
                role="original",
            )
            for name, data in sorted(files.items())
        ],
    )
    return {**files, "capture.json": canonical.dumps(record.model_dump(mode="json"))}


def seal(
    files: Mapping[str, bytes],
    *,
    signer: Signer,
    authorities: Sequence[TimeStampAuthority],
    custody: ChainRef | None = None,
) -> dict[str, bytes]:
    """Seal a capture; returns its files and those of the seal."""
    record = CaptureRecord.model_validate_json(files["capture.json"])
    objects = [
        StoredObject(
            path=name,
            key=f"{TENANT}/{CASE}/captures/{record.capture_id}/0/{name}",
            version_id=f"v-{name}",
            bytes=len(data),
            sha256=canonical.sha256(data),
            sha512=canonical.sha512(data),
        )
        for name, data in sorted(files.items())
    ]
    stored = StoredObjects(capture_id=record.capture_id, attempt=0, objects=objects, other_attempts=[])
    sealed = seal_record(
        files["capture.json"],
        stored,
        authorities=authorities,
        signer=signer,
        sealed_at="2026-11-23T19:00:00.000Z",
        custody=custody,
    )
    return {**files, **sealed}


def source(name: str, data: bytes) -> SourceFile:
    """Make a stored file of bytes."""
    return SourceFile(name, len(data), canonical.sha256(data), lambda: (data,))


@dataclasses.dataclass
class Chain:
    """A custody record under way."""

    lines: list[bytes] = dataclasses.field(default_factory=list)
    head: CustodyEvent | None = None

    def add(
        self,
        ts: str,
        action: CustodyAction,
        thing: str,
        digest: str | None,
        facts: dict[str, str],
        actor: Actor | None = None,
    ) -> None:
        """Append one event."""
        actor = actor or system_actor("test")
        entry = CustodyEntry(ts=ts, actor=actor, action=action, object=thing, sha256=digest, facts=facts)
        self.head = append(TENANT, CASE, self.head, entry)
        self.lines.append(self.head.to_bytes())

    def look(self, ts: str, look: Look, **facts: str) -> None:
        """Append the event of a look."""
        facts |= {"at": look.at, "how": look.how, "status": str(look.seen.status)}
        facts |= {"final_url": look.seen.final_url or ""}
        if look.capture_id:
            facts |= {"capture": look.capture_id}
        action = CustodyAction.LISTING_STATE_CHANGED if "to" in facts else CustodyAction.LISTING_OBSERVED
        self.add(ts, action, f"listing/{look.listing_id}", look.seen.body_sha256, facts)

    def seal(
        self, ts: str, files: Mapping[str, bytes], *, signer: Signer, authorities: Sequence[TimeStampAuthority]
    ) -> CaptureFiles:
        """Seal a capture and append the event of that."""
        assert self.head is not None
        at = ChainRef(seq=self.head.seq, sha256=self.head.digest)
        sealed = seal(files, signer=signer, authorities=authorities, custody=at)
        record = CaptureRecord.model_validate_json(files["capture.json"])
        digest = canonical.sha256(sealed["seal.json"])
        thing = f"capture/{record.capture_id}"
        facts = {"status": "COMPLETE", "listing": record.listing_id}
        self.add(ts, CustodyAction.CAPTURE_SEALED, thing, digest, facts)
        return CaptureFiles(record.capture_id, [source(name, data) for name, data in sealed.items()])


def _listing(number: int, **changes: Any) -> Listing:  # noqa: ANN401 - any field of a listing
    return Listing(
        tenant=TENANT,
        case_id=CASE,
        listing_id=LISTINGS[number],
        batch=0,
        added_by=PERSON,
        url=URLS[number],
        canonical_url=HREFS[number],
        platform="example",
        platform_listing_id=f"100{number + 1}",
        seller=f"{'原廠直營' if number == 0 else 'Best & Co'}",
        target=Target(),
        capture_id=CAPTURES[number],
        observed_status=VerdictKind.REMOVED,
        **changes,
    )


def _look(number: int, listing: int, status: int, quote: str, shown: Mapping[str, bytes] | None = None) -> Look:
    """Make a look, by a plain request or by the capture whose files are given."""
    record = CaptureRecord.model_validate_json(shown["capture.json"]) if shown else None
    return Look(
        tenant=TENANT,
        case_id=CASE,
        listing_id=LISTINGS[listing],
        look_id=f"{LISTINGS[listing]}#000001#{number:06}#{'capture' if shown else 'probe'}",
        at=record.ended_at if record else f"2026-11-22T08:59:0{number}.000Z",
        how="capture" if record else "probe",
        capture_id=record.capture_id if record else None,
        seen=Seen(
            url=HREFS[listing],
            final_url=HREFS[listing],
            status=status,
            bytes=1234,
            body_sha256=canonical.sha256(shown["response-body.bin"]) if shown else "0" * 64,
        ),
        quote=quote,
        opinion=Opinion(
            verdict=VerdictKind.REMOVED,
            reason="OPINION-REASON",
            rule="OPINION-RULE",
            quote="OPINION-QUOTE",
            ruleset="OPINION-SET",
        ),
    )


TEXT = NoticeText(
    sender="legal@holder.example",
    recipient="agent@shop.example",
    recipient_name="Designated Agent, Shop Example Inc.",
    subject="Notice of claimed infringement: 0193a0b0 / 2 listings",
    body=HOSTILE,
)


def _notice(message: bytes) -> Notice:
    return Notice(
        tenant=TENANT,
        case_id=CASE,
        notice_id=NOTICE,
        batch=0,
        regime="us-copyright-512c/1",
        platform="example",
        agent=Agent(host="shop.example", name="Agent", email="agent@shop.example", source="Directory, 2026-11-01"),
        listing_ids=list(LISTINGS),
        text=TEXT,
        gaps=[],
        warnings=["WARNING-TEXT"],
        checklist=["CHECKLIST-POINT"],
        preparer=PERSON,
        drafted_at="2026-11-20T10:00:00.000Z",
        state=NoticeState.SENT,
        task_token="TASK-TOKEN",  # noqa: S106 - must never leave; the tests look for it
        sent_at="2026-11-20T11:00:00.000Z",
        message_id="m-1",
        message_sha256=canonical.sha256(message),
    )


def dossier(
    *,
    signer: LocalSigner,
    authorities: Sequence[TimeStampAuthority],
    shots: Sequence[bytes | None] = (None, None, None),
) -> CaseDossier:
    """Make the whole case."""
    files = [
        capture_files(number, listing, gone=gone, shot=shots[number])
        for number, listing, gone in ((0, 0, False), (1, 1, False), (2, 0, True))
    ]
    sent_at = "2026-11-20T11:00:00.000Z"
    message = compose(TEXT, notice_id=NOTICE, attempt_id="1", now=sent_at)
    looks = [
        _look(0, 0, 200, ""),
        _look(1, 1, 200, HOSTILE),
        _look(2, 0, 404, "此商品已下架 This item was removed", files[2]),
    ]
    record = Chain()
    record.add(OPENED, CustodyAction.CASE_OPENED, f"case/{CASE}", None, {"listings": "2"}, PERSON)
    captures = [
        record.seal(f"2026-11-20T09:0{2 + number}:00.000Z", files[number], signer=signer, authorities=authorities)
        for number in (0, 1)
    ]
    approved = {"confirmed": "CHECKLIST-CODE", "expires_at": "2026-11-27T10:30:00.000Z"}
    notice = f"notice/{NOTICE}"
    record.add("2026-11-20T10:30:00.000Z", CustodyAction.NOTICE_APPROVED, notice, TEXT.digest, approved, APPROVER)
    told = {"message_id": "m-1", "text": TEXT.digest, "approver": APPROVER.person}
    record.add(sent_at, CustodyAction.NOTICE_SENT, notice, canonical.sha256(message), told)
    record.look("2026-11-22T08:59:01.000Z", looks[0])
    record.look("2026-11-22T08:59:01.500Z", looks[1])
    captures.append(record.seal("2026-11-22T09:02:00.000Z", files[2], signer=signer, authorities=authorities))
    record.look("2026-11-22T09:02:30.000Z", looks[2], **{"from": "NOTICE_SENT", "to": "REMOVED_PENDING_CONFIRM"})
    record.add("2026-11-23T19:59:00.000Z", CustodyAction.BUNDLE_REQUESTED, "bundle/0193b1", None, {}, PERSON)
    return CaseDossier(
        case=Case(
            tenant=TENANT,
            case_id=CASE,
            right=Right(
                kind=RightKind.COPYRIGHT,
                title="The Lantern Festival 元宵節, forty photographs",
                description="A series of forty photographs <taken> in 2024, first published by the holder.",
                work_url="https://holder.example/lantern",
                registration="VA 2-345-678",
            ),
            rights_holder=RightsHolder(name="Harbour & Reed Pictures Ltd", email="legal@holder.example"),
            agents=[],
            reference="HR-2026-0042",
            preparer=PERSON,
            opened_at=OPENED,
            batches=1,
            request_sha256="0" * 64,
        ),
        listings=[
            _listing(
                0,
                state=ListingState.REMOVED_PENDING_CONFIRM,
                first_removed_at=looks[2].at,
                removal_captures=[CAPTURES[2]],
                notice_id=NOTICE,
                notice_sent_at="2026-11-20T11:00:00.000Z",
            ),
            _listing(1, state=ListingState.NOTICE_SENT, notice_id=NOTICE, notice_sent_at="2026-11-20T11:00:00.000Z"),
        ],
        captures=captures,
        custody=record.lines,
        notices=[SentNotice(_notice(message), source("sent.eml", message), [{"event": "delivery", "at": NOW}])],
        looks=looks,
        trust=Trust(signer.ref.fingerprint, {}, "https://holder.example/keys"),
        export=Export("0193b1", PERSON, "takedown 0.1.0", "Harbour & Reed Pictures Ltd"),
    )

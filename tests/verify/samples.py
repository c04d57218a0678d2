"""A synthetic case: two listings, three sealed captures, a notice, looks and their custody record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from send_notice.mail import compose
from takedown import canonical
from takedown.actor import Actor, system_actor
from takedown.bundle.dossier import CaptureFiles, CaseDossier, Export, SentNotice, Trust
from takedown.capture import CaptureRecord
from takedown.case import Agent, Case, Right, RightsHolder, Target
from takedown.custody import CustodyEntry, CustodyEvent, append
from takedown.listing import Listing
from takedown.look import Look, Opinion, Seen
from takedown.notice import Notice, NoticeText
from takedown.seal import ChainRef
from takedown.sealing import Signer, TimeStampAuthority
from takedown.states import (
    CustodyAction,
    ListingState,
    NoticeState,
    RightKind,
    VerdictKind,
)
from tests.verify.local_signer import LocalSigner
from tests.verify.sample_captures import (
    APPROVER,
    CAPTURES,
    CASE,
    HOSTILE,
    HREFS,
    LISTINGS,
    NOTICE,
    NOW,
    OPENED,
    PERSON,
    TENANT,
    URLS,
    capture_files,
    png,
    seal,
    source,
)

__all__ = [
    "APPROVER",
    "CAPTURES",
    "CASE",
    "HOSTILE",
    "HREFS",
    "LISTINGS",
    "NOTICE",
    "NOW",
    "OPENED",
    "PERSON",
    "TENANT",
    "TEXT",
    "URLS",
    "Chain",
    "capture_files",
    "dossier",
    "png",
    "seal",
    "source",
]


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
    requested_by: tuple[Actor, Actor] = (PERSON, PERSON),
) -> CaseDossier:
    """Make the whole case."""
    files = [
        capture_files(number, listing, gone=gone, shot=shots[number], by=requested_by[listing])
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

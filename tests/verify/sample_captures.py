"""Synthetic captures, and the names that the synthetic case uses throughout."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

from takedown import canonical
from takedown.actor import Actor
from takedown.bundle.dossier import SourceFile
from takedown.capture import Artifact, CaptureRecord, Exchange, Provenance, Step
from takedown.seal import ChainRef, StoredObject, StoredObjects
from takedown.sealing import Signer, TimeStampAuthority, seal_record
from takedown.states import CaptureOutcome, CaptureStatus, Role

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


def capture_files(
    number: int, listing: int, *, gone: bool, shot: bytes | None = None, by: Actor = PERSON
) -> dict[str, bytes]:
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
        requested_by=by,
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

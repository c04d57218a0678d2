"""Sealing: only what the capture says it wrote, re-read from the store, and every gap on the record."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from seal_capture.seal import Ordered, SealOrder, seal
from takedown import canonical
from takedown.capture import CaptureResult
from takedown.custody import CustodyEntry
from takedown.errors import IntegrityError, TimeStampError
from takedown.listing import Listing
from takedown.seal import SEAL_LIMIT
from takedown.sealed_capture import SealedCapture
from takedown.sealing import Token
from takedown.states import CustodyAction, ListingState, ObjectClass
from tests.contract.conftest import Aws
from tests.support.values import AMIR, NOW, PAULA, listing

PREFIX = "default/c/captures/cap1/"


class Authority:
    """A time-stamp authority that answers, or does not."""

    def __init__(self, name: str, *, down: bool = False) -> None:
        self.name, self._down = name, down

    def stamp(self, data: bytes) -> Token:
        if self._down:
            raise TimeStampError(f"{self.name}: no answer")
        return Token(tsq=b"query " + data[:4], tsr=b"response " + data[:4], gen_time=NOW)


def record(artifacts: dict[str, bytes], **more: Any) -> bytes:  # noqa: ANN401 - any field
    value = {
        "schema": "takedown.capture/1",
        "tenant": "default",
        "case_id": "c",
        "listing_id": "l1",
        "capture_id": "cap1",
        "attempt": 0,
        "purpose": "infringement",
        "requested_by": PAULA.model_dump(mode="json"),
        "requested_url": "https://shop.example.com/item/1",
        "visited_url": "https://shop.example.com/item/1",
        "final_url": "https://shop.example.com/item/1",
        "started_at": NOW,
        "ended_at": NOW,
        "status": "COMPLETE",
        "outcome": "CAPTURED",
        "detail": "",
        "flags": [],
        "main_response": None,
        "redirects": [],
        "guard": [],
        "steps": [],
        "provenance": {
            "software": "takedown",
            "image_digest": None,
            "browser": "b",
            "playwright": "p",
            "user_agent": "u",
            "viewport": [1, 1],
            "locale": "en",
            "time_zone": "UTC",
            "launch_arguments": [],
            "allowed_hosts": [],
            "clock_source": "system",
        },
        "artifacts": [
            {
                "path": path,
                "media_type": "text/plain",
                "bytes": len(data),
                "sha256": canonical.sha256(data),
                "sha512": canonical.sha512(data),
                "role": "original",
            }
            for path, data in artifacts.items()
        ],
        **more,
    }
    return canonical.dumps(value)


def capture(
    aws: Aws,
    artifacts: dict[str, bytes],
    stored: dict[str, bytes] | None = None,
    **more: Any,  # noqa: ANN401 - any field
) -> CaptureResult:
    data = record(artifacts, **more)
    for path, content in {**(artifacts if stored is None else stored), "capture.json": data}.items():
        aws.store.put(f"{PREFIX}0/{path}", content, "text/plain", ObjectClass.EVIDENCE)
    aws.cases.commit([aws.cases.create(listing("l1", capture_id="cap1"))])
    return CaptureResult(
        tenant="default",
        case_id="c",
        listing_id="l1",
        capture_id="cap1",
        attempt=0,
        status=more.get("status", "COMPLETE"),
        outcome=more.get("outcome", "CAPTURED"),
        detail="",
        flags=[],
        record_sha256=canonical.sha256(data),
    )


ORDER = Ordered(
    tenant="default",
    case_id="c",
    listing_id="l1",
    capture_id="cap1",
    url="https://shop.example.com/item/1",
    purpose="infringement",
    requested_by=PAULA,
)


def sealed(
    aws: Aws, result: CaptureResult, *authorities: Authority, seal_id: str = "s1", order: Ordered | None = None
) -> SealedCapture:
    return seal(
        SealOrder(order=order or ORDER, result=result),
        seal_id=seal_id,
        cases=aws.cases,
        custody=aws.custody,
        store=aws.store,
        signer=aws.signer,
        authorities=authorities,
        now=NOW,
    )


def test_a_sealed_capture_moves_its_listing_and_stands_on_the_record(aws: Aws) -> None:
    done = sealed(aws, capture(aws, {"page.html": b"<p>"}), Authority("one"), Authority("two"))
    assert done.time_stamps == 2
    assert aws.cases.get(Listing, "default", "c", "l1").state is ListingState.CAPTURED
    (event,) = aws.custody.events("default", "c")
    seal_file = done.file("seal.json")
    assert seal_file
    assert (event.action, event.sha256) == (CustodyAction.CAPTURE_SEALED, seal_file.sha256)
    assert event.facts["requested_by"] == "paula"


def test_a_seal_signs_the_head_of_the_custody_record_it_found(aws: Aws) -> None:
    result = capture(aws, {"page.html": b"<p>"})
    entry = CustodyEntry(ts=NOW, actor=PAULA, action=CustodyAction.CASE_OPENED, object="case/c", sha256=None, facts={})
    opened = aws.custody.append("default", "c", entry, once="opened")
    sealed(aws, result)
    (version,) = [item for item in aws.store.versions("default/c/seals/cap1/") if item.key.endswith("/seal.json")]
    assert canonical.loads(aws.store.read(version))["custody"] == {"seq": 0, "sha256": opened.digest}


def test_an_authority_that_is_down_leaves_a_recorded_gap(aws: Aws) -> None:
    done = sealed(aws, capture(aws, {"page.html": b"<p>"}), Authority("one"), Authority("two", down=True))
    assert done.time_stamps == 1
    (version,) = [item for item in aws.store.versions("default/c/seals/cap1/") if item.key.endswith("/seal.json")]
    tokens = {token["authority"]: token for token in canonical.loads(aws.store.read(version))["tokens"]}
    assert tokens["two"]["gap"] == "two: no answer"
    assert tokens["two"]["sha256"] is None


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({}, "page.html: listed in capture.json but not in the store"),
        ({"page.html": b"<p>", "extra.html": b""}, "extra.html: in the store but not listed"),
        ({"page.html": b"<q>"}, "page.html: 3 bytes with SHA-256"),
    ],
)
def test_what_differs_from_the_record_is_not_sealed(aws: Aws, stored: dict[str, bytes], message: str) -> None:
    result = capture(aws, {"page.html": b"<p>"}, stored)
    with pytest.raises(IntegrityError, match=message):
        sealed(aws, result)
    assert not list(aws.custody.events("default", "c"))


@pytest.mark.parametrize("name", ["seal.json", "signing-key.pem", "aux.png", "page."])
def test_a_file_that_could_never_leave_in_a_bundle_is_not_sealed(aws: Aws, name: str) -> None:
    result = capture(aws, {name: b"x"})
    with pytest.raises(IntegrityError, match=name):
        sealed(aws, result)


def test_a_record_replaced_after_the_capture_is_not_sealed(aws: Aws) -> None:
    result = capture(aws, {"page.html": b"<p>"}).model_copy(update={"record_sha256": "0" * 64})
    with pytest.raises(IntegrityError, match="not the one that the capture reported"):
        sealed(aws, result)


def test_a_second_version_of_an_object_is_not_sealed(aws: Aws) -> None:
    result = capture(aws, {"page.html": b"<p>"})
    boto3.client("s3").put_object(Bucket="evidence", Key=f"{PREFIX}0/page.html", Body=b"<p>")
    with pytest.raises(IntegrityError, match="more than one version"):
        sealed(aws, result)


def test_a_record_of_another_listing_is_not_sealed(aws: Aws) -> None:
    result = capture(aws, {"page.html": b"<p>"}, listing_id="l2")
    with pytest.raises(IntegrityError, match="says listing_id l2, not l1"):
        sealed(aws, result)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("url", "https://shop.example.com/item/2", "is about https://shop.example.com/item/1, not"),
        ("purpose", "removal", "says purpose infringement, not removal"),
        ("requested_by", AMIR, "says requested_by"),
        ("listing_id", "l2", "ordered listing_id l2"),
        ("case_id", "c2", "ordered case_id c2"),
        ("tenant", "other", "ordered tenant other"),
    ],
)
def test_what_was_not_ordered_is_not_sealed(aws: Aws, field: str, value: object, message: str) -> None:
    result = capture(aws, {"page.html": b"<p>"})
    with pytest.raises(IntegrityError, match=message):
        sealed(aws, result, order=ORDER.model_copy(update={field: value}))
    assert not list(aws.custody.events("default", "c"))


@pytest.mark.parametrize(
    ("started", "ended"),
    [
        ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:09.000Z"),  # long ago
        ("2026-11-23T21:00:00.000Z", "2026-11-23T21:00:09.000Z"),  # in the future
        ("2026-11-23T20:00:00.000Z", "2026-11-23T19:59:50.000Z"),  # ended before it began
    ],
)
def test_a_capture_whose_clock_is_off_is_not_sealed(aws: Aws, started: str, ended: str) -> None:
    result = capture(aws, {"page.html": b"<p>"}, started_at=started, ended_at=ended)
    with pytest.raises(IntegrityError, match="it was sealed at 2026-11-23T20:00"):
        sealed(aws, result)


def test_another_try_of_a_sealed_capture_is_not_taken_for_it(aws: Aws) -> None:
    result = capture(aws, {"page.html": b"<p>"})
    sealed(aws, result)
    with pytest.raises(IntegrityError, match="try 0 of it was sealed before"):
        sealed(aws, result.model_copy(update={"attempt": 1}))
    with pytest.raises(IntegrityError, match="try 0 of it was sealed before"):
        sealed(aws, result.model_copy(update={"record_sha256": "0" * 64}))


def test_sealing_twice_is_sealing_once(aws: Aws) -> None:
    result = capture(aws, {"page.html": b"<p>"})
    assert sealed(aws, result, Authority("one")) == sealed(aws, result, Authority("one"), seal_id="s2")
    assert len(list(aws.custody.events("default", "c"))) == 1


def test_what_another_try_left_is_recorded_and_not_sealed_as_ours(aws: Aws) -> None:
    aws.store.put(f"{PREFIX}1/page.html", b"half", "text/plain", ObjectClass.EVIDENCE)
    done = sealed(aws, capture(aws, {"page.html": b"<p>"}))
    pinned = done.file("stored.json")
    assert pinned
    (version,) = [item for item in aws.store.versions("default/c/seals/cap1/") if item.key == pinned.key]
    stored = canonical.loads(aws.store.read(version))
    assert [item["path"] for item in stored["other_attempts"]] == ["page.html"]
    assert {item.name for item in done.files} >= {"page.html", "capture.json", "seal.json"}
    assert len([item for item in done.files if item.name == "page.html"]) == 1


def test_a_failed_capture_is_sealed_as_failed(aws: Aws) -> None:
    sealed(aws, capture(aws, {}, status="FAILED", outcome="UNREACHABLE", detail="tcp"))
    failed = aws.cases.get(Listing, "default", "c", "l1")
    assert (failed.state, failed.failure) == (ListingState.CAPTURE_FAILED, "UNREACHABLE: tcp")


def test_a_capture_of_two_hundred_files_seals_within_what_kms_signs(aws: Aws) -> None:
    done = sealed(aws, capture(aws, {f"image-{number}.bin": b"x" for number in range(200)}), Authority("one"))
    seal_file = done.file("seal.json")
    assert seal_file
    assert seal_file.bytes <= SEAL_LIMIT

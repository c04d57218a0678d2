"""An insider with the key signs statements that contradict each other: each is compared with the others, and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from send_notice.mail import compose
from takedown import canonical
from takedown.capture import CaptureRecord
from takedown.errors import IntegrityError
from takedown.seal import Seal
from takedown.verify import Status
from takedown.verify.captures import stamped_late
from takedown.verify.notices import check_message
from tests.verify import samples
from tests.verify.forging import Bench, failure

CUSTODY = "data/custody/custody.jsonl"
HEAD = "data/custody/head.json"
CASE = "data/case.json"
LOOKS = "data/status/observations.jsonl"
NOTICE = f"data/notices/{samples.NOTICE}"
PAGE = "data/README.html"

Json = dict[str, Any]
Changes = dict[str, bytes | None]


def _events(bench: Bench) -> list[Json]:
    return [json.loads(line) for line in bench.files[CUSTODY].splitlines()]


def _chained(bench: Bench, events: Sequence[Json]) -> Changes:
    """Chain events anew; seals made since then are given the new heads, as far as that needs no time stamp."""
    lines: list[bytes] = []
    for seq, event in enumerate(events):
        prev = canonical.sha256(lines[-1]) if lines else "0" * 64
        lines.append(canonical.dumps({**event, "seq": seq, "prev": prev}))
    head = json.loads(bench.files[HEAD]) | {"events": len(lines), "sha256": canonical.sha256(lines[-1])}
    return {CUSTODY: b"".join(line + b"\n" for line in lines), HEAD: canonical.dumps(head)}


def _with(document: bytes, **fields: object) -> bytes:
    return canonical.dumps({**json.loads(document), **fields})


# --- The custody record -----------------------------------------------------------------------------------------------


def test_a_record_whose_times_run_backwards_is_found(bench: Bench) -> None:
    events = [{**event, "ts": ("2030", "1999")[at % 2] + event["ts"][4:]} for at, event in enumerate(_events(bench))]
    assert (
        "before the event it follows" in failure(bench.verify_insider(_chained(bench, events)), "custody-chain").reason
    )


def test_a_history_rewritten_after_a_seal_contradicts_the_seal(bench: Bench) -> None:
    events = _events(bench)
    events[0]["facts"]["listings"] = "3"
    report = bench.verify_insider(_chained(bench, events))
    assert {check.name for check in report.failures} == {"custody-captures"}
    assert "history was rewritten" in failure(report, "custody-captures").reason


def test_a_capture_of_another_listing_than_the_record_says_is_found(bench: Bench) -> None:
    events = _events(bench)
    events[8]["facts"]["listing"] = samples.LISTINGS[1]
    report = bench.verify_insider(_chained(bench, events))
    assert "another one" in failure(report, "custody-captures").reason


# --- Captures and their times -----------------------------------------------------------------------------------------


def _capture(bench: Bench, number: int, **times: str) -> tuple[CaptureRecord, Seal]:
    folder = f"data/captures/{samples.CAPTURES[number]}"
    record = CaptureRecord.model_validate_json(bench.files[f"{folder}/capture.json"])
    return record.model_copy(update=times), Seal.model_validate_json(bench.files[f"{folder}/seal.json"])


def test_a_capture_dated_after_its_time_stamp_is_found(bench: Bench) -> None:
    record, seal = _capture(bench, 0, ended_at="2199-01-01T00:00:00.000Z")
    with pytest.raises(IntegrityError, match="after it was time-stamped"):
        stamped_late(record, seal)
    files = {**samples.capture_files(0, 0, gone=False)}
    files["capture.json"] = _with(
        files["capture.json"], started_at="2199-01-01T00:00:00.000Z", ended_at="2199-01-01T00:00:00.000Z"
    )
    sealed = samples.seal(files, signer=bench.signer, authorities=bench.authorities)
    folder = f"data/captures/{samples.CAPTURES[0]}"
    report = bench.verify_insider({f"{folder}/{name}": data for name, data in sealed.items()})
    assert failure(report, "capture-time").subject == samples.CAPTURES[0]


def test_a_capture_that_ended_before_it_started_is_found(bench: Bench) -> None:
    record, seal = _capture(bench, 0, ended_at="2026-11-20T08:00:00.000Z")
    with pytest.raises(IntegrityError, match="before it started"):
        stamped_late(record, seal)
    record, seal = _capture(bench, 0, ended_at="2026-99-99T08:00:00.000Z")
    with pytest.raises(IntegrityError, match="not a date"):
        stamped_late(record, seal)


def test_a_capture_that_claims_to_be_much_older_than_its_time_stamp_is_noted(bench: Bench) -> None:
    report = bench.verify()
    noted = [check for check in report.checks if check.name == "capture-time" and check.status is Status.SKIP]
    assert samples.CAPTURES[0] in {check.subject for check in noted}
    assert "proves no earlier time" in noted[0].reason
    assert report.exit_code == 0
    record, seal = _capture(bench, 0)
    stamped = min(token.gen_time for token in seal.tokens if token.gen_time)
    assert stamped_late(record.model_copy(update={"ended_at": stamped}), seal) is None


# --- Notices ----------------------------------------------------------------------------------------------------------


def _dropped(events: list[Json]) -> None:
    del events[3]


def _changed(number: int, **fields: object) -> Callable[[list[Json]], None]:
    def change(events: list[Json]) -> None:
        events[number] = {**events[number], **fields}

    return change


def _fact(number: int, **facts: str) -> Callable[[list[Json]], None]:
    def change(events: list[Json]) -> None:
        events[number]["facts"] |= facts

    return change


def _after(events: list[Json]) -> None:
    sent = events[4]["ts"]
    events[3], events[4] = events[4], {**events[3], "ts": sent}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_dropped, "no approval"),
        (_after, "no approval"),
        (_changed(3, sha256="0" * 64), "another text was approved"),
        (_changed(3, sha256=None), "another text was approved"),
        (_changed(3, actor=samples.PERSON.model_dump(mode="json")), "who prepared it"),
        (_changed(3, actor={**samples.APPROVER.model_dump(mode="json"), "person": "ADA Preparer"}), "who prepared it"),
        (_changed(3, actor={**samples.APPROVER.model_dump(mode="json"), "role": "preparer"}), "may not approve"),
        (_fact(3, expires_at="2026-11-20T10:45:00.000Z"), "expired"),
        (_fact(4, text="0" * 64), "another text than the one"),
        (_fact(4, approver="Eve"), "another person"),
    ],
)
def test_a_notice_that_was_not_approved_as_it_was_sent_is_found(
    bench: Bench, change: Callable[[list[Json]], None], said: str
) -> None:
    events = _events(bench)
    change(events)
    report = bench.verify_insider(_chained(bench, events))
    assert said in failure(report, "notice-approval").reason


def test_a_notice_with_another_text_than_the_message_is_found(bench: Bench) -> None:
    text = {**samples.TEXT.model_dump(mode="json"), "body": "We licensed this seller."}
    report = bench.verify_insider({f"{NOTICE}/notice.json": _with(bench.files[f"{NOTICE}/notice.json"], text=text)})
    assert "another text" in failure(report, "notice-approval").reason
    assert "the body" in failure(report, "notice-message").reason


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("sender", {"sender": "eve@holder.example"}),
        ("recipient", {"recipient": "other@shop.example"}),
        ("recipient", {"recipient_name": "Somebody Else"}),
        ("subject", {"subject": "Hello"}),
        ("body", {"body": "We licensed this seller."}),
        ("body", {"body": samples.TEXT.body + "\nP.S. all is forgiven"}),
    ],
)
def test_a_message_that_says_something_else_is_found(part: str, changes: dict[str, str]) -> None:
    sent = compose(samples.TEXT.model_copy(update=changes), notice_id="n", attempt_id="1", now=samples.NOW)
    with pytest.raises(IntegrityError, match=f"the {part} of sent.eml"):
        check_message(sent, samples.TEXT)


@pytest.mark.parametrize(
    "line",
    [
        b"Cc: third@shop.example\r\n",
        b"Bcc: third@shop.example\r\n",
        b"To: third@shop.example\r\n",
        b"Reply-To: eve@holder.example\r\n",
        b"Subject: Another\r\n",
    ],
)
def test_a_message_with_a_header_too_many_is_found(line: bytes) -> None:
    with pytest.raises(IntegrityError, match="a header twice, or one"):
        check_message(line + compose(samples.TEXT, notice_id="n", attempt_id="1", now=samples.NOW), samples.TEXT)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "one line",
        "two\nlines\n",
        "ends\r\nof\rall\nkinds\n\n",
        "trailing \n\tspaces  \n",
        "=3D looks encoded =\n.\nFrom a line",
        "元宵節 " * 60,
        "x" * 2000,
        samples.HOSTILE,
        "form\x0cfeed \x85 \u2028 line separators",
    ],
)
def test_every_message_of_ours_is_understood(body: str) -> None:
    text = samples.TEXT.model_copy(update={"body": body, "subject": "Notice 元宵節, " + "a long subject " * 20})
    check_message(compose(text, notice_id="n", attempt_id="1", now=samples.NOW), text)


# --- Looks ------------------------------------------------------------------------------------------------------------


def _looks(bench: Bench, change: Callable[[list[Json]], object]) -> Changes:
    looks = [json.loads(line) for line in bench.files[LOOKS].splitlines()]
    change(looks)
    return {LOOKS: b"".join(canonical.dumps(look) + b"\n" for look in looks)}


@pytest.mark.parametrize(
    "change",
    [
        lambda looks: looks.clear(),
        lambda looks: looks.pop(0),
        lambda looks: looks.append(looks[0]),
        lambda looks: looks[0].update(at="1999-01-01T00:00:00.000Z"),
        lambda looks: looks[0]["seen"].update(status=404),
        lambda looks: looks[0]["seen"].update(body_sha256="1" * 64),
        lambda looks: looks[0]["seen"].update(final_url="https://elsewhere.example/"),
        lambda looks: looks[0].update(listing_id=samples.LISTINGS[1]),
    ],
)
def test_looks_that_are_not_those_of_the_record_are_found(bench: Bench, change: Callable[[list[Json]], object]) -> None:
    report = bench.verify_insider(_looks(bench, change))
    assert [check.name for check in report.failures] == ["custody-looks"]


@pytest.mark.parametrize(
    "change",
    [
        lambda looks: looks[2].update(at="2026-11-22T09:01:03.000Z"),
        lambda looks: looks[2]["seen"].update(status=200),
        lambda looks: looks[2]["seen"].update(body_sha256="1" * 64),
        lambda looks: looks[2].update(listing_id=samples.LISTINGS[1]),
        lambda looks: looks[2].update(capture_id="f" * 32),
        lambda looks: looks[2].update(capture_id=None),
    ],
)
def test_looks_that_are_not_those_of_their_capture_are_found(
    bench: Bench, change: Callable[[list[Json]], object]
) -> None:
    assert failure(bench.verify_insider(_looks(bench, change)), "observations")


# --- Listings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "fields", "said"),
    [
        (0, {"capture_id": "f" * 32}, "is not here"),
        (0, {"removal_captures": ["f" * 32]}, "is not here"),
        (0, {"capture_id": samples.CAPTURES[1]}, "another listing"),
        (0, {"capture_id": samples.CAPTURES[2]}, "not made for this"),
        (0, {"url": "https://x.example/", "canonical_url": "https://x.example/"}, "another address"),
        (0, {"state": "REMOVED"}, "became REMOVED_PENDING_CONFIRM in event 8"),
        (1, {"state": "REMOVED"}, "became NOTICE_SENT in event 4"),
        (1, {"state": "REPORTED"}, "became NOTICE_SENT in event 4"),
        (0, {"removal_captures": []}, "other captures"),
        (1, {"removal_captures": [samples.CAPTURES[2]]}, "another listing"),
        (0, {"first_removed_at": "1999-01-01T00:00:00.000Z"}, "first seen removed at 1999"),
        (0, {"first_removed_at": None}, "without a date"),
        (1, {"first_removed_at": "2026-11-22T09:01:02.000Z"}, "without a capture"),
        (0, {"notice_sent_at": "2026-11-19T11:00:00.000Z"}, "no notice about it"),
    ],
)
def test_a_listing_that_is_not_as_the_record_says_is_found(bench: Bench, number: int, fields: Json, said: str) -> None:
    case = json.loads(bench.files[CASE])
    case["listings"][number] |= fields
    report = bench.verify_insider({CASE: canonical.dumps(case)})
    assert failure(report, "listings").subject == samples.LISTINGS[number]
    assert said in failure(report, "listings").reason


def test_a_state_that_nothing_on_the_record_led_to_is_found(bench: Bench) -> None:
    events = [event for event in _events(bench) if event["action"] != "LISTING_STATE_CHANGED"]
    report = bench.verify_insider(_chained(bench, events))
    assert "became NOTICE_SENT" in failure(report, "listings").reason


def test_an_export_dated_otherwise_than_its_name_is_found(bench: Bench) -> None:
    report = bench.verify_insider({CASE: _with(bench.files[CASE], exported_at="2026-11-23T21:00:00.000Z")})
    assert "exported as" in failure(report, "case").reason


# --- The page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<!DOCTYPE html>", b"<script>alert(1)</script><!DOCTYPE html>", "does not begin"),
        (b"default-src 'none'", b"default-src *", "does not begin"),
        (b"<body>", b"<body><script>alert(1)</script>", "<script>"),
        (b"<body>", b"<body><svg onload=alert(1)>", "<svg>"),
        (b"<body>", b"<body onload=alert(1)>", "handler onload"),
        (b"<body>", b"<body><img src=x ONERROR=alert(1)>", "handler onerror"),
        (b"<body>", b'<body><img src="https://evil.example/x.png">', "leads out"),
        (b"<body>", b'<body><a href="//evil.example/">', "leads out"),
        (b"<body>", b'<body><a href=" javascript:alert(1)">', "leads out"),
        (b"<body>", b'<body><meta http-equiv="refresh" content="0;https://evil.example">', "http-equiv=refresh"),
        (b"<body>", b"<body><iframe srcdoc=x>", "<iframe>"),
    ],
)
def test_a_page_that_runs_or_loads_something_is_found(bench: Bench, old: bytes, new: bytes, said: str) -> None:
    page = bench.files[PAGE]
    assert page.count(old) == 1
    assert said in failure(bench.verify_insider({PAGE: page.replace(old, new)}), "readme").reason

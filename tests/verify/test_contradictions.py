"""An insider with the key signs statements that contradict each other: each is compared with the others, and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from takedown import canonical
from takedown.capture import CaptureRecord
from takedown.errors import IntegrityError
from takedown.seal import Seal
from takedown.verify import Status
from takedown.verify.captures import stamped_late
from tests.verify import samples
from tests.verify.forging import Bench, failure

CASE = "data/case.json"
LOOKS = "data/status/observations.jsonl"
PAGE = "data/README.html"

Json = dict[str, Any]
Changes = dict[str, bytes | None]


def _with(document: bytes, **fields: object) -> bytes:
    return canonical.dumps({**json.loads(document), **fields})


# --- The custody record -----------------------------------------------------------------------------------------------


def test_a_record_whose_times_run_backwards_is_found(bench: Bench) -> None:
    events = [{**event, "ts": ("2030", "1999")[at % 2] + event["ts"][4:]} for at, event in enumerate(bench.events())]
    assert "before the event it follows" in failure(bench.verify_insider(bench.chained(events)), "custody-chain").reason


def test_a_history_rewritten_after_a_seal_contradicts_the_seal(bench: Bench) -> None:
    events = bench.events()
    events[0]["facts"]["listings"] = "3"
    report = bench.verify_insider(bench.chained(events))
    assert {check.name for check in report.failures} == {"custody-captures"}
    assert "history was rewritten" in failure(report, "custody-captures").reason


def test_a_capture_of_another_listing_than_the_record_says_is_found(bench: Bench) -> None:
    events = bench.events()
    events[7]["facts"]["listing"] = samples.LISTINGS[1]
    report = bench.verify_insider(bench.chained(events))
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
    events = [event for event in bench.events() if event["action"] != "LISTING_STATE_CHANGED"]
    report = bench.verify_insider(bench.chained(events))
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

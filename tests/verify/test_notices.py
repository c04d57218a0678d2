"""A notice that was sent: its message, its text and its approval have to say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from send_notice.mail import compose
from takedown import canonical
from takedown.errors import IntegrityError
from takedown.verify.notices import check_message
from tests.verify import samples
from tests.verify.forging import Bench, export, failure

NOTICE = f"data/notices/{samples.NOTICE}"

Json = dict[str, Any]


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
        (_fact(4, text="0" * 64), "another text than the one"),
        (_fact(4, approver="Eve"), "another person"),
    ],
)
def test_a_notice_that_was_not_approved_as_it_was_sent_is_found(
    bench: Bench, change: Callable[[list[Json]], None], said: str
) -> None:
    events = bench.events()
    change(events)
    report = bench.verify_insider(bench.chained(events))
    assert said in failure(report, "notice-approval").reason


def test_a_notice_approved_by_who_added_one_of_its_listings_is_found(bench: Bench) -> None:
    case = samples.dossier(
        signer=bench.signer, authorities=bench.authorities, requested_by=(samples.PERSON, samples.APPROVER)
    )
    report = bench.verify(export(case, bench.signer, bench.authorities))
    assert [check.name for check in report.failures] == ["notice-approval"]
    assert "Bob Approver, who prepared it" in failure(report, "notice-approval").reason


def test_a_notice_with_another_text_than_the_message_is_found(bench: Bench) -> None:
    text = {**samples.TEXT.model_dump(mode="json"), "body": "We licensed this seller."}
    report = bench.verify_insider(
        {f"{NOTICE}/notice.json": canonical.dumps({**json.loads(bench.files[f"{NOTICE}/notice.json"]), "text": text})}
    )
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

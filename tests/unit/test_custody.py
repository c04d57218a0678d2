"""The custody record: any change to it is found, and the first difference is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedown.actor import Actor, system_actor
from takedown.custody import GENESIS, CustodyEntry, CustodyEvent, append, verify_chain
from takedown.errors import ChainError
from takedown.states import CustodyAction, Role

PAULA = Actor(person="paula.preparer", role=Role.PREPARER, principal="arn:aws:iam::1:user/paula")


def chain(length: int, case_id: str = "c1") -> list[bytes]:
    events: list[CustodyEvent] = []
    for number in range(length):
        entry = CustodyEntry(
            ts=f"2026-11-23T20:00:{number:02d}.000Z",
            actor=PAULA if number % 2 else system_actor("SealCapture"),
            action=CustodyAction.CAPTURE_SEALED,
            object=f"capture/{number}",
            sha256="ab" * 32,
            facts={"quote": "商品已下架 \u202e"},
        )
        events.append(append("default", case_id, events[-1] if events else None, entry))
    return [event.to_bytes() for event in events]


def digest_of(line: bytes) -> str:
    return CustodyEvent.model_validate_json(line).digest


def test_an_untouched_record_verifies_to_its_head() -> None:
    lines = chain(5)
    assert verify_chain(lines, head=digest_of(lines[-1])) == 5
    assert CustodyEvent.model_validate_json(lines[0]).prev == GENESIS


def test_a_deleted_event_is_named() -> None:
    lines = chain(5)
    del lines[2]
    with pytest.raises(ChainError, match=r"event 2: its seq is 3: an event is missing"):
        verify_chain(lines)


def test_two_events_in_the_wrong_order_are_named() -> None:
    lines = chain(5)
    lines[1], lines[2] = lines[2], lines[1]
    with pytest.raises(ChainError, match=r"event 1: its seq is 2"):
        verify_chain(lines)


def test_a_cut_tail_is_found_against_the_head() -> None:
    lines = chain(5)
    head = digest_of(lines[-1])
    assert verify_chain(lines[:-1]) == 4, "without a head a cut tail cannot be seen"
    with pytest.raises(ChainError, match=r"the record ends at event 3 .* the tail was cut"):
        verify_chain(lines[:-1], head=head)


def test_an_empty_record_is_not_the_record_of_a_head() -> None:
    with pytest.raises(ChainError, match="no event at all"):
        verify_chain([], head="ab" * 32)


def test_an_event_of_another_case_is_found_even_when_its_hashes_fit() -> None:
    first = chain(1)
    head = CustodyEvent.model_validate_json(first[0])
    entry = CustodyEntry(
        ts="2026-11-23T21:00:00.000Z", actor=PAULA, action=CustodyAction.RETRACTED, object="x", sha256=None, facts={}
    )
    with pytest.raises(ChainError, match="belongs to case default/c2, not default/c1"):
        verify_chain([*first, append("default", "c2", head, entry).to_bytes()])


def test_the_record_never_runs_backwards() -> None:
    head = CustodyEvent.model_validate_json(chain(1)[0])
    early = CustodyEntry(
        ts="1999-01-01T00:00:00.000Z", actor=PAULA, action=CustodyAction.RETRACTED, object="x", sha256=None, facts={}
    )
    assert append("default", "c1", head, early).ts == head.ts, "a slow clock does not date an event before its head"
    forged = append("default", "c1", head, early).model_copy(update={"ts": "1999-01-01T00:00:00.000Z"})
    with pytest.raises(ChainError, match=r"event 1: recorded at 1999-01-01T.* before the event it follows"):
        verify_chain([head.to_bytes(), forged.to_bytes()])


def test_a_line_that_is_not_canonical_is_refused_even_with_the_same_content() -> None:
    lines = chain(2)
    lines[1] = json.dumps(json.loads(lines[1]), indent=1).encode()
    with pytest.raises(ChainError, match="event 1: not in canonical form"):
        verify_chain(lines)


@given(position=st.integers(0, 3), offset=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_no_single_changed_byte_goes_unnoticed(position: int, offset: int, flip: int) -> None:
    lines = chain(4)
    head = digest_of(lines[-1])
    line = bytearray(lines[position])
    line[offset % len(line)] ^= flip
    with pytest.raises(ChainError):
        verify_chain([*lines[:position], bytes(line), *lines[position + 1 :]], head=head)

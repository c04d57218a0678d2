"""Drafting: the text of a notice under 17 USC 512(c)(3), from data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from draft_notices.draft import draft, gaps, group, notice_id
from takedown.actor import Actor
from takedown.case import Case
from takedown.listing import Listing
from takedown.regime import regime_for
from takedown.sealed_capture import SealedCapture
from takedown.states import RightKind, Role

NOW = "2026-11-23T20:00:00.000Z"
PAULA = Actor(person="paula", role=Role.PREPARER, principal="arn:paula")
HOLDER = {
    "name": "Little Lantern Press GmbH",
    "address": "12 Harbour Street, Hamburg",
    "phone": "+49 40 1234567",
    "email": "legal@lantern.example",
    "signatory": "Dr. Ida Stern",
    "signatory_title": "General Counsel",
}


def case(**more: Any) -> Case:  # noqa: ANN401 - any field
    return Case.model_validate(
        {
            "tenant": "default",
            "case_id": "c1",
            "right": {"kind": "copyright", "title": "The Night Kite", "description": "An illustration of 2019."},
            "rights_holder": HOLDER,
            "agents": [
                {"host": "shop.example.com", "name": "Agent", "email": "dmca@shop.example", "source": "directory"}
            ],
            "reference": "LL-2026-7",
            "preparer": PAULA,
            "opened_at": NOW,
            "batches": 1,
            "request_sha256": "0" * 64,
            **more,
        }
    )


def listing(number: int, host: str = "shop.example.com") -> Listing:
    return Listing.model_validate(
        {
            "tenant": "default",
            "case_id": "c1",
            "listing_id": f"l{number:04d}",
            "batch": 1,
            "added_by": {"person": "paula", "role": "preparer", "principal": "arn:paula"},
            "url": f"https://{host}/item/{number}?utm_source=x",
            "canonical_url": f"https://{host}/item/{number}",
            "platform": "generic",
            "platform_listing_id": None,
            "seller": None,
            "target": {},
            "state": "CAPTURED",
            "capture_id": f"cap{number}",
            "observed_status": "LIVE",
        }
    )


def capture(item: Listing) -> SealedCapture:
    return SealedCapture.model_validate(
        {
            "tenant": "default",
            "case_id": "c1",
            "listing_id": item.listing_id,
            "capture_id": item.capture_id,
            "attempt": 0,
            "purpose": "infringement",
            "status": "COMPLETE",
            "outcome": "CAPTURED",
            "detail": "",
            "flags": [],
            "ended_at": NOW,
            "sealed_at": NOW,
            "time_stamps": 1,
            "files": [],
        }
    )


def drafted(the_case: Case, *items: Listing) -> Any:  # noqa: ANN401 - a notice
    regime = regime_for(RightKind.COPYRIGHT)
    assert regime
    captures = {item.capture_id: capture(item) for item in items}
    return draft(the_case, 1, list(items), captures, regime, sender="notices@firm.example", now=NOW)


def test_the_text_carries_every_element_of_the_statute() -> None:
    body = drafted(case(), listing(1), listing(2)).text.body
    for element in (
        "/s/ Dr. Ida Stern",
        "The Night Kite",
        "https://shop.example.com/item/1\n",
        "https://shop.example.com/item/2\n",
        "12 Harbour Street, Hamburg",
        "+49 40 1234567",
        "legal@lantern.example",
        "authorised by the copyright owner, its agent, or the law",
        "under penalty of perjury",
    ):
        assert element in body


def test_it_goes_to_the_agent_of_that_host() -> None:
    assert drafted(case(), listing(1)).text.recipient == "dmca@shop.example"
    elsewhere = drafted(case(), listing(1, "other.example.com"))
    assert elsewhere.text.recipient is None
    assert [gap.field for gap in elsewhere.gaps] == ["agent.email"]


@pytest.mark.parametrize("field", ["address", "phone", "email", "signatory"])
def test_a_required_field_that_is_missing_is_named(field: str) -> None:
    the_case = case(rights_holder={**HOLDER, field: None})
    assert [gap.field for gap in drafted(the_case, listing(1)).gaps] == [f"rights_holder.{field}"]


def test_all_that_is_missing_is_named_at_once() -> None:
    the_case = case(rights_holder={"name": "X"}, right={"kind": "copyright", "title": "T"}, agents=[])
    regime = regime_for(RightKind.COPYRIGHT)
    assert regime
    assert len(gaps(the_case, None, [listing(1)], regime)) == 6


def test_no_512_notice_for_a_trademark() -> None:
    assert regime_for(RightKind.TRADEMARK) is None


def test_drafting_again_gives_the_same_notice() -> None:
    assert drafted(case(), listing(1)) == drafted(case(), listing(1))


@given(st.lists(st.tuples(st.integers(1, 400), st.sampled_from(["a.example.com", "b.example.com"])), unique=True))
def test_groups_hold_one_host_each_and_lose_no_listing(items: list[tuple[int, str]]) -> None:
    listings = [listing(number, host) for number, host in items]
    groups = group(listings, 50)
    assert sorted(item.canonical_url for members in groups for item in members) == sorted(
        item.canonical_url for item in listings
    )
    for members in groups:
        assert len(members) <= 50
        assert len({item.canonical_url.split("/")[2] for item in members}) == 1


@pytest.mark.parametrize("length", [100, 1000, 4000])
def test_however_long_the_addresses_a_notice_stays_far_below_what_an_item_may_hold(length: int) -> None:
    regime = regime_for(RightKind.COPYRIGHT)
    assert regime
    tail = "?q=" + "a" * length
    items = [
        item.model_copy(
            update={
                "canonical_url": item.canonical_url + tail,
                "url": item.canonical_url + tail + "#",
                "observed_status": None,
            }
        )
        for item in map(listing, range(100))
    ]
    partial = {"status": "PARTIAL", "flags": ["truncated", "timeout"], "time_stamps": 0}
    groups = group(items, regime.listings_per_notice)
    assert [one.listing_id for members in groups for one in members] == [one.listing_id for one in items]
    for members in groups:
        captures = {item.capture_id: capture(item).model_copy(update=partial) for item in members}
        made = draft(case(), 1, members, captures, regime, sender="notices@firm.example", now=NOW)
        assert len(made.warnings) > 2 * len(members), "every warning there is counts"
        assert len(made.model_dump_json().encode()) < 300_000
    assert (len(groups) == 3) is (length == 100)


def test_a_listing_too_long_for_any_company_has_a_notice_of_its_own() -> None:
    items = [
        listing(number).model_copy(update={"canonical_url": "https://a.example/" + "a" * 90_000}) for number in (1, 2)
    ]
    assert [len(members) for members in group(items, 50)] == [1, 1]


def test_whoever_added_a_listing_had_a_hand_in_its_notice() -> None:
    amir, olga = (Actor(person=name, role=Role.PREPARER, principal=f"arn:{name}") for name in ("amir", "olga"))
    twice = olga.model_copy(update={"person": "Olga"})
    items = [
        listing(number).model_copy(update={"added_by": by}) for number, by in enumerate((PAULA, amir, olga, twice))
    ]
    made = drafted(case(), *items)
    assert made.preparer == PAULA
    assert made.preparers == [PAULA, amir, olga]


def test_after_a_rejection_it_is_another_notice() -> None:
    items = [listing(1)]
    assert len({notice_id("c1", 1, items, rejections) for rejections in range(3)}) == 3


def test_what_a_person_typed_cannot_hide_anything_in_the_text() -> None:
    hostile = "A kite\r\nBcc: all@x.example\x1b[2J \u202egnp.exe"
    the_case = case(right={"kind": "copyright", "title": "T", "description": hostile})
    body = drafted(the_case, listing(1)).text.body
    assert not [char for char in body if ord(char) < 0x20 and char != "\n"]
    assert "\u202e" not in body

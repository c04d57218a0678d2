"""One more look: what it means for a listing, and when the next is due."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedown.errors import ConfigurationError
from takedown.listing import Listing
from takedown.states import ListingState, VerdictKind
from takedown.times import later
from takedown.watch import after_look, decide, load_policy, proof_capture_id

POLICY = load_policy("standard")
SENT = "2026-11-01T00:00:00.000Z"
V = VerdictKind


def listing(state: ListingState = ListingState.NOTICE_SENT, **more: Any) -> Listing:  # noqa: ANN401 - any field
    return Listing.model_validate(
        {
            "tenant": "default",
            "case_id": "c",
            "listing_id": "l",
            "batch": 1,
            "added_by": {"person": "paula", "role": "preparer", "principal": "arn:paula"},
            "url": "https://shop.example.com/item/42",
            "canonical_url": "https://shop.example.com/item/42",
            "platform": "generic",
            "platform_listing_id": None,
            "seller": None,
            "target": {},
            "state": state,
            "capture_id": "cap",
            "notice_sent_at": SENT,
            **more,
        }
    )


def look(item: Listing, seen: VerdictKind, at: str, proof: str | None = None) -> Listing:
    return item.model_copy(update=after_look(item, seen, at=at, policy=POLICY, proof=proof).fields)


def hours(count: float) -> str:
    return later(SENT, seconds=count * 3600)


def test_a_plain_look_never_removes_it_only_asks_for_proof() -> None:
    after = look(listing(), V.REMOVED, hours(6))
    assert after.state is ListingState.NOTICE_SENT
    assert decide(after, V.REMOVED, look=0, policy=POLICY, proof=None) == "PROVE"


def test_one_proven_reading_is_pending_and_a_second_spaced_one_confirms_with_the_first_date() -> None:
    first = look(listing(), V.REMOVED, hours(6), "p1")
    assert (first.state, first.first_removed_at) == (ListingState.REMOVED_PENDING_CONFIRM, hours(6))
    second = look(first, V.REMOVED, hours(11), "p2")
    assert second.state is ListingState.REMOVED
    assert second.first_removed_at == hours(6), "service levels run to the first reading"
    assert second.removal_captures == ["p1", "p2"]
    assert decide(second, V.REMOVED, look=3, policy=POLICY, proof="p2") == "CLOSE"


def test_two_readings_too_close_together_do_not_confirm() -> None:
    first = look(listing(), V.REMOVED, hours(6), "p1")
    soon = look(first, V.REMOVED, hours(6.5), "p2")
    assert soon.state is ListingState.REMOVED_PENDING_CONFIRM


@pytest.mark.parametrize("seen", [V.LIVE, V.UNAVAILABLE, V.REDIRECTED_ELSEWHERE])
def test_flapping_takes_a_pending_removal_back(seen: VerdictKind) -> None:
    after = look(look(listing(), V.REMOVED, hours(6), "p1"), seen, hours(12))
    assert (after.state, after.first_removed_at, after.removal_captures) == (ListingState.NOTICE_SENT, None, [])


@pytest.mark.parametrize("seen", [V.BLOCKED, V.LOGIN_WALL, V.ERROR, V.GEO_BLOCKED])
def test_what_could_not_be_told_moves_nothing(seen: VerdictKind) -> None:
    pending = look(listing(), V.REMOVED, hours(6), "p1")
    for item in (listing(), pending, look(pending, V.REMOVED, hours(12), "p2")):
        after = look(item, seen, hours(20))
        assert (after.state, after.first_removed_at) == (item.state, item.first_removed_at)


def test_a_look_that_is_told_late_changes_nothing() -> None:
    live = look(listing(), V.LIVE, hours(10))
    assert look(live, V.REMOVED, hours(5), "p1") == live


def test_a_removal_before_the_notice_left_is_none_of_its_doing() -> None:
    early = look(listing(), V.REMOVED, hours(-1), "p1")
    assert (early.state, early.first_removed_at) == (ListingState.NOTICE_SENT, None)


def test_a_removed_listing_that_is_up_again_is_relisted_and_watched_on() -> None:
    removed = look(look(listing(), V.REMOVED, hours(6), "p1"), V.REMOVED, hours(12), "p2")
    glimpsed = look(removed, V.LIVE, hours(99))
    assert glimpsed.state is ListingState.REMOVED, "a plain look does not undo what two captures proved"
    assert decide(glimpsed, V.LIVE, look=0, policy=POLICY, proof=None) == "PROVE"
    again = look(glimpsed, V.LIVE, hours(100), "p3")
    assert again.state is ListingState.RELISTED
    assert decide(again, V.LIVE, look=0, policy=POLICY, proof=None) == "WAIT"


def test_still_up_after_a_week_is_said_once() -> None:
    early = after_look(listing(), V.LIVE, at=hours(24), policy=POLICY, proof=None)
    late = after_look(listing(), V.LIVE, at=hours(24 * 7), policy=POLICY, proof=None)
    assert (early.escalated, late.escalated) == (False, True)
    said = listing().model_copy(update=late.fields)
    assert not after_look(said, V.LIVE, at=hours(24 * 8), policy=POLICY, proof=None).escalated


def test_a_watch_hands_over_before_its_history_is_full() -> None:
    last = POLICY.looks_per_execution - 1
    assert decide(listing(), V.LIVE, look=last, policy=POLICY, proof=None) == "HAND_OVER"


def test_a_retried_look_orders_the_same_proof() -> None:
    assert proof_capture_id("l", 1, 2) == proof_capture_id("l", 1, 2) != proof_capture_id("l", 1, 3)


def test_an_unknown_policy_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"WATCH_POLICY: there is no policy 'hourly'.*rehearsal, standard"):
        load_policy("hourly")


@given(
    st.lists(st.tuples(st.sampled_from(list(VerdictKind)), st.booleans(), st.floats(0.1, 48)), min_size=1, max_size=40)
)
def test_removed_always_rests_on_two_spaced_proven_readings(looks: list[tuple[VerdictKind, bool, float]]) -> None:
    item, at, proven = listing(), 0.0, list[float]()
    for number, (seen, proof, gap) in enumerate(looks):
        at += gap
        before = item
        item = look(item, seen, hours(at), f"p{number}" if proof else None)
        if seen is V.REMOVED and proof:
            proven.append(at)
        if item.state is ListingState.REMOVED and before.state is not ListingState.REMOVED:
            assert seen is V.REMOVED
            assert proof
            assert len(item.removal_captures) == 2
            assert proven[-1] - proven[0] >= POLICY.confirm_seconds / 3600 - 0.001

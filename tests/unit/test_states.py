"""State changes: the tables hold, and what they do not hold is refused by name."""

from __future__ import annotations

from enum import StrEnum

import pytest

from takedown.errors import TransitionError
from takedown.states import (
    LISTING_TRANSITIONS,
    NOTICE_TRANSITIONS,
    ListingState,
    NoticeState,
    allow,
)


@pytest.mark.parametrize(("table", "states"), [(LISTING_TRANSITIONS, ListingState), (NOTICE_TRANSITIONS, NoticeState)])
def test_every_state_has_its_row_and_no_state_follows_itself(
    table: dict[StrEnum, frozenset[StrEnum]], states: type[StrEnum]
) -> None:
    assert set(table) == set(states)
    assert all(state not in following for state, following in table.items())


def test_a_refused_change_says_what_would_be_allowed() -> None:
    with pytest.raises(TransitionError, match="CAPTURED cannot become REMOVED; it may become NOTICE_DRAFTED"):
        allow(LISTING_TRANSITIONS, ListingState.CAPTURED, ListingState.REMOVED)


def test_a_sent_notice_stays_sent() -> None:
    for state in NoticeState:
        with pytest.raises(TransitionError, match="it is final"):
            allow(NOTICE_TRANSITIONS, NoticeState.SENT, state)


def test_no_listing_is_removed_without_a_pending_reading_first() -> None:
    before = [state for state, following in LISTING_TRANSITIONS.items() if ListingState.REMOVED in following]
    assert before == [ListingState.REMOVED_PENDING_CONFIRM]


def test_only_an_approved_notice_can_be_on_its_way() -> None:
    before = [state for state, following in NOTICE_TRANSITIONS.items() if NoticeState.SENDING in following]
    assert before == [NoticeState.READY]

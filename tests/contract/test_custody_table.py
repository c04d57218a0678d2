"""The custody table: one chain, no gap, nothing twice, and what it tells of happens with it or not at all."""

from __future__ import annotations

import pytest

from takedown.actor import system_actor
from takedown.custody import CustodyEntry, verify_chain
from takedown.errors import ConflictError, NotFoundError
from takedown.listing import Listing
from takedown.states import CustodyAction, ListingState
from tests.contract.conftest import Aws
from tests.support.values import listing

NOW = "2026-11-23T20:00:00.000Z"


def entry(name: str = "x") -> CustodyEntry:
    return CustodyEntry(
        ts=NOW,
        actor=system_actor("Test"),
        action=CustodyAction.LISTING_OBSERVED,
        object=f"listing/{name}",
        sha256=None,
        facts={},
    )


def test_events_form_a_chain_that_verifies_offline(aws: Aws) -> None:
    for number in range(12):
        aws.custody.append("default", "c", entry(), once=f"e{number}")
    lines = [event.to_bytes() for event in aws.custody.events("default", "c")]
    head = aws.custody.head("default", "c")
    assert head
    assert verify_chain(lines, head=head.digest) == 12


def test_what_is_recorded_twice_stands_once(aws: Aws) -> None:
    first = aws.custody.append("default", "c", entry("a"), once="same")
    again = aws.custody.append("default", "c", entry("b"), once="same")
    assert again == first
    assert len(list(aws.custody.events("default", "c"))) == 1


def test_an_event_and_its_change_happen_together_or_not_at_all(aws: Aws) -> None:
    item = listing("l1")
    aws.custody.append("default", "c", entry("l1"), once="create", writes=[aws.cases.create(item)])
    _, stale = aws.cases.change(item, state=ListingState.CAPTURED)
    _, winner = aws.cases.change(item, state=ListingState.CAPTURE_FAILED)
    aws.cases.commit([winner])
    with pytest.raises(ConflictError, match="changed meanwhile"):
        aws.custody.append("default", "c", entry("l1"), once="late", writes=[stale])
    assert aws.cases.get(Listing, "default", "c", "l1").state is ListingState.CAPTURE_FAILED
    assert len(list(aws.custody.events("default", "c"))) == 1, "the event of a change that did not happen"


def test_cases_and_tenants_do_not_see_each_other(aws: Aws) -> None:
    aws.cases.commit([aws.cases.create(listing("l1"))])
    with pytest.raises(NotFoundError, match="no listing l1"):
        aws.cases.get(Listing, "other", "c", "l1")
    aws.custody.append("default", "c", entry(), once="e")
    assert aws.custody.head("default", "c2") is None

"""Watching a listing over time: what one more look means for it, and when the next is due. Pure."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import Field, PositiveInt, ValidationError

from takedown.errors import ConfigurationError
from takedown.listing import Listing
from takedown.model import Document
from takedown.states import LISTING_TRANSITIONS, ListingState, VerdictKind, allow
from takedown.times import later

Decision = Literal["WAIT", "PROVE", "HAND_OVER", "CLOSE"]
"""Wait for the next look, capture the proof of a removal, start a fresh execution, or end the watch."""


class WatchPolicy(Document):
    """When to look, in seconds. A file of `watch_policies/`."""

    schema_: Literal["takedown.watch-policy/1"] = Field("takedown.watch-policy/1", alias="schema")
    name: str
    version: int
    source: str
    for_evidence: bool
    """False where two readings are too close together to be independent."""
    first_look_seconds: PositiveInt
    interval_seconds: PositiveInt
    confirm_seconds: PositiveInt
    escalate_seconds: PositiveInt
    recheck_seconds: PositiveInt
    looks_per_execution: PositiveInt


@functools.cache
def load_policy(name: str) -> WatchPolicy:
    """Read a policy file by its name.

    Raises
    ------
    ConfigurationError
        There is none of that name, or it is not usable.
    """
    folder = resources.files("takedown") / "watch_policies"
    names = sorted(item.name.removesuffix(".yaml") for item in folder.iterdir())
    if name not in names:
        raise ConfigurationError("WATCH_POLICY", f"there is no policy {name!r}.", f"Choose one of {', '.join(names)}.")
    try:
        return WatchPolicy.model_validate(yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")))
    except ValidationError as error:
        raise ConfigurationError("WATCH_POLICY", f"the policy {name!r} is not usable: {error}") from error


@dataclass(frozen=True)
class Progress:
    """What a look changes."""

    fields: dict[str, Any]
    """New values of the listing's fields."""
    state_changed: bool
    escalated: bool


def after_look(listing: Listing, seen: VerdictKind, *, at: str, policy: WatchPolicy, proof: str | None) -> Progress:
    """Work out what one look means.

    A first REMOVED is only pending; a second, at least `confirm_seconds` later and with its own sealed capture,
    confirms it, and the first keeps the date (service levels run to the first). Anything that is not REMOVED takes
    a pending removal back. What could not be told (a wall, an error) changes nothing but the date of the next look.

    Parameters
    ----------
    at
        When the look was taken.
    proof
        The sealed capture that shows what was seen; None where the look was a plain request. Without proof a
        REMOVED only leads to one, it never moves the listing; nor does LIVE a removed one.
    """
    if listing.observed_at is not None and at < listing.observed_at:
        return Progress({}, state_changed=False, escalated=False)  # told late: a later look has spoken since
    fields: dict[str, Any] = {"observed_status": seen, "observed_at": at}
    state = listing.state
    wait = policy.interval_seconds
    if seen is VerdictKind.REMOVED and state in _MAY_GO:
        # Before the notice left, a removal is none of its doing.
        if proof is not None and at >= (listing.notice_sent_at or at):
            state, wait = _removed(listing, at, proof, policy, fields)
    elif state is ListingState.REMOVED_PENDING_CONFIRM and seen in _DISPROVES:
        state = allow(LISTING_TRANSITIONS, state, ListingState.NOTICE_SENT)
        fields |= {"first_removed_at": None, "removal_captures": []}
    elif state is ListingState.REMOVED and seen is VerdictKind.LIVE and proof is not None:
        state = allow(LISTING_TRANSITIONS, state, ListingState.RELISTED)
    elif state is ListingState.REMOVED:
        wait = policy.recheck_seconds  # still gone, or it could not be told: the next scheduled look tries again
    escalated = _escalates(listing, state, at, policy)
    if escalated:
        fields["escalated_at"] = at
    fields["state"] = state
    if state in _WATCHED or state is ListingState.REMOVED:
        fields["next_check_at"] = later(at, seconds=wait)
    return Progress(fields, state_changed=state is not listing.state, escalated=escalated)


def decide(listing: Listing, seen: VerdictKind, *, look: int, policy: WatchPolicy, proof: str | None) -> Decision:
    """Say what the watch does next, from the listing as it is stored after look number `look` of this execution."""
    if proof is None and (listing.state, seen) in _NEEDS_PROOF:
        return "PROVE"
    if listing.state not in _WATCHED:
        return "CLOSE"
    return "HAND_OVER" if look + 1 >= policy.looks_per_execution else "WAIT"


_MAY_GO = frozenset({ListingState.NOTICE_SENT, ListingState.REMOVED_PENDING_CONFIRM, ListingState.RELISTED})
"""States in which a proven REMOVED moves the listing. Before a notice left, a removal is none of our doing."""

_NEEDS_PROOF = {(state, VerdictKind.REMOVED) for state in _MAY_GO} | {(ListingState.REMOVED, VerdictKind.LIVE)}
"""What a plain look may suggest but not decide: that a listing is gone, and that a removed one is back."""

_WATCHED = _MAY_GO
"""States in which a watch goes on; in REMOVED the schedule takes over."""


_DISPROVES = frozenset({VerdictKind.LIVE, VerdictKind.UNAVAILABLE, VerdictKind.REDIRECTED_ELSEWHERE})
"""Readings that say something about the page, and say that it is not gone."""


def _removed(
    listing: Listing, at: str, proof: str | None, policy: WatchPolicy, fields: dict[str, Any]
) -> tuple[ListingState, int]:
    captures = [*listing.removal_captures, proof] if proof not in listing.removal_captures else listing.removal_captures
    if listing.state is not ListingState.REMOVED_PENDING_CONFIRM:
        state = allow(LISTING_TRANSITIONS, listing.state, ListingState.REMOVED_PENDING_CONFIRM)
        fields |= {"first_removed_at": at, "removal_captures": [proof]}
        return state, policy.confirm_seconds
    spaced = later(str(listing.first_removed_at), seconds=policy.confirm_seconds)
    if at < spaced:
        return listing.state, policy.confirm_seconds
    fields["removal_captures"] = captures
    return allow(LISTING_TRANSITIONS, listing.state, ListingState.REMOVED), policy.recheck_seconds


def _escalates(listing: Listing, state: ListingState, at: str, policy: WatchPolicy) -> bool:
    waiting = state in {ListingState.NOTICE_SENT, ListingState.RELISTED}
    if not waiting or listing.escalated_at is not None or listing.notice_sent_at is None:
        return False
    return at >= later(listing.notice_sent_at, seconds=policy.escalate_seconds)


def proof_capture_id(listing_id: str, watch: int, look: int) -> str:
    """Return the id of the capture that a look orders: the same for every retry of that look."""
    return hashlib.sha256(f"{listing_id}#{watch}#{look}".encode()).hexdigest()[:32]


def execution_name(case_id: str, listing_id: str, watch: int) -> str:
    """Return the name of a watch execution: starting it twice is starting it once."""
    return f"{case_id}-{listing_id}-{watch}"

"""A listing in a case: the URL as reported, what it was understood to be, and where it stands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from takedown.actor import Actor
from takedown.case import Target
from takedown.model import Document, Id, Timestamp
from takedown.states import ListingState, VerdictKind


class Listing(Document):
    """A listing as it is stored. `platform_status` and `observed_status` are never merged: they may disagree."""

    schema_: Literal["takedown.listing/1"] = Field("takedown.listing/1", alias="schema")
    tenant: Id
    case_id: Id
    listing_id: Id
    """Ours, made of the case and the canonical URL; it carries no order. The platform's is `platform_listing_id`."""
    batch: int
    place: int = 0
    """Its place in the batch, as the team listed it."""
    added_by: Actor
    """Who added it: this person may not approve a notice about it."""
    url: str
    """As reported, byte for byte."""
    canonical_url: str
    """The URL that is visited."""
    platform: str
    platform_listing_id: str | None
    seller: str | None
    target: Target
    state: ListingState
    capture_id: Id
    """The capture that stands as evidence of the infringement."""
    platform_status: str | None = None
    """What the platform says about it, in the platform's word."""
    observed_status: VerdictKind | None = None
    """What we saw at the last look."""
    observed_at: Timestamp | None = None
    first_removed_at: Timestamp | None = None
    """The first of the consecutive REMOVED looks: the clock of any service level runs to this instant."""
    removal_captures: list[Id] = Field(default_factory=list)
    """The sealed captures that prove the removal, first look first."""
    notice_id: Id | None = None
    notice_sent_at: Timestamp | None = None
    next_check_at: Timestamp | None = None
    escalated_at: Timestamp | None = None
    """Set once, when it was still up at the escalation point."""
    failure: str | None = None
    """Why its last capture failed, in one sentence."""
    watch: int = 0
    """How many watch executions were started for it."""
    version: int = 0
    """Counts stored changes; every write is conditional on it."""

    @property
    def order(self) -> tuple[int, int]:
        """Where it stands among the listings of its case, as the team listed them."""
        return self.batch, self.place

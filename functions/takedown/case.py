"""A case: the right that is relied on, its holder, and the listings complained of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from takedown.actor import Actor
from takedown.model import Document, Email, Frozen, Id, Line, Sha256Hex, Timestamp
from takedown.states import RightKind, TargetKind

Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
"""Free text typed by a person; control characters are refused where it is rendered."""

ReportedUrl = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
"""A URL exactly as the person typed it; the guard judges it, nothing corrects it."""


class Right(Frozen):
    """The right that is relied on."""

    kind: RightKind
    title: Line
    """What is protected: the work's title, the mark, the design."""
    description: Paragraph = ""
    """For copyright: enough to identify the work (17 USC 512(c)(3)(A)(ii))."""
    work_url: ReportedUrl | None = None
    """Where an authorised copy of the work can be seen; printed, never visited."""
    registration: Line | None = None
    """Registration number, where there is one."""
    jurisdiction: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    """ISO 3166-1 alpha-2 code (`EU` for Union rights)."""


class RightsHolder(Frozen):
    """The holder, and how to reach the person who complains for it."""

    name: Line
    address: Line | None = None
    phone: Line | None = None
    email: Email | None = None
    signatory: Line | None = None
    """The person authorised to act for the holder, whose signature the notice carries."""
    signatory_title: Line | None = None


class Target(Frozen):
    """What the complaint hits; the verdict is about this, not about the page."""

    kind: TargetKind = TargetKind.LISTING
    detail: Line | None = None
    """For an offer: the seller's id; for content: which picture or wording."""


class Agent(Frozen):
    """Who receives notices for a host: the designated agent, with where that was found."""

    host: Line
    """`host` or `host:port`, as in the listing's canonical URL."""
    name: Line
    email: Email
    source: Line
    """Where the address comes from, for example the Copyright Office directory and the date it was looked up."""


class ListingInput(Frozen):
    """One listing as a person reports it."""

    url: ReportedUrl
    seller: Line | None = None
    target: Target = Target()


class CaseInput(Frozen):
    """The body of ``POST /cases``."""

    right: Right
    rights_holder: RightsHolder
    listings: Annotated[list[ListingInput], Field(min_length=1, max_length=10_000)]
    agents: Annotated[list[Agent], Field(default_factory=list, max_length=1000)]
    reference: Line | None = None
    """The team's own file number."""


class Batch(Frozen):
    """One request that put listings into a case. Each is one execution of the case machine, named by its number."""

    number: Annotated[int, Field(ge=1)]
    request_sha256: Sha256Hex
    """Of the canonical request: what a repeated one is compared with."""
    sha256: Sha256Hex
    """Of the object in the work bucket that holds the listings to be registered; `batch_key` says where it lies."""
    listings: Annotated[int, Field(ge=1)]
    """How many that object holds."""
    added_by: Actor
    added_at: Timestamp
    idempotency_key: str | None
    """As the person gave it; None where the same request by the same person is what makes it the same batch."""


def batch_key(tenant: str, case_id: str, sha256: str) -> str:
    """Return where in the work bucket the listings of a batch lie. Its name is its content: nothing can replace it."""
    return f"{tenant}/{case_id}/batch-{sha256}.json"


class Case(Document):
    """A case as it is stored."""

    schema_: Literal["takedown.case/1"] = Field("takedown.case/1", alias="schema")
    tenant: Id
    case_id: Id
    right: Right
    rights_holder: RightsHolder
    agents: list[Agent]
    reference: str | None
    preparer: Actor
    opened_at: Timestamp
    batches: int
    """How many times listings were added."""
    requests: list[Batch] = Field(default_factory=list)
    """The batches, in the order of their numbers."""
    request_sha256: Sha256Hex
    """Of the canonical request that opened it: what a repeated Idempotency-Key is compared with."""
    version: int = 0
    """Counts stored changes; every write is conditional on it."""

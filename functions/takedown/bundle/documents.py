"""The small documents that exist only inside a bundle, shared by its writer and its verifier."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from takedown.actor import Actor
from takedown.case import Agent, Case, Right, RightsHolder, Target
from takedown.listing import Listing
from takedown.look import Look, Seen
from takedown.model import Document, Frozen, Id, Sha256Hex, Timestamp
from takedown.notice import Notice, NoticeText
from takedown.seal import SignerRef, TokenRef
from takedown.states import ListingState


class BundleToken(TokenRef):
    """One time-stamp response over `tagmanifest-sha256.txt`, with its request."""

    tsq_sha256: Sha256Hex | None


class BundleTokens(Document):
    """`signatures/tokens.json`: signed last, it binds the time stamps.

    They are made over the tag manifest, so the manifests cannot list them; and a response is malleable in its
    unsigned parts. Without this, one could be changed or dropped unnoticed.
    """

    schema_: Literal["takedown.bundle-tokens/1"] = Field("takedown.bundle-tokens/1", alias="schema")
    tagmanifest_sha256: Sha256Hex
    tokens: list[BundleToken]
    signer: SignerRef


class CustodyHead(Document):
    """`data/custody/head.json`: where the record ended when the bundle was made."""

    schema_: Literal["takedown.custody-head/1"] = Field("takedown.custody-head/1", alias="schema")
    tenant: Id
    case_id: Id
    events: Annotated[int, Field(ge=0)]
    sha256: Sha256Hex
    """Of the last line, without its line end."""


class Withheld(Frozen):
    """One file that exists but was not exported."""

    path: Annotated[str, Field(pattern=r"^data/")]
    """Where in the bundle it would stand."""
    sha256: Sha256Hex
    reason: str
    basis: str
    """The rule or order relied on."""
    person: str
    withheld_at: Timestamp


class WithheldList(Document):
    """`data/withheld.json`; an empty list says that nothing is withheld."""

    schema_: Literal["takedown.withheld/1"] = Field("takedown.withheld/1", alias="schema")
    withheld: list[Withheld]


class ExportedListing(Frozen):
    """A listing as it leaves: no verdicts, no plans."""

    listing_id: Id
    url: str
    canonical_url: str
    platform: str
    platform_listing_id: str | None
    seller: str | None
    target: Target
    state: ListingState
    capture_id: Id
    first_removed_at: Timestamp | None
    removal_captures: list[Id]
    notice_id: Id | None
    notice_sent_at: Timestamp | None

    @classmethod
    def of(cls, listing: Listing) -> ExportedListing:
        """Take from a stored listing what may leave."""
        return cls.model_validate({name: getattr(listing, name) for name in cls.model_fields})


class ExportedCase(Document):
    """`data/case.json`."""

    schema_: Literal["takedown.bundle-case/1"] = Field("takedown.bundle-case/1", alias="schema")
    tenant: Id
    case_id: Id
    bundle_id: Id
    right: Right
    rights_holder: RightsHolder
    reference: str | None
    opened_at: Timestamp
    opened_by: Actor
    exported_at: Timestamp
    exported_by: Actor
    software: str
    listings: list[ExportedListing]


class ExportedNotice(Document):
    """`data/notices/<id>/notice.json`: what was sent, to whom, when. Drafts and checklists stay."""

    schema_: Literal["takedown.bundle-notice/1"] = Field("takedown.bundle-notice/1", alias="schema")
    tenant: Id
    case_id: Id
    notice_id: Id
    regime: str
    platform: str
    agent: Agent | None
    listing_ids: list[Id]
    text: NoticeText
    sent_at: Timestamp | None
    message_id: str | None
    message_sha256: Sha256Hex

    @classmethod
    def of(cls, notice: Notice) -> ExportedNotice:
        """Take from a stored notice what may leave."""
        names = set(cls.model_fields) - {"schema_"}
        return cls.model_validate({name: getattr(notice, name) for name in names})


class Delivery(Document):
    """`data/notices/<id>/delivery.json`: what the mail service said after it took the message."""

    schema_: Literal["takedown.delivery/1"] = Field("takedown.delivery/1", alias="schema")
    events: list[dict[str, Any]]


class Observation(Document):
    """A line of `data/status/observations.jsonl`: what one look saw, without what was made of it."""

    schema_: Literal["takedown.observation/1"] = Field("takedown.observation/1", alias="schema")
    tenant: Id
    case_id: Id
    listing_id: Id
    look_id: str
    at: Timestamp
    how: Literal["probe", "capture"]
    capture_id: Id | None
    seen: Seen
    quote: str
    """Words of the page or of the answer, verbatim; empty where none were taken down."""

    @classmethod
    def of(cls, look: Look) -> Observation:
        """Leave the opinion out."""
        fields: dict[str, Any] = look.model_dump(exclude={"schema_", "opinion"}, by_alias=False)
        return cls(**fields)


def case_of(
    case: Case, listings: list[ExportedListing], *, bundle_id: str, by: Actor, at: str, software: str
) -> ExportedCase:
    """Make `data/case.json`."""
    return ExportedCase(
        tenant=case.tenant,
        case_id=case.case_id,
        bundle_id=bundle_id,
        right=case.right,
        rights_holder=case.rights_holder,
        reference=case.reference,
        opened_at=case.opened_at,
        opened_by=case.preparer,
        exported_at=at,
        exported_by=by,
        software=software,
        listings=listings,
    )

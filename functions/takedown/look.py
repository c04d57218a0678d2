"""One look at a listing, as it is stored: what was seen, and apart from it what we made of that."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from takedown.model import Document, Frozen, Id, Sha256Hex, Timestamp
from takedown.states import VerdictKind


class Seen(Frozen):
    """Observation: no opinion in here."""

    url: str
    final_url: str | None
    status: int
    """HTTP status of the main response; 0 where there was none."""
    bytes: int
    body_sha256: Sha256Hex | None
    transport_error: str | None = None


class Opinion(Frozen):
    """What the judge made of it. Work product: it leaves no default export."""

    verdict: VerdictKind
    reason: str
    rule: str
    quote: str
    ruleset: str


class Look(Document):
    """A look, by a plain request (`probe`) or by a capture."""

    schema_: Literal["takedown.look/1"] = Field("takedown.look/1", alias="schema")
    tenant: Id
    case_id: Id
    listing_id: Id
    look_id: str
    """``<listing>#<watch>#<look>#<how>``: a step of a watch is one look, however often it is retried."""
    at: Timestamp
    how: Literal["probe", "capture"]
    capture_id: Id | None
    seen: Seen
    quote: str = ""
    """Words that the page showed, verbatim, for the reader; empty where none were taken down."""
    opinion: Opinion


def look_id(listing_id: str, watch: int, look: int, how: str) -> str:
    """Return the id of a look; the numbers are padded so that looks sort in their order."""
    return f"{listing_id}#{watch:06d}#{look:06d}#{how}"

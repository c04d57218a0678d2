"""A request to export a case, and what came of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from takedown.actor import Actor
from takedown.model import Document, Id, Sha256Hex, Timestamp
from takedown.states import BundleState


class BundleRequest(Document):
    """One export as it is stored."""

    schema_: Literal["takedown.bundle-request/1"] = Field("takedown.bundle-request/1", alias="schema")
    tenant: Id
    case_id: Id
    bundle_id: Id
    requested_by: Actor
    requested_at: Timestamp
    state: BundleState
    failure: str | None = None
    name: str | None = None
    """File name of the archive."""
    key: str | None = None
    version_id: str | None = None
    bytes: int | None = None
    sha256: Sha256Hex | None = None
    version: int = 0

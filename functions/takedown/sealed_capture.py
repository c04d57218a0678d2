"""A sealed capture, as the case table knows it: where its files are, each pinned to its version."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from takedown.capture import Purpose
from takedown.model import Document, Frozen, Id, Sha256Hex, Timestamp
from takedown.states import CaptureOutcome, CaptureStatus


class PinnedFile(Frozen):
    """One stored file."""

    name: str
    """Its name inside ``captures/<id>/`` of a bundle."""
    key: str
    version_id: str
    bytes: int
    sha256: Sha256Hex


class SealedCapture(Document):
    """What the seal step leaves in the case table."""

    schema_: Literal["takedown.sealed-capture/1"] = Field("takedown.sealed-capture/1", alias="schema")
    tenant: Id
    case_id: Id
    listing_id: Id
    capture_id: Id
    attempt: int
    purpose: Purpose
    status: CaptureStatus
    outcome: CaptureOutcome
    detail: str
    flags: list[str]
    ended_at: Timestamp
    sealed_at: Timestamp
    time_stamps: int
    """How many authorities answered."""
    files: list[PinnedFile]

    def file(self, name: str) -> PinnedFile | None:
        """Find a file by its name."""
        return next((item for item in self.files if item.name == name), None)

"""How much the verifier reads before it gives up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Against archives that are made to exhaust a machine."""

    member: int = 1 << 30
    """Bytes of one file, unpacked."""
    total: int = 4 << 30
    """Bytes of all files, unpacked."""
    document: int = 64 << 20
    """Bytes of one document that is read into memory."""

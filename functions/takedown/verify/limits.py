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
    ratio: int = 1000
    """Unpacked to packed, of one file or of the whole."""
    document: int = 64 << 20
    """Bytes of one document that is read into memory."""

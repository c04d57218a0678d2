"""Exports a case: lays out the payload and writes the bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from takedown.bundle.dossier import CaseDossier
from takedown.bundle.layout import assemble
from takedown.bundle.write import BundleResult, write_bundle
from takedown.sealing import Signer, TimeStampAuthority


def export_case(
    out: BinaryIO, dossier: CaseDossier, *, signer: Signer, authorities: Sequence[TimeStampAuthority], now: str
) -> BundleResult:
    """Write the bundle of one case into `out` (see `write_bundle`)."""
    payload = assemble(dossier, now=now)
    return write_bundle(
        out, payload.name, payload.members, info=payload.info, signer=signer, authorities=authorities, now=now
    )

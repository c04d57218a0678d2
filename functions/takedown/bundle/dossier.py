"""What an export is made from: the values of one case, and readers for the stored files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from takedown.actor import Actor
from takedown.bundle.documents import Withheld
from takedown.case import Case
from takedown.errors import IntegrityError
from takedown.listing import Listing
from takedown.look import Look
from takedown.notice import Notice
from takedown.states import ObjectClass


@dataclass(frozen=True)
class SourceFile:
    """One stored file, read when its turn comes."""

    name: str
    """Its name inside its folder of the bundle."""
    size: int
    sha256: str
    """On record since it was stored; other bytes stop the export."""
    read: Callable[[], Iterable[bytes]]
    object_class: ObjectClass = ObjectClass.EVIDENCE
    """Only evidence leaves."""

    def load(self, limit: int = 64 << 20) -> bytes:
        """Read a small file whole.

        Raises
        ------
        IntegrityError
            It is larger than `limit`.
        """
        if self.size > limit:
            raise IntegrityError(f"{self.name}: {self.size} bytes are too many for a document")
        return b"".join(self.read())


@dataclass(frozen=True)
class CaptureFiles:
    """One sealed capture: the files of the attempt that was sealed, and those of its seal."""

    capture_id: str
    files: Sequence[SourceFile]


@dataclass(frozen=True)
class SentNotice:
    """A notice, and the message byte for byte as it was handed over."""

    notice: Notice
    message: SourceFile
    delivery: Sequence[Mapping[str, object]] = ()
    """What the mail service said afterwards, as JSON values, in order."""


@dataclass(frozen=True)
class Trust:
    """What helps a reader to find independent trust. It proves nothing from inside the bundle."""

    key_fingerprint: str
    """SHA-256 of the DER SubjectPublicKeyInfo of the signing key."""
    tsa_roots: Mapping[str, bytes] = field(default_factory=dict)
    """Name of an authority to its root certificate, PEM."""
    published_at: str = ""
    """Where the fingerprint can be compared, for example a page of the team's own site."""


@dataclass(frozen=True)
class Export:
    """Who exports, and with what."""

    bundle_id: str
    requested_by: Actor
    software: str
    """``takedown <version>``."""
    organization: str = ""
    """Source organisation, for ``bag-info.txt``."""


@dataclass(frozen=True)
class CaseDossier:
    """Everything that may leave for one case."""

    case: Case
    listings: Sequence[Listing]
    captures: Sequence[CaptureFiles]
    custody: Sequence[bytes]
    """The canonical lines of the record without line ends, all of them, in order.

    Read it before everything else: a capture sealed in between is then left for the next bundle, whereas one that the
    record tells of and that is missing stops the export.
    """
    notices: Sequence[SentNotice]
    looks: Sequence[Look]
    """In the order in which they were taken."""
    trust: Trust
    export: Export
    withheld: Sequence[Withheld] = ()
    """Files that stay out by decision; whatever is named here is left out, and with its `seal.json` a whole capture."""

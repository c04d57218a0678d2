"""The seal of a capture: a short canonical statement that is signed, and the tokens it binds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from takedown import canonical
from takedown.errors import IntegrityError
from takedown.model import Document, Frozen, Id, Sha256Hex, Sha512Hex, Timestamp

SEAL_LIMIT = 4096
"""AWS KMS signs at most this many bytes in RAW mode (KMS API reference, Sign, `Message`)."""


class TokenRef(Frozen):
    """One time-stamp response, bound by its hash: its unsigned parts are malleable."""

    authority: str
    """Short name, also the file's: ``capture.json.<authority>.tsr``."""
    sha256: Sha256Hex | None
    """Of the full response; null where the authority gave none."""
    gen_time: Timestamp | None
    gap: str | None
    """Why there is none, where there is none."""


class SignerRef(Frozen):
    """Which key signed."""

    key_id: str
    fingerprint: Sha256Hex
    """SHA-256 of the DER SubjectPublicKeyInfo."""
    algorithm: Literal["ECDSA_SHA_256"] = "ECDSA_SHA_256"


class StoredObject(Frozen):
    """One object as the store holds it."""

    path: str
    key: str
    version_id: str
    bytes: int
    sha256: Sha256Hex
    sha512: Sha512Hex


class StoredObjects(Document):
    """`stored.json`: every object of the capture as it was re-read, each pinned to its version."""

    schema_: Literal["takedown.stored/1"] = Field("takedown.stored/1", alias="schema")
    capture_id: Id
    attempt: int
    objects: list[StoredObject]
    other_attempts: list[StoredObject]
    """What earlier or later tries of the same capture left behind; recorded, not part of this capture."""


class ChainRef(Frozen):
    """The head of the case's custody record when the seal was made: a rewritten history would not fit it."""

    seq: int
    sha256: Sha256Hex


class Seal(Document):
    """`seal.json`."""

    schema_: Literal["takedown.seal/1"] = Field("takedown.seal/1", alias="schema")
    tenant: Id
    case_id: Id
    capture_id: Id
    attempt: int
    sealed_at: Timestamp
    record_sha256: Sha256Hex
    record_sha512: Sha512Hex
    record_bytes: int
    stored_sha256: Sha256Hex
    """Of `stored.json`."""
    tokens: list[TokenRef]
    signer: SignerRef
    custody: ChainRef | None = None
    """Null for a capture outside a case."""

    def to_bytes(self) -> bytes:
        """Return the canonical bytes that are signed.

        Raises
        ------
        IntegrityError
            They would be longer than KMS signs.
        """
        data = canonical.dumps(self.model_dump(mode="json"))
        if len(data) > SEAL_LIMIT:
            raise IntegrityError(f"seal.json has {len(data)} bytes; the signing service takes at most {SEAL_LIMIT}")
        return data

"""Sealing a capture record: hash, time-stamp, sign. What is sealed was re-read from the store, never handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from takedown import canonical
from takedown.bundle.names import artifact_problem
from takedown.capture import RECORD_NAME, CaptureRecord
from takedown.errors import IntegrityError, TimeStampError
from takedown.model import Timestamp
from takedown.seal import ChainRef, Seal, SignerRef, StoredObjects, TokenRef


@dataclass(frozen=True)
class Token:
    """One answer of a time-stamp authority."""

    tsq: bytes
    """The request (RFC 3161 `TimeStampReq`, DER), kept so that the nonce can be compared."""
    tsr: bytes
    """The full response (`TimeStampResp`, DER), not the bare token: OpenSSL verifies it as it is."""
    gen_time: Timestamp
    """When the authority says that it saw the digest."""


class TimeStampAuthority(Protocol):
    """An RFC 3161 authority."""

    @property
    def name(self) -> str:
        """Short name, lower case; becomes part of file names."""

    def stamp(self, data: bytes) -> Token:
        """Have the SHA-256 of `data` stamped.

        Raises
        ------
        TimeStampError
            The authority is down, refuses, or answers for something else.
        """


class Signer(Protocol):
    """A key that signs."""

    @property
    def ref(self) -> SignerRef:
        """Which key this is."""

    @property
    def public_key_pem(self) -> bytes:
        """SubjectPublicKeyInfo, PEM."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 over SHA-256 of `data`, DER; `data` is at most 4,096 bytes."""


def read_record(data: bytes) -> CaptureRecord:
    """Read `capture.json`, refusing any form but the canonical one.

    Raises
    ------
    IntegrityError
        Not canonical, or not a capture record.
    """
    value = canonical.loads(data)
    try:
        return CaptureRecord.model_validate(value)
    except ValueError as error:
        raise IntegrityError(f"not a capture record: {error}") from error


def check_stored(record: CaptureRecord, stored: StoredObjects) -> None:
    """Compare what the capture said it wrote with what the store holds.

    Raises
    ------
    IntegrityError
        Naming the first file that is missing, unlisted or different, or whose name could never leave in a bundle.
    """
    if problem := artifact_problem(artifact.path for artifact in record.artifacts):
        raise IntegrityError(problem)
    said = {artifact.path: artifact for artifact in record.artifacts}
    held = {item.path: item for item in stored.objects if item.path != RECORD_NAME}
    if missing := sorted(said.keys() - held.keys()):
        raise IntegrityError(f"{missing[0]}: listed in capture.json but not in the store")
    if extra := sorted(held.keys() - said.keys()):
        raise IntegrityError(f"{extra[0]}: in the store but not listed in capture.json")
    for path in sorted(said):
        want, have = said[path], held[path]
        if (want.bytes, want.sha256, want.sha512) != (have.bytes, have.sha256, have.sha512):
            raise IntegrityError(f"{path}: {have.bytes} bytes with SHA-256 {have.sha256}, but capture.json says "
                                 f"{want.bytes} bytes with {want.sha256}")  # fmt: skip


def stamp_all(data: bytes, authorities: Sequence[TimeStampAuthority]) -> tuple[list[TokenRef], dict[str, Token]]:
    """Ask every authority; one that gives nothing leaves a gap with its reason, never a silent skip."""
    refs: list[TokenRef] = []
    tokens: dict[str, Token] = {}
    for authority in authorities:
        try:
            token = authority.stamp(data)
        except TimeStampError as error:
            refs.append(TokenRef(authority=authority.name, sha256=None, gen_time=None, gap=str(error)[:300]))
            continue
        tokens[authority.name] = token
        refs.append(
            TokenRef(authority=authority.name, sha256=canonical.sha256(token.tsr), gen_time=token.gen_time, gap=None)
        )
    if not authorities:
        refs.append(TokenRef(authority="none", sha256=None, gen_time=None, gap="no time-stamp authority configured"))
    return refs, tokens


def seal_record(
    record: bytes,
    stored: StoredObjects,
    *,
    authorities: Sequence[TimeStampAuthority],
    signer: Signer,
    sealed_at: Timestamp,
    custody: ChainRef | None = None,
) -> Mapping[str, bytes]:
    """Seal one capture.

    Parameters
    ----------
    record
        `capture.json` as it was re-read.
    stored
        Every object of the capture as it was re-read and hashed again.
    sealed_at
        Our clock, for the reader's convenience; the proof of time is in the tokens.
    custody
        The head of the case's custody record as it stands now.

    Returns
    -------
    Mapping[str, bytes]
        File name to bytes: ``seal.json``, ``seal.json.sig``, ``stored.json``, ``signing-key.pem`` and, for each
        authority that answered, ``capture.json.<authority>.tsq`` and ``.tsr``.

    Raises
    ------
    IntegrityError
        The stored objects are not what the record says, or the seal would be too long to sign.
    """
    capture = read_record(record)
    check_stored(capture, stored)
    refs, tokens = stamp_all(record, authorities)
    stored_bytes = canonical.dumps(stored.model_dump(mode="json"))
    seal = Seal(
        tenant=capture.tenant,
        case_id=capture.case_id,
        capture_id=capture.capture_id,
        attempt=capture.attempt,
        sealed_at=sealed_at,
        record_sha256=canonical.sha256(record),
        record_sha512=canonical.sha512(record),
        record_bytes=len(record),
        stored_sha256=canonical.sha256(stored_bytes),
        tokens=refs,
        signer=signer.ref,
        custody=custody,
    )
    statement = seal.to_bytes()
    files = {
        "seal.json": statement,
        "seal.json.sig": signer.sign(statement),
        "stored.json": stored_bytes,
        "signing-key.pem": signer.public_key_pem,
    }
    for name, token in tokens.items():
        files[f"{RECORD_NAME}.{name}.tsq"] = token.tsq
        files[f"{RECORD_NAME}.{name}.tsr"] = token.tsr
    return files

"""Each capture: its record, its files, its seal, its time stamps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takedown import canonical
from takedown.bundle.documents import ExportedCase
from takedown.capture import RECORD_NAME, CaptureRecord
from takedown.errors import InputError, IntegrityError
from takedown.seal import Seal, StoredObjects
from takedown.sealing import check_stored
from takedown.times import from_text
from takedown.verify.contents import Contents, parse
from takedown.verify.stamps import Stamp, check_stamps
from takedown.verify.trust import SigningKey, Trust

FOLDER = "data/captures"
_SEAL_FILES = {RECORD_NAME, "seal.json", "seal.json.sig", "stored.json", "signing-key.pem"}

CLOCKS_APART = timedelta(minutes=5)
"""How far the capture's clock may run ahead of the authorities'. Lambda's clock and theirs are right to a second or
so; five minutes also let a laptop pass (Kerberos grants its hosts as much, RFC 4120). A capture that ended later than
it was stamped was not made when it says."""

STAMPED_SOON = timedelta(hours=24)
"""A time stamp says *not later than*. A capture that claims to be much older than its first stamp has nothing but our
own clock for that, so it is said; ordinarily the seal follows within minutes."""


@dataclass(frozen=True)
class SealedHere:
    """One capture that is here; parts that cannot be read are None."""

    seal_sha256: str
    record: CaptureRecord | None
    seal: Seal | None


def check_captures(
    contents: Contents, case: ExportedCase | None, withheld: Mapping[str, str], trust: Trust
) -> Mapping[str, SealedHere]:
    """Check every capture.

    Parameters
    ----------
    withheld
        Path to SHA-256 of what is declared as withheld.

    Returns
    -------
    Mapping[str, SealedHere]
        By capture id.
    """
    here: dict[str, SealedHere] = {}
    for capture_id, names in sorted(contents.below(FOLDER).items()):
        if not capture_id:
            contents.findings.fail("capture-record", FOLDER, f"{names[0]} belongs to no capture")
            continue
        record, seal = _Capture(contents, capture_id, names, trust).check(case, withheld)
        if facts := contents.facts.get(f"{FOLDER}/{capture_id}/seal.json"):
            here[capture_id] = SealedHere(facts.sha256, record, seal)
    return here


class _Capture:
    """One folder below `data/captures`."""

    def __init__(self, contents: Contents, capture_id: str, names: Sequence[str], trust: Trust) -> None:
        self._contents = contents
        self._findings = contents.findings
        self._id = capture_id
        self._names = names
        self._trust = trust

    def _path(self, name: str) -> str:
        return f"{FOLDER}/{self._id}/{name}"

    def check(self, case: ExportedCase | None, withheld: Mapping[str, str]) -> tuple[CaptureRecord | None, Seal | None]:
        """Check it; each part goes on where another failed, so that the report names all that is wrong."""
        record: CaptureRecord | None = None
        with self._findings.check("capture-record", self._id):
            record = self._record(case)
        try:
            seal: Seal | None = self._contents.document(self._path("seal.json"), Seal)
        except IntegrityError as error:
            self._findings.fail("capture-seal", self._id, str(error))
            seal = None
        if record is not None:
            with self._findings.check("capture-files", self._id, f"{len(record.artifacts)} files"):
                self._files(record, withheld)
        if seal is not None:
            with self._findings.check("capture-seal", self._id):
                self._sealed(seal, record)
            with self._findings.check("capture-signature", self._id):
                self._signed(seal)
            self._stamped(seal)
        if seal is not None and record is not None:
            self._timely(record, seal)
        with self._findings.check("capture-unlisted", self._id):
            self._unlisted(record, seal)
        return record, seal

    def _record(self, case: ExportedCase | None) -> CaptureRecord:
        record = self._contents.document(self._path(RECORD_NAME), CaptureRecord)
        if record.capture_id != self._id:
            raise IntegrityError(f"{RECORD_NAME} is of capture {record.capture_id}")
        if case is not None and (record.tenant, record.case_id) != (case.tenant, case.case_id):
            raise IntegrityError(f"{RECORD_NAME} is of another case, {record.tenant}/{record.case_id}")
        return record

    def _files(self, record: CaptureRecord, withheld: Mapping[str, str]) -> None:
        for artifact in record.artifacts:
            path = self._path(artifact.path)
            if path not in self._contents.facts and withheld.get(path) == artifact.sha256:
                continue
            facts = self._contents.require(path)
            if (facts.size, facts.sha256, facts.sha512) != (artifact.bytes, artifact.sha256, artifact.sha512):
                raise IntegrityError(f"{artifact.path} is not the file that {RECORD_NAME} records")

    def _sealed(self, seal: Seal, record: CaptureRecord | None) -> None:
        data = self._contents.read(self._path(RECORD_NAME))
        found = (canonical.sha256(data), canonical.sha512(data), len(data))
        if found != (seal.record_sha256, seal.record_sha512, seal.record_bytes):
            raise IntegrityError(f"seal.json was made over another {RECORD_NAME}")
        stored_bytes = self._contents.read(self._path("stored.json"))
        if canonical.sha256(stored_bytes) != seal.stored_sha256:
            raise IntegrityError("seal.json was made over another stored.json")
        stored = parse("stored.json", stored_bytes, StoredObjects)
        if record is not None:
            ids = (record.tenant, record.case_id, record.capture_id, record.attempt)
            if ids != (seal.tenant, seal.case_id, seal.capture_id, seal.attempt):
                raise IntegrityError("seal.json names another capture or attempt")
            check_stored(record, stored)

    def _signed(self, seal: Seal) -> None:
        key = SigningKey.load(self._contents.read(self._path("signing-key.pem")))
        if key.fingerprint != seal.signer.fingerprint:
            raise IntegrityError("signing-key.pem is not the key that seal.json names")
        key.verify(self._contents.read(self._path("seal.json.sig")), self._contents.read(self._path("seal.json")))
        self._trust.check_key(self._findings, self._id, key.fingerprint)

    def _stamped(self, seal: Seal) -> None:
        try:
            data = self._contents.read(self._path(RECORD_NAME))
        except IntegrityError as error:
            self._findings.fail("capture-time-stamp", self._id, str(error))
            return
        stem = self._path(RECORD_NAME)
        stamps = [
            Stamp(token, f"{stem}.{token.authority}.tsq", f"{stem}.{token.authority}.tsr", data)
            for token in seal.tokens
        ]
        check_stamps("capture-time-stamp", self._id, self._contents, stamps, self._trust)

    def _timely(self, record: CaptureRecord, seal: Seal) -> None:
        try:
            late = stamped_late(record, seal)
        except IntegrityError as error:
            self._findings.fail("capture-time", self._id, str(error))
            return
        if late:
            self._findings.skip("capture-time", self._id, late)
        else:
            self._findings.passed("capture-time", self._id)

    def _unlisted(self, record: CaptureRecord | None, seal: Seal | None) -> None:
        if record is None or seal is None:
            raise IntegrityError("cannot tell what belongs here without a record and a seal")
        answered = [token.authority for token in seal.tokens if token.sha256]
        tokens = {f"{RECORD_NAME}.{authority}.{kind}" for authority in answered for kind in ("tsq", "tsr")}
        known = _SEAL_FILES | tokens | {artifact.path for artifact in record.artifacts}
        if extra := sorted(set(self._names) - known):
            raise IntegrityError(f"{extra[0]} is neither recorded nor part of the seal")


def stamped_late(record: CaptureRecord, seal: Seal) -> str | None:
    """Compare when a capture says it was made with when it was stamped; say so where that was long after.

    Raises
    ------
    IntegrityError
        It ended before it began, or after it was stamped.
    """
    started, ended = _instant(record.started_at), _instant(record.ended_at)
    if ended < started:
        raise IntegrityError(f"ended at {record.ended_at}, before it started at {record.started_at}")
    stamped = min((token.gen_time for token in seal.tokens if token.gen_time), default=None)
    if stamped is None:
        return None
    if ended > _instant(stamped) + CLOCKS_APART:
        raise IntegrityError(f"ended at {record.ended_at}, after it was time-stamped at {stamped}")
    if _instant(stamped) > ended + STAMPED_SOON:
        return f"says it ended at {record.ended_at}; the first time stamp is of {stamped}, and proves no earlier time"
    return None


def _instant(text: str) -> datetime:
    try:
        return from_text(text)
    except InputError as error:
        raise IntegrityError(f"{text!r} is not a date") from error

"""Writes a bundle: BagIt 1.0 (RFC 8493) as one stored zip, hashed while it is written, signed and time-stamped."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

from takedown import canonical
from takedown.bundle import zip_form
from takedown.bundle.digests import CHUNK, Facts, StreamDigest
from takedown.bundle.documents import BundleToken, BundleTokens
from takedown.bundle.names import DECLARATION, KEY, STAMPED, TAGMANIFEST, TOKENS, require_safe, stamp_of
from takedown.errors import IntegrityError
from takedown.seal import SEAL_LIMIT
from takedown.sealing import Signer, TimeStampAuthority, Token, stamp_all
from takedown.times import from_text

_OWN_LABELS = {"bagging-date", "payload-oxum"}
_TOKEN = ("tsq", "tsr")


@dataclass(frozen=True)
class Member:
    """One payload file, opened when its turn comes."""

    path: str
    """Below the bag: ``data/…``."""
    size: int
    read: Callable[[], Iterable[bytes]]
    sha256: str | None = None
    """What the bytes must hash to, where that is on record."""

    @classmethod
    def of(cls, path: str, data: bytes) -> Member:
        """Make a member of bytes at hand."""
        return cls(path, len(data), lambda: (data,), canonical.sha256(data))


@dataclass(frozen=True)
class BundleResult:
    """What was written."""

    name: str
    """Of the top folder; the file is ``<name>.zip``."""
    sha256: str
    """Of the whole archive."""
    bytes: int
    payload_oxum: str
    """``<octets>.<files>`` of the payload."""
    file_count: int
    """Of all files in the archive."""
    tagmanifest_sha256: str
    tokens: tuple[BundleToken, ...]
    """The time stamps over the bundle, gaps among them."""


def write_bundle(
    out: BinaryIO,
    name: str,
    payload: Iterable[Member],
    *,
    info: dict[str, str],
    signer: Signer,
    authorities: Sequence[TimeStampAuthority],
    now: str,
) -> BundleResult:
    """Write one bundle.

    Parameters
    ----------
    out
        An empty file that can be written, read and moved about in; left at its end.
    name
        Of the single top folder, ``<CASE>_<UTC>`` (see `names.stamp_of`).
    payload
        The files below ``data/``; in the archive they stand by their names (see `names.member_rank`).
    info
        Further labels of ``bag-info.txt``; ``Bagging-Date`` and ``Payload-Oxum`` are made here.
    now
        When the bundle is made; also the date of every file in the archive, so the same case gives the same bytes
        (signatures and time stamps apart).

    Raises
    ------
    IntegrityError
        An unsafe or repeated name, or bytes that are not those on record. What was written so far is not a bundle.
    """
    if not require_safe(name).endswith(f"_{stamp_of(from_text(now))}"):
        raise IntegrityError(f"{name!r} does not end in the time of the export")
    with ThreadPoolExecutor(1) as pool:
        archive = _Archive(out, name, now, pool)
        tags = {"bagit.txt": archive.add(Member.of("bagit.txt", DECLARATION))}
        listed: dict[str, Facts] = {}
        for member in sorted(payload, key=lambda member: member.path):
            if not member.path.startswith("data/"):
                raise IntegrityError(f"{member.path!r} is not below data/")
            listed[member.path] = archive.add(member)
        oxum = f"{sum(facts.size for facts in listed.values())}.{len(listed)}"
        documents = {
            "bag-info.txt": _bag_info({**info, "Bagging-Date": now[:10], "Payload-Oxum": oxum}, info),
            "manifest-sha256.txt": _manifest(listed, "sha256"),
            "manifest-sha512.txt": _manifest(listed, "sha512"),
            KEY: signer.public_key_pem,
        }
        for path, data in documents.items():
            tags[path] = archive.add(Member.of(path, data))
        signed = _manifest(tags, "sha256")
        if len(signed) > SEAL_LIMIT:
            raise IntegrityError(
                f"{TAGMANIFEST} has {len(signed)} bytes; the signing service takes at most {SEAL_LIMIT}"
            )
        archive.add(Member.of(TAGMANIFEST, signed))
        archive.add(Member.of("tagmanifest-sha512.txt", _manifest(tags, "sha512")))
        tokens = _sign(archive, signed, signer, authorities)
        archive.close()
    digest, size = _whole(out)
    return BundleResult(name, digest, size, oxum, archive.count, canonical.sha256(signed), tokens)


def _sign(
    archive: _Archive, signed: bytes, signer: Signer, authorities: Sequence[TimeStampAuthority]
) -> tuple[BundleToken, ...]:
    """Add what stands outside of every manifest: the signature over the tag manifest, and its time stamps."""
    archive.add(Member.of(f"{STAMPED}.sig", signer.sign(signed)))
    refs, answers = stamp_all(signed, authorities)
    parts = {f"{STAMPED}.{name}.{kind}": getattr(token, kind) for name, token in answers.items() for kind in _TOKEN}
    for path in sorted(parts):
        archive.add(Member.of(path, parts[path]))
    tokens = [BundleToken(**dict(ref), tsq_sha256=_tsq_digest(answers.get(ref.authority))) for ref in refs]
    bound = BundleTokens(tagmanifest_sha256=canonical.sha256(signed), tokens=tokens, signer=signer.ref)
    statement = canonical.dumps(bound.model_dump(mode="json"))
    if len(statement) > SEAL_LIMIT:
        raise IntegrityError(f"tokens.json has {len(statement)} bytes; the signing service takes at most {SEAL_LIMIT}")
    archive.add(Member.of(TOKENS, statement))
    archive.add(Member.of(f"{TOKENS}.sig", signer.sign(statement)))
    return tuple(tokens)


def _tsq_digest(token: Token | None) -> str | None:
    return None if token is None else canonical.sha256(token.tsq)


def _manifest(files: dict[str, Facts], algorithm: str) -> bytes:
    """Write a manifest, sorted by path; safe names need none of RFC 8493's percent-encoding."""
    return "".join(f"{getattr(files[path], algorithm)}  {path}\n" for path in sorted(files)).encode("ascii")


def _bag_info(labels: dict[str, str], given: dict[str, str]) -> bytes:
    if taken := sorted(label for label in given if label.lower() in _OWN_LABELS):
        raise IntegrityError(f"bag-info label {taken[0]!r} is made by the writer")
    for label, value in labels.items():
        if not label or ":" in label or any(not char.isprintable() for char in label + value):
            raise IntegrityError(f"bag-info label {label!r} and its value must each be one printable line")
    return "".join(f"{label}: {value}\n" for label, value in labels.items()).encode()


def _whole(out: BinaryIO) -> tuple[str, int]:
    """Hash the archive as it lies there: the headers were completed after their files."""
    digest = hashlib.sha256()
    out.seek(0)
    while chunk := out.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest(), out.tell()


class _Archive:
    """A zip under way."""

    def __init__(self, out: BinaryIO, top: str, now: str, pool: ThreadPoolExecutor) -> None:
        self._out = out
        self._top = top
        self._stamp = zip_form.dos_stamp(from_text(now))
        self._pool = pool
        self._records: list[zip_form.Record] = []
        self._names: set[str] = set()
        self._folders: set[str] = set()

    @property
    def count(self) -> int:
        """How many files it holds."""
        return len(self._records)

    def add(self, member: Member) -> Facts:
        """Write one file.

        Raises
        ------
        IntegrityError
            Its name is unsafe or taken, or its bytes are not those on record.
        """
        require_safe(member.path)
        self._take(member.path.casefold())
        name = f"{self._top}/{member.path}"
        start = self._out.tell()
        self._out.write(zip_form.local_header(zip_form.Record(name, member.size, 0, start), self._stamp))
        digest, crc = StreamDigest(self._pool), 0
        for chunk in member.read():
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            self._out.write(chunk)
        facts = digest.facts()
        if facts.size != member.size or member.sha256 not in {None, facts.sha256}:
            raise IntegrityError(
                f"{member.path}: read {facts.size} bytes with SHA-256 {facts.sha256}, "
                f"but the record says {member.size} bytes with {member.sha256 or 'any'}"
            )
        record = zip_form.Record(name, member.size, crc, start)
        end = self._out.tell()
        self._out.seek(start)
        self._out.write(zip_form.local_header(record, self._stamp))
        self._out.seek(end)
        self._records.append(record)
        return facts

    def _take(self, path: str) -> None:
        parts = path.split("/")
        folders = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if path in self._names or path in self._folders or folders & self._names:
            raise IntegrityError(f"{path!r} stands twice in the bundle (case does not count)")
        self._names.add(path)
        self._folders |= folders

    def close(self) -> None:
        """Write the central directory."""
        start = self._out.tell()
        size = sum(self._out.write(zip_form.central_header(record, self._stamp)) for record in self._records)
        self._out.write(zip_form.end_records(len(self._records), size, start))

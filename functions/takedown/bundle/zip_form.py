"""The one form of our archive, byte for byte (APPNOTE 6.3.x; stored, no flags, no extra but zip64).

The writer emits these records and the verifier makes them again from what it read: in an archive that verifies, every
byte is that of a file, or follows from the files' names, sizes and checksums and from the time in the top folder's
name; even a date that no tool shows. One thing stays open to an outsider: each ECDSA signature has a second form
(``s`` and ``n - s`` both verify, and AWS KMS gives either), so he may put one for the other in the two signature files
that no manifest lists. That says the same thing about the same bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime

COMMENT = b"takedown.bundle/1"
"""Archive comment: says that this is our form. Another tool that packs the files anew drops it."""

LIMIT_32 = 0xFFFFFFFF
LIMIT_16 = 0xFFFF

_ZIP64_EXTRA = 0x0001
_VERSION = 20
_VERSION_ZIP64 = 45
_UNIX = 3
_FILE_MODE = 0o100644 << 16


@dataclass(frozen=True)
class Record:
    """One file of the archive."""

    name: str
    size: int
    crc32: int
    offset: int
    """Where its local header begins."""


def dos_stamp(instant: datetime) -> tuple[int, int]:
    """Return the DOS time and date of an instant, in UTC, cut to two seconds.

    Raises
    ------
    ValueError
        Before 1980 or after 2107: the field has no such years.
    """
    if not 1980 <= instant.year <= 2107:  # noqa: PLR2004 - the field's own range
        raise ValueError(f"year {instant.year} does not fit a zip date")
    time = instant.hour << 11 | instant.minute << 5 | instant.second // 2
    date = (instant.year - 1980) << 9 | instant.month << 5 | instant.day
    return time, date


def local_header(record: Record, stamp: tuple[int, int]) -> bytes:
    """Return the header that stands before a file's bytes."""
    big = record.size >= LIMIT_32
    extra = struct.pack("<2H2Q", _ZIP64_EXTRA, 16, record.size, record.size) if big else b""
    size = LIMIT_32 if big else record.size
    name = record.name.encode("ascii")
    version = _VERSION_ZIP64 if big else _VERSION
    fixed = struct.pack("<4s5H3L2H", b"PK\3\4", version, 0, 0, *stamp, record.crc32, size, size, len(name), len(extra))
    return fixed + name + extra


def central_header(record: Record, stamp: tuple[int, int]) -> bytes:
    """Return the entry of a file in the central directory."""
    big = record.size >= LIMIT_32
    far = record.offset >= LIMIT_32
    wide = ([record.size, record.size] if big else []) + ([record.offset] if far else [])
    extra = struct.pack(f"<2H{len(wide)}Q", _ZIP64_EXTRA, 8 * len(wide), *wide) if wide else b""
    size = LIMIT_32 if big else record.size
    name = record.name.encode("ascii")
    version = _VERSION_ZIP64 if wide else _VERSION
    fixed = struct.pack(
        "<4s2B5H3L5H2L",
        b"PK\1\2",
        _VERSION_ZIP64,
        _UNIX,
        version,
        0,
        0,
        *stamp,
        record.crc32,
        size,
        size,
        len(name),
        len(extra),
        0,
        0,
        0,
        _FILE_MODE,
        LIMIT_32 if far else record.offset,
    )
    return fixed + name + extra


def end_records(count: int, directory_bytes: int, directory_offset: int) -> bytes:
    """Return what stands after the central directory."""
    wide = count >= LIMIT_16 or directory_bytes >= LIMIT_32 or directory_offset >= LIMIT_32
    lead = b""
    if wide:
        end = directory_offset + directory_bytes
        lead = struct.pack(
            "<4sQ2H2L4Q",
            b"PK\6\6",
            44,
            _VERSION_ZIP64,
            _VERSION_ZIP64,
            0,
            0,
            count,
            count,
            directory_bytes,
            directory_offset,
        ) + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    entries = min(count, LIMIT_16)
    return (
        lead
        + struct.pack(
            "<4s4H2LH",
            b"PK\5\6",
            0,
            0,
            entries,
            entries,
            min(directory_bytes, LIMIT_32),
            min(directory_offset, LIMIT_32),
            len(COMMENT),
        )
        + COMMENT
    )

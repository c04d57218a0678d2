"""The archive itself: names that unpack safely, and no byte that belongs to no file."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from datetime import UTC, datetime
from typing import BinaryIO

from takedown.bundle import zip_form
from takedown.bundle.names import name_problem
from takedown.errors import BundleUnusableError, IntegrityError
from takedown.verify.report import Findings

_TOP = re.compile(r".*_(\d{8}T\d{6}Z)")
_ENCRYPTED = 0x1 | 0x40
_DESCRIPTOR = 0x8
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_EXTRAS = {0x0001, 0x000A, 0x5455, 0x5855, 0x7855, 0x7875}
"""Extra fields of a repack that only carry sizes, dates and owners. One that renames (0x7075) is not among them."""

_DESCRIPTOR_SIZES = {12, 16, 20, 24}


def check_archive(archive: zipfile.ZipFile, raw: BinaryIO, findings: Findings) -> str:
    """Check names and structure; returns the name of the top folder.

    Raises
    ------
    BundleUnusableError
        The archive is empty, or holds no single top folder.
    """
    infos = archive.infolist()
    if not infos:
        raise BundleUnusableError("the archive is empty")
    _names(infos, findings)
    tops = {info.orig_filename.split("/")[0] for info in infos}
    top = min(tops)
    if findings.failed:
        return top
    if len(tops) != 1 or any("/" not in info.orig_filename for info in infos):
        raise BundleUnusableError("a bundle has one folder at the top, and nothing beside it")
    findings.passed("archive-names", reason=f"{len(infos)} entries")
    exact = archive.comment == zip_form.COMMENT
    with findings.check(
        "archive-form", reason="byte for byte as exported" if exact else "packed anew, no hidden bytes"
    ):
        if exact:
            _exact(infos, raw, top)
        else:
            _sound(archive, infos, raw)
    return top


def _names(infos: list[zipfile.ZipInfo], findings: Findings) -> None:
    seen: set[str] = set()
    for info in infos:
        name = info.orig_filename  # `filename` is cut at a NUL: two readers could see two names
        if problem := _entry_problem(info):
            findings.fail("archive-names", name, problem)
        if name.casefold() in seen:
            findings.fail("archive-names", name, "stands twice in the archive (case does not count)")
        seen.add(name.casefold())


def _entry_problem(info: zipfile.ZipInfo) -> str | None:
    name = info.orig_filename
    mode = info.external_attr >> 16
    if problem := name_problem(name.removesuffix("/").partition("/")[2] or name.removesuffix("/")):
        return problem
    if problem := name_problem(name.partition("/")[0]):
        return problem
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "not an ordinary file: a link or a device"
    if name.endswith("/") and info.file_size:
        return "a folder with content"
    return None


def _exact(infos: list[zipfile.ZipInfo], raw: BinaryIO, top: str) -> None:
    """Make the archive's every record again, and compare: nothing else may stand in it.

    Raises
    ------
    IntegrityError
        Naming the first record that differs.
    """
    match = _TOP.fullmatch(top)
    if match is None:
        raise IntegrityError(f"the top folder is called {top!r}, not <case>_<UTC>")
    try:
        stamp = zip_form.dos_stamp(datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
    except ValueError as error:
        raise IntegrityError(f"the top folder is called {top!r}, which holds no date") from error
    position, records = 0, []
    for info in infos:
        record = zip_form.Record(info.orig_filename, info.file_size, info.CRC, position)
        _expect(raw, position, zip_form.local_header(record, stamp), f"the header of {info.orig_filename}")
        position += len(zip_form.local_header(record, stamp)) + info.file_size
        records.append(record)
    directory = b"".join(zip_form.central_header(record, stamp) for record in records)
    end = directory + zip_form.end_records(len(records), len(directory), position)
    _expect(raw, position, end, "the central directory")
    if raw.read(1):
        raise IntegrityError("bytes stand behind the end of the archive")


def _expect(raw: BinaryIO, position: int, expected: bytes, what: str) -> None:
    raw.seek(position)
    if raw.read(len(expected)) != expected:
        raise IntegrityError(f"{what} is not as it was exported")


def _sound(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], raw: BinaryIO) -> None:
    """Check an archive that another tool packed anew: both directories agree, and no byte lies between the files.

    Raises
    ------
    IntegrityError
        Naming the first difference.
    """
    if archive.comment:
        raise IntegrityError("the archive carries a comment that is not ours")
    position = 0
    ordered = sorted(infos, key=lambda info: info.header_offset)
    starts = [info.header_offset for info in ordered[1:]] + [archive.start_dir]
    for info, following in zip(ordered, starts, strict=True):
        if info.header_offset != position:
            raise IntegrityError(f"hidden bytes before {info.orig_filename}, or two files in one place")
        _local_agrees(info, raw, following)
        position = following
    raw.seek(archive.start_dir)
    for info in infos:
        name_size, extra_size, comment_size = struct.unpack("<28x3H12x", raw.read(46))
        name = raw.read(name_size)
        _extras(raw.read(extra_size), info.orig_filename)
        if comment_size or name != info.orig_filename.encode("ascii"):
            raise IntegrityError(f"the directory entry of {info.orig_filename} carries more than a name")
    if len(raw.read()) not in {22, 22 + 76}:  # the end record, with or without the two of zip64
        raise IntegrityError("bytes stand behind the central directory")


def _local_agrees(info: zipfile.ZipInfo, raw: BinaryIO, following: int) -> None:
    name = info.orig_filename
    raw.seek(info.header_offset)
    head = raw.read(30)
    if len(head) != 30 or head[:4] != b"PK\3\4":  # noqa: PLR2004 - the fixed part of a local header
        raise IntegrityError(f"{name} has no local header")
    _, flags, packing, time, date, crc, packed, size, name_size, extra_size = struct.unpack("<4x5H3L2H", head)
    if packing not in _PACKINGS:
        raise IntegrityError(f"{name} is packed in a way that is not allowed ({packing})")
    said = (datetime(1980, 1, 1, tzinfo=UTC).year + (date >> 9), date >> 5 & 15, date & 31)
    clock = (time >> 11, time >> 5 & 63, (time & 31) * 2)
    here = (raw.read(name_size), flags, packing, (*said, *clock))
    if here != (name.encode("ascii"), info.flag_bits, info.compress_type, info.date_time):
        raise IntegrityError(f"{name}: the two directories of the archive disagree")
    _extras(raw.read(extra_size), name)
    slack = following - raw.tell() - info.compress_size
    if flags & _DESCRIPTOR:
        if slack not in _DESCRIPTOR_SIZES:
            raise IntegrityError(f"hidden bytes behind {name}")
        return
    wide = zip_form.LIMIT_32
    if slack or crc != info.CRC or packed not in {info.compress_size, wide} or size not in {info.file_size, wide}:
        raise IntegrityError(f"{name}: the two directories of the archive disagree")


def _extras(data: bytes, name: str) -> None:
    while data:
        if len(data) < 4:  # noqa: PLR2004 - id and size of an extra field
            raise IntegrityError(f"{name}: a broken extra field")
        kind, size = struct.unpack("<2H", data[:4])
        if kind not in _EXTRAS or len(data) < 4 + size:
            raise IntegrityError(f"{name}: an extra field that may hide or rename content (0x{kind:04x})")
        data = data[4 + size :]

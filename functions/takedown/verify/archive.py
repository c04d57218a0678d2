"""The archive itself: in our one form, byte for byte, or not read at all.

Another tool's zip is refused, not judged: a compressed stream that is longer than what is said of it, or a folder
entry with bytes behind it, is unpacked in one way by one tool and in another way by the next. Unpacked, it can be
verified as a folder: then what was unpacked is what is judged.
"""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from typing import BinaryIO

from takedown.bundle import zip_form
from takedown.bundle.names import member_rank, name_problem
from takedown.errors import BundleUnusableError, IntegrityError
from takedown.verify.report import Findings

_TOP = re.compile(r".*_(\d{8}T\d{6}Z)")


def check_archive(archive: zipfile.ZipFile, raw: BinaryIO, findings: Findings) -> str:
    """Check names and form; returns the name of the top folder.

    Raises
    ------
    BundleUnusableError
        The archive is empty, is not in our form, or holds no single top folder.
    """
    infos = archive.infolist()
    if not infos:
        raise BundleUnusableError("the archive is empty")
    if archive.comment != zip_form.COMMENT:
        raise BundleUnusableError(
            "a repacked archive, which tools may unpack in different ways: unpack it and verify the folder"
        )
    _names(infos, findings)
    tops = {info.orig_filename.split("/")[0] for info in infos}
    top = min(tops)
    if findings.failed:
        return top
    if len(tops) != 1 or any("/" not in info.orig_filename for info in infos):
        raise BundleUnusableError("a bundle has one folder at the top, and nothing beside it")
    findings.passed("archive-names", reason=f"{len(infos)} entries")
    with findings.check("archive-form", reason="as exported"):
        _exact(infos, raw, top)
    return top


def _names(infos: list[zipfile.ZipInfo], findings: Findings) -> None:
    seen: set[str] = set()
    for info in infos:
        name = info.orig_filename  # `filename` is cut at a NUL: two readers could see two names
        top, _, path = name.partition("/")
        if problem := name_problem(top) or (name_problem(path) if path else None):
            findings.fail("archive-names", name, problem)
        if name.casefold() in seen:
            findings.fail("archive-names", name, "stands twice in the archive (case does not count)")
        seen.add(name.casefold())


def _exact(infos: list[zipfile.ZipInfo], raw: BinaryIO, top: str) -> None:
    """Make the archive's every record again, and compare: nothing else may stand in it.

    So no entry is compressed, encrypted, a link or a folder, and none lies over another: our records say none of that.

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
    order = [info.orig_filename.partition("/")[2] for info in infos]
    if order != sorted(order, key=member_rank):
        raise IntegrityError("the files stand in another order than they are exported in")


def _expect(raw: BinaryIO, position: int, expected: bytes, what: str) -> None:
    raw.seek(position)
    if raw.read(len(expected)) != expected:
        raise IntegrityError(f"{what} is not as it was exported")

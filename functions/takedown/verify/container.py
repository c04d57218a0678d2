"""A bundle as files: a zip, or the folder it was unpacked into."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from takedown.bundle.digests import CHUNK
from takedown.bundle.names import name_problem
from takedown.errors import BundleUnusableError, IntegrityError
from takedown.verify.archive import check_archive
from takedown.verify.limits import Limits
from takedown.verify.report import Findings

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    NotImplementedError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises on hostile input, collected from its source."""


class Container(Protocol):
    """Files by their path below the top folder."""

    @property
    def name(self) -> str | None:
        """Of the top folder; None where it may have been renamed since."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Path to size."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """Read one file.

        Raises
        ------
        IntegrityError
            It cannot be read as it stands.
        """


class ZipContainer:
    """A zip that was found to be in our form."""

    def __init__(self, archive: zipfile.ZipFile, top: str) -> None:
        self._archive = archive
        self._infos = {info.filename.removeprefix(f"{top}/"): info for info in archive.infolist()}
        self.name: str | None = top
        self.sizes: Mapping[str, int] = {path: info.file_size for path, info in self._infos.items()}

    def chunks(self, path: str) -> Iterator[bytes]:
        """Read one file, its CRC-32 checked."""
        try:
            with self._archive.open(self._infos[path]) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except _ZIP_ERRORS as error:
            raise IntegrityError(f"cannot be read from the archive: {error}") from error


class FolderContainer:
    """An unpacked bundle. Links are not followed: they would let a file stand outside."""

    def __init__(self, folder: Path, sizes: Mapping[str, int]) -> None:
        self._folder = folder
        self.name: str | None = None
        self.sizes = sizes

    def chunks(self, path: str) -> Iterator[bytes]:
        """Read one file."""
        try:
            with (self._folder / path).open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise IntegrityError(f"cannot be read: {error.strerror}") from error


@contextmanager
def open_container(path: Path, limits: Limits, findings: Findings) -> Iterator[Container | None]:
    """Open a bundle; None where it is not safe to read on, with the reason among the findings.

    Raises
    ------
    BundleUnusableError
        Not a bundle, or beyond the limits.
    """
    if path.is_dir():
        yield _folder(path, limits, findings)
        return
    if not path.is_file():
        raise BundleUnusableError("there is no such file or folder")
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        raise BundleUnusableError(f"not a zip that can be read ({error})") from error
    with archive, path.open("rb") as raw:
        _limit({info.filename: info.file_size for info in archive.infolist()}, limits)
        top = check_archive(archive, raw, findings)
        yield None if findings.failed else ZipContainer(archive, top)


def _folder(path: Path, limits: Limits, findings: Findings) -> Container | None:
    if not any((path / mark).exists() for mark in ("bagit.txt", "data", "manifest-sha256.txt")):
        raise BundleUnusableError("the folder holds no bag (no bagit.txt, no data)")
    sizes: dict[str, int] = {}
    try:
        for entry in _walk(path):
            name = entry.removeprefix(f"{path}{os.sep}").replace(os.sep, "/")
            mode = os.lstat(entry)
            if not stat.S_ISREG(mode.st_mode):
                findings.fail("archive-names", name, "not an ordinary file: a link or a device")
            elif problem := name_problem(name):
                findings.fail("archive-names", name, problem)
            sizes[name] = mode.st_size
    except OSError as error:
        raise BundleUnusableError(f"cannot be read: {error.strerror}") from error
    _limit(sizes, limits)
    if findings.failed:
        return None
    findings.passed("archive-names", reason=f"{len(sizes)} files")
    return FolderContainer(path, sizes)


def _walk(folder: Path) -> Iterator[str]:
    def stop(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=stop):
        linked = [name for name in folders if os.path.islink(os.path.join(parent, name))]  # noqa: PTH114, PTH118 - as os.walk gives them
        for name in [*files, *linked]:
            yield os.path.join(parent, name)  # noqa: PTH118 - Path would normalise what has to be judged


def _limit(sizes: Mapping[str, int], limits: Limits) -> None:
    for name, size in sizes.items():
        if size > limits.member:
            raise BundleUnusableError(f"{name} has {size} bytes, more than the limit of {limits.member} for one file")
    if (total := sum(sizes.values())) > limits.total:
        raise BundleUnusableError(f"{total} bytes unpacked, more than the limit of {limits.total}")

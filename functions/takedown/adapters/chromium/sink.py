"""Where a capture's files go. `capture_page` only ever adds; it can neither look nor replace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from takedown.capture import ARTIFACT_NAMES
from takedown.errors import AlreadyExistsError, IntegrityError


class Sink(Protocol):
    """Takes the files of one capture."""

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Write one file, whole, under a name that is not taken.

        Raises
        ------
        AlreadyExistsError
            The name is taken; nothing was written.
        IntegrityError
            It is no name of `ARTIFACT_NAMES`; nothing was written.
        """


class DirectorySink:
    """A folder on this machine.

    Parameters
    ----------
    folder
        Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, path: str, data: bytes, media_type: str) -> None:  # noqa: ARG002 - a folder keeps no media types
        """Write a new file and have it on the disk before returning. See `Sink.put`."""
        write_new(self.folder / own_name(path), data)


def own_name(path: str) -> str:
    """Return a name that a capture may write.

    Raises
    ------
    IntegrityError
        It may not: the names around a capture, a seal's above all, are not the capture's to take.
    """
    if path not in ARTIFACT_NAMES:
        raise IntegrityError(f"{path!a} is no file of a capture")
    return path


def write_new(target: Path, data: bytes) -> None:
    """Write a new file into a folder that is there, and have both on the disk before returning.

    Raises
    ------
    AlreadyExistsError
        The name is taken; nothing was written.
    """
    try:
        with target.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise AlreadyExistsError(f"{target} is taken; evidence is never overwritten") from error
    # The name, too, is only safe once its folder is on the disk.
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""Where a capture's files go. `capture_page` only ever adds; it can neither look nor replace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from takedown.errors import AlreadyExistsError


class Sink(Protocol):
    """Takes the files of one capture."""

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Write one file, whole, under a name that is not taken.

        Raises
        ------
        AlreadyExistsError
            The name is taken; nothing was written.
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
        target = self.folder / path
        target.parent.mkdir(exist_ok=True)
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

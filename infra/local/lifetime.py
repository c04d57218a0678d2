"""How the local cloud's traces end with it: its folder, and the signals that stop it."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="takedown-"))
    try:
        yield folder
    finally:
        # A browser that was just killed may still be letting go of its files.
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sigterm_as_exit() -> Iterator[None]:
    """Let SIGTERM end the program by way of every ``finally``, where nobody else handles it."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is signal's
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

"""Which names a bundle may hold: every file system takes them, no unpacker can be led astray by them."""

from __future__ import annotations

import re

from takedown.errors import IntegrityError

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Windows opens a device under these names, whatever their extension."""

MAX_PATH = 250
"""Characters of a whole path; with a short folder around it, it stays below what old Windows programs open."""


def name_problem(path: str) -> str | None:
    """Say why `path` may not stand in a bundle, or None where it may."""
    if len(path) > MAX_PATH:
        return f"longer than {MAX_PATH} characters"
    for segment in path.split("/"):
        if segment in {"", ".", ".."}:
            return "absolute, or with an empty, '.' or '..' part"
        if not _SEGMENT.fullmatch(segment) or segment.endswith("."):
            return "holds characters outside A-Z a-z 0-9 . _ - (or begins or ends with a dot)"
        if _DEVICES.fullmatch(segment):
            return f"{segment!r} is a device on Windows"
    return None


def require_safe(path: str) -> str:
    """Return `path` where it is a safe name.

    Raises
    ------
    IntegrityError
        It is not; nothing is renamed silently.
    """
    if problem := name_problem(path):
        raise IntegrityError(f"{path!r} cannot be a name in a bundle: {problem}")
    return path

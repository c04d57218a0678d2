"""Which names a bundle may hold: every file system takes them, no unpacker can be led astray by them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from takedown.errors import IntegrityError

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
"""`bagit.txt`, byte for byte."""

TAGMANIFEST = "tagmanifest-sha256.txt"
"""What is signed: it holds the digests of the manifests, which hold those of the payload."""

KEY = "signatures/signing-key.pem"
TOKENS = "signatures/tokens.json"
STAMPED = f"signatures/{TAGMANIFEST}"
"""Stem of the files that sign and stamp the tag manifest: ``.sig``, ``.<authority>.tsq``, ``.<authority>.tsr``."""

TAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt", KEY)
"""What the tag manifests list. RFC 8493 bars them from listing each other; what signs them comes after them."""

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Windows opens a device under these names, whatever their extension."""

MAX_PATH = 250
"""Characters of a whole path; with a short folder around it, it stays below what old Windows programs open."""


_ORDER = (
    "bagit.txt",
    "data/",
    "bag-info.txt",
    "manifest-sha256.txt",
    "manifest-sha512.txt",
    KEY,
    TAGMANIFEST,
    "tagmanifest-sha512.txt",
    f"{STAMPED}.sig",
    f"{STAMPED}.",
    TOKENS,
    f"{TOKENS}.sig",
)
"""How the files follow each other in the archive: what is signed before what signs it."""

SEAL_FILES = frozenset({"capture.json", "seal.json", "seal.json.sig", "stored.json", "signing-key.pem"})
"""What stands beside a capture's own files once it is sealed; besides, two files for each time stamp."""

_TOKEN = re.compile(r"capture\.json\..*\.ts[qr]")

_CAPTURE_FOLDER = f"data/captures/{'0' * 32}/"
"""As long as the folder of any capture: its id has at most 32 characters."""


def stamp_of(instant: datetime) -> str:
    """Write an instant (in UTC) as it stands in the name of a bundle: ``20261123T200000Z``."""
    return f"{instant:%Y%m%dT%H%M%SZ}"


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


def member_rank(path: str) -> tuple[int, str]:
    """Return what to sort the files of a bundle by; within a group they stand by their names.

    Examples
    --------
    >>> sorted(["bag-info.txt", "data/b", "bagit.txt", "data/a"], key=member_rank)
    ['bagit.txt', 'data/a', 'data/b', 'bag-info.txt']
    """
    if path in _ORDER:
        return _ORDER.index(path), path
    group = next((start for start in ("data/", f"{STAMPED}.") if path.startswith(start)), None)
    return (len(_ORDER) if group is None else _ORDER.index(group)), path


def name_clash(paths: Iterable[str]) -> str | None:
    """Say which two of these paths no file system could hold together, or None where all of them can be."""
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        plain = path.casefold()
        parts = plain.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if plain in files:
            return f"{path!r} stands twice (case does not count)"
        if plain in folders or above & files:
            return f"{path!r} is a file and a folder at once (case does not count)"
        files.add(plain)
        folders |= above
    return None


def artifact_problem(names: Iterable[str]) -> str | None:
    """Say why a capture with files of these names could not leave in a bundle, or None where it could.

    Asked before a capture is sealed: one that cannot leave would keep its whole case from leaving.

    Parameters
    ----------
    names
        Of the capture's own files, as `capture.json` lists them; `capture.json` itself is not among them.

    Examples
    --------
    >>> artifact_problem(["page.html", "screenshot-full.png"])
    >>> artifact_problem(["seal.json"])
    "'seal.json' is kept for the seal"
    >>> artifact_problem(["page.html", "aux.png"])
    "'aux.png' cannot be a name in a bundle: 'aux.png' is a device on Windows"
    """
    listed = list(names)
    for name in listed:
        if problem := name_problem(_CAPTURE_FOLDER + name):
            return f"{name!r} cannot be a name in a bundle: {problem}"
        first = name.casefold().partition("/")[0]
        if first in SEAL_FILES or _TOKEN.fullmatch(first):
            return f"{name!r} is kept for the seal"
    return name_clash(listed)

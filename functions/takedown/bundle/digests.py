"""Both digests of a stream in one pass."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

CHUNK = 1 << 20
"""How much is read at once."""

_WORTH_A_THREAD = 1 << 17
"""Below this, handing over costs more than hashing."""


@dataclass(frozen=True)
class Facts:
    """Size and digests of one file."""

    size: int
    sha256: str
    sha512: str


class StreamDigest:
    """Digests of one stream, fed in chunks.

    Parameters
    ----------
    pool
        Where the second digest of large chunks runs: `hashlib` lets go of the interpreter lock. Without one, both
        run here.
    """

    def __init__(self, pool: ThreadPoolExecutor | None = None) -> None:
        self._pool = pool
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self.size = 0

    def update(self, chunk: bytes) -> None:
        """Take in one chunk."""
        self.size += len(chunk)
        if self._pool is None or len(chunk) < _WORTH_A_THREAD:
            self._sha512.update(chunk)
            self._sha256.update(chunk)
            return
        other = self._pool.submit(self._sha512.update, chunk)
        self._sha256.update(chunk)
        other.result()

    def facts(self) -> Facts:
        """Return what was found."""
        return Facts(self.size, self._sha256.hexdigest(), self._sha512.hexdigest())

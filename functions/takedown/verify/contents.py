"""The files of a bundle with their digests, each read once, and its documents."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from takedown import canonical
from takedown.bundle.digests import Facts, StreamDigest
from takedown.errors import IntegrityError
from takedown.verify.container import Container
from takedown.verify.limits import Limits
from takedown.verify.report import Findings

M = TypeVar("M", bound=BaseModel)

LINE_LIMIT = 1 << 20
"""Bytes of one line of a record."""


class Contents:
    """What the checks read from."""

    def __init__(self, container: Container, limits: Limits, findings: Findings) -> None:
        self._container = container
        self._limits = limits
        self.findings = findings
        self.name = container.name
        self.facts = self._inventory()

    def _inventory(self) -> Mapping[str, Facts]:
        """Hash every file, several at a time: `hashlib` and the file system let go of the interpreter lock."""
        paths = sorted(self._container.sizes)
        found: dict[str, Facts] = {}
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            for path, facts in zip(paths, pool.map(self._hash, paths), strict=True):
                if isinstance(facts, Facts):
                    found[path] = facts
                else:
                    self.findings.fail("readable", path, facts)
        if len(found) == len(paths):
            self.findings.passed("readable", reason=f"{len(found)} files")
        return found

    def _hash(self, path: str) -> Facts | str:
        digest = StreamDigest()
        try:
            for chunk in self._container.chunks(path):
                digest.update(chunk)
        except IntegrityError as error:
            return str(error)
        return digest.facts()

    def require(self, path: str) -> Facts:
        """Return the facts of a file.

        Raises
        ------
        IntegrityError
            It is missing.
        """
        try:
            return self.facts[path]
        except KeyError:
            raise IntegrityError(f"{path} is missing") from None

    def read(self, path: str) -> bytes:
        """Read a document whole, the same bytes that were hashed.

        Raises
        ------
        IntegrityError
            It is missing, too large for a document, or changed since it was hashed.
        """
        facts = self.require(path)
        if facts.size > self._limits.document:
            raise IntegrityError(f"{path} has {facts.size} bytes, too many for a document")
        data = b"".join(self._container.chunks(path))
        if canonical.sha256(data) != facts.sha256:
            raise IntegrityError(f"{path} changed while it was read")
        return data

    def document(self, path: str, model: type[M]) -> M:
        """Read a canonical JSON document.

        Raises
        ------
        IntegrityError
            It is missing, not in canonical form, or not of this kind.
        """
        return parse(path, self.read(path), model)

    def lines(self, path: str) -> Iterator[bytes]:
        """Read a record line by line, without line ends.

        Raises
        ------
        IntegrityError
            It is missing, a line is longer than any of ours, or the last one has no end.
        """
        facts = self.require(path)
        digest, rest = hashlib.sha256(), b""
        for chunk in self._container.chunks(path):
            digest.update(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if len(rest) > LINE_LIMIT:
                raise IntegrityError(f"{path}: a line of more than {LINE_LIMIT} bytes")
        if rest:
            raise IntegrityError(f"{path}: the last line has no end")
        if digest.hexdigest() != facts.sha256:
            raise IntegrityError(f"{path} changed while it was read")

    def below(self, folder: str) -> dict[str, list[str]]:
        """Return the sub-folders of ``folder/`` with the paths inside each; a file right below stands under ''."""
        found: dict[str, list[str]] = {}
        for path in self.facts:
            if path.startswith(f"{folder}/"):
                head, slash, tail = path[len(folder) + 1 :].partition("/")
                found.setdefault(head if slash else "", []).append(tail if slash else head)
        return found


def parse(path: str, data: bytes, model: type[M]) -> M:
    """Read a canonical JSON document from its bytes.

    Raises
    ------
    IntegrityError
        Not in canonical form, or not of this kind.
    """
    try:
        value: Any = canonical.loads(data)
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise IntegrityError(f"{path}: {place or 'the document'}: {first['msg']}") from error
    except (IntegrityError, RecursionError) as error:
        raise IntegrityError(f"{path}: {error}") from error

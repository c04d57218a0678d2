"""The bag (RFC 8493): declaration, manifests in both directions, nothing unlisted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from takedown.bundle.names import DECLARATION, TAG_FILES, name_problem
from takedown.errors import IntegrityError
from takedown.verify.contents import Contents

_LINE = re.compile(r"([0-9a-f]+)  (\S+)")
_HEX = {"sha256": 64, "sha512": 128}


def check_bag(contents: Contents, signatures: Collection[str]) -> None:
    """Check everything that BagIt promises.

    Parameters
    ----------
    signatures
        The files that may stand outside of the tag manifests because they sign them.
    """
    findings = contents.findings
    payload = [path for path in contents.facts if path.startswith("data/")]
    with findings.check("bag-declaration", "bagit.txt"):
        if contents.read("bagit.txt") != DECLARATION:
            raise IntegrityError("bagit.txt does not declare BagIt 1.0 in UTF-8")
    with findings.check("bag-info", "bag-info.txt"):
        _check_info(contents, payload)
    for algorithm in _HEX:
        _check_manifest(contents, f"manifest-{algorithm}.txt", algorithm, payload)
    tags = [path for path in contents.facts if not path.startswith("data/") and path not in signatures]
    for algorithm in _HEX:
        _check_manifest(contents, f"tagmanifest-{algorithm}.txt", algorithm, tags, required=TAG_FILES)


def _check_info(contents: Contents, payload: Iterable[str]) -> None:
    labels: dict[str, str] = {}
    for line in contents.read("bag-info.txt").decode("utf-8", "replace").splitlines():
        label, colon, value = line.partition(": ")
        if not colon or label in labels:
            raise IntegrityError(f"a line that is no label, or one given twice: {line[:80]!r}")
        labels[label] = value
    facts = [contents.facts[path] for path in payload]
    oxum = f"{sum(item.size for item in facts)}.{len(facts)}"
    if labels.get("Payload-Oxum") != oxum:
        raise IntegrityError(f"Payload-Oxum says {labels.get('Payload-Oxum')}, but the payload is {oxum}")
    name = labels.get("External-Identifier")
    if contents.name is not None and name is not None and contents.name != name:
        raise IntegrityError(f"the top folder is called {contents.name}, but was exported as {name}")


def _check_manifest(
    contents: Contents, manifest: str, algorithm: str, present: Iterable[str], *, required: Iterable[str] = ()
) -> None:
    """Check one manifest in both directions; each file that differs is named."""
    findings = contents.findings
    name = manifest.removesuffix(".txt")
    try:
        listed = _read(contents, manifest, _HEX[algorithm])
    except IntegrityError as error:
        findings.fail(name, manifest, str(error))
        return
    before = len(findings.checks)
    for path in sorted({*listed, *required}):
        facts = contents.facts.get(path)
        if path not in listed:
            findings.fail(name, path, f"not listed in {manifest}")
        elif facts is None:
            findings.fail(name, path, "listed, but missing")
        elif getattr(facts, algorithm) != listed[path]:
            findings.fail(name, path, f"its {algorithm.upper()} is not the one in {manifest}: the file was changed")
    for path in sorted(set(present) - listed.keys()):
        findings.fail(name, path, f"not listed in {manifest}: the file was added")
    if len(findings.checks) > before:
        return
    with findings.check(name, manifest, f"{len(listed)} files"):
        # No signature covers the second tag manifest: it has to follow from the files, to the last byte.
        if contents.read(manifest) != "".join(f"{listed[path]}  {path}\n" for path in sorted(listed)).encode():
            raise IntegrityError("its lines are not in the form that is exported: sorted by path")


def _read(contents: Contents, manifest: str, width: int) -> dict[str, str]:
    text = contents.read(manifest).decode("utf-8", "replace")
    if text and not text.endswith("\n"):
        raise IntegrityError("the last line has no end")
    listed: dict[str, str] = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        match = _LINE.fullmatch(line)
        if match is None or len(match[1]) != width:
            raise IntegrityError(f"line {number} is not a digest, two spaces and a path")
        if name_problem(match[2]) or match[2] in listed:
            raise IntegrityError(f"line {number} names {match[2]!r}, which is unsafe or listed twice")
        listed[match[2]] = match[1]
    return listed

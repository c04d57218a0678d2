"""Runs every check over one bundle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from takedown.bundle.documents import ExportedCase, Observation, WithheldList
from takedown.errors import IntegrityError
from takedown.verify.bag import check_bag
from takedown.verify.captures import check_captures
from takedown.verify.container import open_container
from takedown.verify.contents import Contents, parse
from takedown.verify.custody import check_custody
from takedown.verify.limits import Limits
from takedown.verify.report import Findings, Report
from takedown.verify.signature import check_signature
from takedown.verify.trust import Trust, load_trust

_DEFAULT = Limits()


def verify_bundle(
    path: Path | str,
    *,
    roots: Iterable[Path | str] = (),
    key_fingerprints: Sequence[str] = (),
    limits: Limits = _DEFAULT,
) -> Report:
    """Verify a bundle, zipped or unpacked.

    Parameters
    ----------
    roots
        PEM files with root certificates of time-stamp authorities, **from outside** of the bundle.
    key_fingerprints
        SHA-256 of the DER SubjectPublicKeyInfo of the keys that may have signed, **from outside** of the bundle.

    Returns
    -------
    Report
        Every check with its result; `exit_code` is 0 verified, 1 tampered or broken, 2 intact but trust not
        established.

    Raises
    ------
    BundleUnusableError
        Not a bundle that can be read, or beyond the limits.
    InputError
        A root or a fingerprint cannot be used.
    """
    bundle = Path(path)
    trust = load_trust([Path(root) for root in roots], key_fingerprints, bundle=bundle)
    findings = Findings()
    with open_container(bundle, limits, findings) as container:
        if container is None:
            findings.skip("contents", "", "not read: the archive is not safe to unpack")
            return findings.report(bundle.name, signing_key=None, files=0, withheld=0)
        contents = Contents(container, limits, findings)
        return _check(bundle.name, contents, trust)


def _check(name: str, contents: Contents, trust: Trust) -> Report:
    key, outside = check_signature(contents, trust)
    check_bag(contents, outside)
    case = _case(contents)
    withheld = _withheld(contents)
    seals = check_captures(contents, case, withheld, trust)
    check_custody(contents, case, seals, withheld)
    with contents.findings.check("observations", "data/status/observations.jsonl"):
        _observations(contents, case)
    fingerprint = None if key is None else key.fingerprint
    return contents.findings.report(name, signing_key=fingerprint, files=len(contents.facts), withheld=len(withheld))


def _case(contents: Contents) -> ExportedCase | None:
    try:
        case = contents.document("data/case.json", ExportedCase)
    except IntegrityError as error:
        contents.findings.fail("case", "data/case.json", str(error))
        return None
    contents.findings.passed("case", "data/case.json", case.case_id)
    return case


def _withheld(contents: Contents) -> dict[str, str]:
    """Read what is declared as withheld; it may not be here as well."""
    declared: dict[str, str] = {}
    with contents.findings.check("withheld", "data/withheld.json"):
        for item in contents.document("data/withheld.json", WithheldList).withheld:
            if item.path in contents.facts:
                raise IntegrityError(f"{item.path} is declared as withheld, but is here")
            declared[item.path] = item.sha256
    return declared


def _observations(contents: Contents, case: ExportedCase | None) -> None:
    path = "data/status/observations.jsonl"
    listings = {listing.listing_id for listing in case.listings} if case else None
    for number, line in enumerate(contents.lines(path), 1):
        seen = parse(f"line {number}", line, Observation)
        if case is not None and (seen.tenant, seen.case_id) != (case.tenant, case.case_id):
            raise IntegrityError(f"line {number} is of another case")
        if listings is not None and seen.listing_id not in listings:
            raise IntegrityError(f"line {number} is of a listing that is not in the case")

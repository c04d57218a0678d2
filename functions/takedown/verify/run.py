"""Runs every check over one bundle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from takedown.bundle.documents import ExportedCase, WithheldList
from takedown.bundle.names import stamp_of
from takedown.errors import InputError, IntegrityError
from takedown.times import from_text
from takedown.verify.bag import check_bag
from takedown.verify.captures import check_captures
from takedown.verify.container import open_container
from takedown.verify.contents import Contents
from takedown.verify.custody import check_custody
from takedown.verify.limits import Limits
from takedown.verify.listings import Documents, check_listings, check_observations
from takedown.verify.notices import check_notices
from takedown.verify.page import check_page
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
    check_page(contents, withheld)
    captures = check_captures(contents, case, withheld, trust)
    told = check_custody(contents, case, captures, withheld)
    notices = check_notices(contents, case, captures, told, withheld) if told else {}
    documents = Documents(case, captures, notices, told, withheld)
    check_observations(contents, documents)
    check_listings(contents, documents)
    fingerprint = None if key is None else key.fingerprint
    return contents.findings.report(name, signing_key=fingerprint, files=len(contents.facts), withheld=len(withheld))


def _case(contents: Contents) -> ExportedCase | None:
    try:
        case = contents.document("data/case.json", ExportedCase)
    except IntegrityError as error:
        contents.findings.fail("case", "data/case.json", str(error))
        return None
    with contents.findings.check("case", "data/case.json", case.case_id):
        try:
            name = f"{case.case_id}_{stamp_of(from_text(case.exported_at))}"
        except InputError as error:
            raise IntegrityError(str(error)) from error
        if contents.name not in {None, name}:
            raise IntegrityError(f"exported as {name}, but the top folder is called {contents.name}")
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

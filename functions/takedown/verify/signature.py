"""The signature over the tag manifest, and the statement that binds its time stamps."""

from __future__ import annotations

from takedown import canonical
from takedown.bundle.documents import BundleTokens
from takedown.bundle.names import KEY, STAMPED, TAGMANIFEST, TOKENS
from takedown.errors import IntegrityError
from takedown.verify.contents import Contents, parse
from takedown.verify.stamps import Stamp, check_stamps
from takedown.verify.trust import SigningKey, Trust


def check_signature(contents: Contents, trust: Trust) -> tuple[SigningKey | None, set[str]]:
    """Check what signs the bag.

    Returns
    -------
    tuple[SigningKey | None, set[str]]
        The key, and the files that stand outside of the tag manifests with good reason.
    """
    findings = contents.findings
    outside = {TAGMANIFEST, "tagmanifest-sha512.txt", f"{STAMPED}.sig", TOKENS, f"{TOKENS}.sig"}
    try:
        key = SigningKey.load(contents.read(KEY))
    except IntegrityError as error:
        findings.fail("signing-key", KEY, str(error))
        return None, outside
    trust.check_key(findings, "bundle", key.fingerprint)
    with findings.check("bundle-signature", f"{STAMPED}.sig", f"over {TAGMANIFEST}"):
        key.verify(contents.read(f"{STAMPED}.sig"), contents.read(TAGMANIFEST))
    try:
        bound = _bound_tokens(contents, key)
        stamped = contents.read(TAGMANIFEST)
    except IntegrityError as error:
        findings.fail("bundle-tokens", TOKENS, str(error))
        return key, outside
    findings.passed("bundle-tokens", TOKENS)
    stamps = []
    for token in bound.tokens:
        tsq, tsr = (f"{STAMPED}.{token.authority}.{kind}" for kind in ("tsq", "tsr"))
        stamps.append(Stamp(token, tsq, tsr, stamped))
        if token.sha256 is not None:
            outside |= {tsq, tsr}
            with findings.check("bundle-tokens", tsq):
                if contents.require(tsq).sha256 != token.tsq_sha256:
                    raise IntegrityError("not the request whose SHA-256 was signed")
    check_stamps("bundle-time-stamp", "", contents, stamps, trust)
    return key, outside


def _bound_tokens(contents: Contents, key: SigningKey) -> BundleTokens:
    statement = contents.read(TOKENS)
    key.verify(contents.read(f"{TOKENS}.sig"), statement)
    bound = parse(TOKENS, statement, BundleTokens)
    if bound.tagmanifest_sha256 != canonical.sha256(contents.read(TAGMANIFEST)):
        raise IntegrityError(f"{TOKENS} is of another bundle: it names another tag manifest")
    if bound.signer.fingerprint != key.fingerprint:
        raise IntegrityError(f"{TOKENS} names another key than the one that signed it")
    return bound

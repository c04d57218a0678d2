"""RFC 3161 time stamps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ObjectIdentifier
from rfc3161_client import (
    TimeStampRequest,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client._rust import parse_timestamp_request

from takedown import canonical
from takedown.errors import IntegrityError
from takedown.seal import TokenRef
from takedown.times import to_text
from takedown.verify.contents import Contents
from takedown.verify.report import Findings
from takedown.verify.trust import Trust

_DIGESTS: dict[ObjectIdentifier, Callable[[bytes], str]] = {
    ObjectIdentifier("2.16.840.1.101.3.4.2.1"): canonical.sha256,
    ObjectIdentifier("2.16.840.1.101.3.4.2.3"): canonical.sha512,
}
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)
"""What the parsers raise on hostile DER; of these only `ValueError` is told in their documentation."""

_UNKNOWN_ISSUER = re.compile("unable to get (local )?issuer certificate|self[- ]signed certificate")


class UnknownRootError(Exception):
    """The token is sound in itself, but leads to none of the roots that were given."""


@dataclass(frozen=True)
class Stamp:
    """One time stamp to be checked."""

    ref: TokenRef
    tsq: str
    """Path of the request."""
    tsr: str
    """Path of the response."""
    data: bytes
    """What was stamped."""


def check_stamps(name: str, subject: str, contents: Contents, stamps: Sequence[Stamp], trust: Trust) -> None:
    """Check all time stamps over one thing.

    One that verifies to a given root proves the time; then another whose root was not given stays open. Where roots
    were given and none of the time stamps leads to any, that is a failure: a rogue authority looks like this.
    """
    findings = contents.findings
    proven = 0
    unknown: list[tuple[str, str]] = []
    for stamp in stamps:
        label = f"{subject} {stamp.ref.authority}".strip()
        if stamp.ref.sha256 is None:
            findings.skip(name, label, f"gap on record: {stamp.ref.gap}")
            continue
        try:
            _check_one(stamp, contents, trust.roots)
        except UnknownRootError as error:
            unknown.append((label, str(error)))
        except IntegrityError as error:
            findings.fail(name, label, str(error))
        else:
            findings.passed(name, label, f"not later than {stamp.ref.gen_time}")
            proven += 1
    _settle(name, subject, findings, unknown, proven, trust, asked=any(stamp.ref.sha256 for stamp in stamps))


def _settle(
    name: str,
    subject: str,
    findings: Findings,
    unknown: Sequence[tuple[str, str]],
    proven: int,
    trust: Trust,
    *,
    asked: bool,
) -> None:
    for label, reason in unknown:
        if trust.roots and not proven:
            findings.fail(name, label, f"{reason}: a rogue authority, or its root was not given")
        else:
            findings.skip(name, label, reason, leaves_trust_open=True)
    if not asked:
        findings.skip(name, subject, "no authority answered: nothing proves the time", leaves_trust_open=True)


def _check_one(stamp: Stamp, contents: Contents, roots: Sequence[x509.Certificate]) -> None:
    tsr = contents.read(stamp.tsr)
    if canonical.sha256(tsr) != stamp.ref.sha256:
        raise IntegrityError(f"{stamp.tsr} is not the response whose SHA-256 was signed: it was swapped or changed")
    request = read_request(contents.read(stamp.tsq))
    response = read_response(tsr)
    info = response.tst_info
    digest = _DIGESTS.get(info.message_imprint.hash_algorithm)
    if digest is None:
        raise IntegrityError(f"the imprint uses {info.message_imprint.hash_algorithm.dotted_string}, a weak digest")
    if info.message_imprint.message.hex() != digest(stamp.data):
        raise IntegrityError("the imprint is of other bytes")
    asked = request.message_imprint
    if (asked.hash_algorithm, asked.message) != (info.message_imprint.hash_algorithm, info.message_imprint.message):
        raise IntegrityError("the response answers another request (imprint)")
    if request.nonce is None or info.nonce != request.nonce:
        raise IntegrityError("the response answers another request (nonce)")
    if to_text(info.gen_time) != stamp.ref.gen_time:
        raise IntegrityError(f"the response says {to_text(info.gen_time)}, the seal {stamp.ref.gen_time}")
    if not roots:
        raise UnknownRootError("imprint and nonce match; give the authority's root certificate with --root")
    verify_response(response, bytes.fromhex(digest(stamp.data)), roots, request)


def read_request(data: bytes) -> TimeStampRequest:
    """Read a `TimeStampReq`, DER.

    Raises
    ------
    IntegrityError
        It is none.
    """
    try:
        return parse_timestamp_request(data)
    except _UNREADABLE as error:
        raise IntegrityError(f"not a time-stamp request: {error}") from error


def read_response(data: bytes) -> TimeStampResponse:
    """Read a `TimeStampResp`, DER; nothing is verified.

    Raises
    ------
    IntegrityError
        It is none.
    """
    try:
        response = decode_timestamp_response(data)
        _ = response.tst_info, response.signed_data
    except _UNREADABLE as error:
        raise IntegrityError(f"not a time-stamp response: {error}") from error
    return response


def verify_response(
    response: TimeStampResponse, digest: bytes, roots: Sequence[x509.Certificate], request: TimeStampRequest
) -> None:
    """Verify signature, chain and EKU as of the stamp's own time: it outlives its authority's certificate.

    The library judges the certificates embedded in the response only as links, never as anchors (from 1.0.9 on).

    Raises
    ------
    UnknownRootError
        It leads to none of the roots.
    IntegrityError
        It does not verify.
    """
    builder = VerifierBuilder.from_request(request)
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify(response, digest)
    except VerificationError as error:
        if _UNKNOWN_ISSUER.search(str(error)):
            raise UnknownRootError("leads to none of the root certificates given") from error
        raise IntegrityError(f"does not verify: {_short(str(error))}") from error
    except _UNREADABLE as error:
        raise IntegrityError(f"does not verify: {error}") from error


def _short(message: str) -> str:
    """Keep OpenSSL's reasons, drop where in its source they arose."""
    reasons = re.findall(r'reason: "([^"]+)"|data: "(?:Verify error: )?([^"]+)"', message)
    return "; ".join(reason or data for reason, data in reasons) or message

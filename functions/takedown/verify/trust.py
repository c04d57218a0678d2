"""What the reader brings from outside: root certificates and key fingerprints. Nothing here comes from the bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from takedown.canonical import sha256
from takedown.errors import InputError, IntegrityError
from takedown.verify.report import Findings


@dataclass(frozen=True)
class Trust:
    """Anchors."""

    roots: tuple[x509.Certificate, ...]
    fingerprints: frozenset[str]
    """SHA-256 of the DER SubjectPublicKeyInfo of each key that is trusted to sign; several after a key change."""

    def check_key(self, findings: Findings, subject: str, fingerprint: str) -> None:
        """Compare a key that was found with those that are trusted."""
        if not self.fingerprints:
            reason = f"key {fingerprint} signed; compare it, from outside, with --key-fingerprint"
            findings.skip("signing-key", subject, reason, leaves_trust_open=True)
        elif fingerprint in self.fingerprints:
            findings.passed("signing-key", subject, f"the key given: {fingerprint}")
        else:
            findings.fail("signing-key", subject, f"signed with key {fingerprint}, which is not the one given")


def load_trust(roots: Iterable[Path], fingerprints: Iterable[str], *, bundle: Path) -> Trust:
    """Read what was given.

    Raises
    ------
    InputError
        A file cannot be read, holds no certificate, or comes from the bundle itself; or a fingerprint is none.
    """
    certificates: list[x509.Certificate] = []
    for path in roots:
        if bundle.is_dir() and path.resolve().is_relative_to(bundle.resolve()):
            raise InputError("--root", f"{path} comes from the bundle, so it proves nothing.", "Fetch it elsewhere.")
        try:
            found = x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise InputError("--root", f"{path} holds no PEM certificate ({error}).") from error
        certificates.extend(item for item in found if item not in certificates)
    return Trust(tuple(certificates), frozenset(_fingerprint(text) for text in fingerprints))


def _fingerprint(text: str) -> str:
    plain = re.sub(r"[\s:]", "", text).lower().removeprefix("sha256")
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise InputError("--key-fingerprint", f"{text!r} is not a SHA-256 digest.", "Give 64 hex digits.")
    return plain


@dataclass(frozen=True)
class SigningKey:
    """A public key as it was found."""

    key: ec.EllipticCurvePublicKey
    fingerprint: str

    @classmethod
    def load(cls, pem: bytes) -> SigningKey:
        """Read a SubjectPublicKeyInfo, PEM.

        Raises
        ------
        IntegrityError
            Not an EC key on P-256.
        """
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise IntegrityError(f"not a public key: {error}") from error
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise IntegrityError("not an EC key on P-256")
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return cls(key, sha256(key.public_bytes(serialization.Encoding.DER, form)))

    def verify(self, signature: bytes, data: bytes) -> None:
        """Check an ECDSA signature over SHA-256.

        Raises
        ------
        IntegrityError
            It is not of this key over these bytes.
        """
        try:
            self.key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise IntegrityError("the signature is not of this key over these bytes") from error

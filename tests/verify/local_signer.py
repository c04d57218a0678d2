"""A signing key for tests."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from takedown import canonical
from takedown.seal import SignerRef


class LocalSigner:
    """A P-256 key in memory."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        public = self._key.public_key()
        self.public_key_pem = public.public_bytes(serialization.Encoding.PEM, spki)
        fingerprint = canonical.sha256(public.public_bytes(serialization.Encoding.DER, spki))
        self.ref = SignerRef(key_id="test-key", fingerprint=fingerprint)

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256, DER."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))

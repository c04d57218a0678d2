"""The signing key in KMS (ECDSA P-256). Its private half never leaves the service."""

from __future__ import annotations

import base64
import functools
import textwrap
from typing import TYPE_CHECKING

from takedown.canonical import sha256
from takedown.seal import SignerRef

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient


class KmsSigner:
    """One asymmetric KMS key."""

    def __init__(self, key_id: str, client: KMSClient) -> None:
        self._key_id = key_id
        self._kms = client

    @functools.cached_property
    def _public_key(self) -> bytes:
        return self._kms.get_public_key(KeyId=self._key_id)["PublicKey"]

    @property
    def ref(self) -> SignerRef:
        """Which key this is: its id, and the SHA-256 of its DER SubjectPublicKeyInfo."""
        return SignerRef(key_id=self._key_id, fingerprint=sha256(self._public_key))

    @property
    def public_key_pem(self) -> bytes:
        """SubjectPublicKeyInfo, PEM (RFC 7468)."""
        body = "\n".join(textwrap.wrap(base64.b64encode(self._public_key).decode(), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n".encode()

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes themselves (RAW), so that OpenSSL verifies without knowing of us; DER."""
        answer = self._kms.sign(KeyId=self._key_id, Message=data, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
        return answer["Signature"]

"""A signing key on this machine (ECDSA P-256), for captures made without a cloud.

It shows that files belong together and were not changed by someone without the key. It does not show who made them: a
key that its owner alone has ever seen is nobody's witness. Time stamps of independent authorities are.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from takedown.canonical import sha256
from takedown.errors import ConfigurationError
from takedown.seal import SignerRef

KEY_NAME = "signing-key.pem"


class LocalSigner:
    """One key in a file.

    Parameters
    ----------
    folder
        Where the key lies; folder and key are made on first use, readable by their owner alone.

    Raises
    ------
    ConfigurationError
        The file is no ECDSA P-256 key, or others can read it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / KEY_NAME
        if not path.exists():
            _make(path)
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(str(path), "others can read this signing key.", f"chmod 600 {path}")
        self._key = _read(path)
        self._public = self._key.public_key()

    @property
    def ref(self) -> SignerRef:
        """Which key this is, by the SHA-256 of its DER SubjectPublicKeyInfo."""
        fingerprint = sha256(self._der)
        return SignerRef(key_id=f"local:{fingerprint[:16]}", fingerprint=fingerprint)

    @property
    def public_key_pem(self) -> bytes:
        """SubjectPublicKeyInfo, PEM."""
        return self._public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256 of `data`, DER."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))

    @property
    def _der(self) -> bytes:
        return self._public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip


def _make(path: Path) -> None:
    """Write a new key; where another process was first, its key stays."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Whole or not at all, and never over another: a key that is half written would stay useless.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # 0600 by its contract
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink()


def _read(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(str(path), "this is not a private key without a password.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigurationError(str(path), "this key is not ECDSA P-256.")
    return key

"""A capture without a cloud: the folder it is written to, and the key that signs it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from takedown.adapters.chromium.sink import DirectorySink
from takedown.adapters.local_signer import LocalSigner
from takedown.canonical import sha256
from takedown.errors import AlreadyExistsError, ConfigurationError


def test_a_file_is_written_once(tmp_path: Path) -> None:
    sink = DirectorySink(tmp_path / "a" / "b")
    sink.put("text.txt", b"first", "text/plain")
    with pytest.raises(AlreadyExistsError):
        sink.put("text.txt", b"second", "text/plain")
    assert (tmp_path / "a" / "b" / "text.txt").read_bytes() == b"first"


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first, second = LocalSigner(tmp_path / "home"), LocalSigner(tmp_path / "home")
    assert first.ref == second.ref
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "home" / "signing-key.pem").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["signing-key.pem"]


def test_a_signature_verifies_with_the_public_key_and_nothing_else(tmp_path: Path) -> None:
    signer = LocalSigner(tmp_path)
    key = serialization.load_pem_public_key(signer.public_key_pem)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signature = signer.sign(b"seal")
    key.verify(signature, b"seal", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"sea1", ec.ECDSA(hashes.SHA256()))
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert signer.ref.fingerprint == sha256(der)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    LocalSigner(tmp_path)
    (tmp_path / "signing-key.pem").chmod(0o640)
    with pytest.raises(ConfigurationError, match="others can read"):
        LocalSigner(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a key"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signing-key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="not a private key"):
        LocalSigner(tmp_path)


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing-key.pem"
    path.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="P-256"):
        LocalSigner(tmp_path)

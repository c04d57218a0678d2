"""A time-stamp authority for tests: a throwaway root, one TSA certificate, and `openssl ts -reply`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from takedown.errors import TimeStampError
from takedown.sealing import Token
from takedown.times import to_text

CONFIG = """\
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha1, sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass
class DevTsa:
    """One authority with its own root."""

    folder: Path
    name: str
    not_before: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=1))
    not_after: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=30))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        root = (
            x509.CertificateBuilder()
            .subject_name(_name(f"{self.name} root, not for evidence"))
            .issuer_name(_name(f"{self.name} root, not for evidence"))
            .public_key(root_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3650))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        self._root_key, self._key, self._issuer = root_key, key, root.subject
        self._serial = x509.random_serial_number()
        leaf = self._leaf(ExtendedKeyUsageOID.TIME_STAMPING, critical=True)
        self._leaf_der = leaf.public_bytes(serialization.Encoding.DER)
        pem = serialization.Encoding.PEM
        self.root = self.folder / "root.pem"
        self.root.write_bytes(root.public_bytes(pem))
        self.certificate = self.folder / "tsa.pem"
        self.certificate.write_bytes(leaf.public_bytes(pem))
        form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        (self.folder / "tsa.key").write_bytes(key.private_bytes(pem, form, none))
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")

    def _leaf(self, usage: x509.ObjectIdentifier, *, critical: bool) -> x509.Certificate:
        # A missing `critical` is three bytes of DER less: the name makes up for them.
        subject = f"{self.name}, not for evidence" + ("" if critical else "...")
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(self._issuer)
            .public_key(self._key.public_key())
            .serial_number(self._serial)
            .not_valid_before(self.not_before)
            .not_valid_after(self.not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=critical)
            .sign(self._root_key, hashes.SHA256())
        )

    def stamp_as(self, data: bytes, usage: x509.ObjectIdentifier, *, critical: bool) -> Token:
        """Stamp with a certificate of another usage, which `openssl ts -reply` itself would refuse to do."""
        token = self.stamp(data)
        other = b""
        while len(other) != len(self._leaf_der):  # an ECDSA signature has 70 to 72 bytes
            other = self._leaf(usage, critical=critical).public_bytes(serialization.Encoding.DER)
        assert token.tsr.count(self._leaf_der) == 1
        return Token(tsq=token.tsq, tsr=token.tsr.replace(self._leaf_der, other), gen_time=token.gen_time)

    def stamp(self, data: bytes) -> Token:
        """Ask as a client would, and answer."""
        request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
        return self.answer(request.cert_request(cert_request=True).build().as_bytes())

    def stamp_with(self, data: bytes, *options: str) -> Token:
        """Let `openssl ts -query` make the request, with its options."""
        (self.folder / "data").write_bytes(data)
        query = ["openssl", "ts", "-query", "-data", "data", "-cert", "-out", "made.tsq", *options]
        subprocess.run(query, cwd=self.folder, check=True, capture_output=True)
        return self.answer((self.folder / "made.tsq").read_bytes())

    def answer(self, tsq: bytes) -> Token:
        """Answer one request."""
        (self.folder / "request.tsq").write_bytes(tsq)
        command = (
            "openssl ts -reply -config tsa.cnf -queryfile request.tsq -signer tsa.pem -inkey tsa.key -out reply.tsr"
        )
        done = subprocess.run(command.split(), cwd=self.folder, capture_output=True, check=False)
        if done.returncode != 0:
            raise TimeStampError(f"{self.name}: {done.stderr.decode()}")
        tsr = (self.folder / "reply.tsr").read_bytes()
        return Token(tsq=tsq, tsr=tsr, gen_time=to_text(decode_timestamp_response(tsr).tst_info.gen_time))


@dataclass(frozen=True)
class OddTsa:
    """An authority that answers in its own way."""

    name: str
    answer: Callable[[bytes], Token]

    def stamp(self, data: bytes) -> Token:
        """Answer."""
        return self.answer(data)


@dataclass(frozen=True)
class DownTsa:
    """An authority that does not answer."""

    name: str

    def stamp(self, data: bytes) -> Token:
        """Fail."""
        raise TimeStampError(f"{self.name}: no answer for {len(data)} bytes")

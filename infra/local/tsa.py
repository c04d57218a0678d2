"""A development time-stamp authority: RFC 3161 over HTTP on loopback, with certificates that say what they are."""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.local.loopback import Handler, Server

logger = logging.getLogger(__name__)

WARNING = "DEVELOPMENT ONLY - NOT FOR EVIDENCE"
POLICY = "2.25.305419896.1"
"""An OID under the UUID arc, assigned by nobody: no policy stands behind these stamps."""
DAYS = 366
MAX_QUERY = 65_536
REPLY_SECONDS = 20

# No `certs =` line: OpenSSL writes the extra certificates as an unsorted SET, which rfc3161-client refuses.
CONFIGURATION = """\
[tsa]
default_tsa = development
[development]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha384, sha512
accuracy = secs:1
clock_precision_digits = 3
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimeStampAuthority(Server):
    """The authority; a context manager.

    Parameters
    ----------
    folder
        Where its keys, certificates and serial number are kept.
    port
        0 picks a free one.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._openssl = shutil.which("openssl")
        if self._openssl is None:
            raise FileNotFoundError("The development time-stamp authority needs the command openssl.")
        super().__init__(TsaHandler, port)
        self._folder = folder
        self._lock = threading.Lock()
        self.down = False
        """Set to have every query answered with 503, as an authority that is down."""
        folder.mkdir(parents=True, exist_ok=True)
        self.root_pem = folder / "root.pem"
        """The root certificate, to verify stamps against."""
        make_certificates(folder)
        (folder / "serial").write_text("01\n", "ascii")
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder, policy=POLICY), "utf-8")

    def __enter__(self) -> Self:
        """Start answering."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering."""
        self.close()

    @property
    def query_url(self) -> str:
        """Where queries are posted."""
        return f"{self.url}/tsr"

    def reply(self, query: bytes) -> bytes | None:
        """Stamp; None when the query cannot be read."""
        # OpenSSL reads, raises and writes the serial number without locking it.
        with self._lock:
            (self._folder / "query.tsq").write_bytes(query)
            done = subprocess.run(  # noqa: S603 - openssl from PATH with fixed arguments
                [
                    str(self._openssl),
                    "ts",
                    "-reply",
                    "-config",
                    "tsa.cnf",
                    "-queryfile",
                    "query.tsq",
                    "-out",
                    "reply.tsr",
                ],
                cwd=self._folder,
                capture_output=True,
                check=False,
                timeout=REPLY_SECONDS,
            )
            if done.returncode != 0:
                logger.warning("no stamp: %s", done.stderr.decode("utf-8", "replace").strip())
                return None
            return (self._folder / "reply.tsr").read_bytes()


class TsaHandler(Handler):
    """Answers time-stamp queries (RFC 3161, section 3.4)."""

    server: TimeStampAuthority

    def respond(self) -> None:
        """Stamp one query; say to anyone else what this is."""
        query = self.body()
        if self.command != "POST":
            text = f"A time-stamp authority (RFC 3161). {WARNING}. POST application/timestamp-query to /tsr.\n"
            self.answer(200, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        elif self.server.down:
            self.answer(503)
        elif self.headers.get("Content-Type") != "application/timestamp-query" or len(query) > MAX_QUERY:
            self.answer(415)
        elif (reply := self.server.reply(query)) is None:
            self.answer(400)
        else:
            self.answer(200, reply, {"Content-Type": "application/timestamp-reply"})


def make_certificates(folder: Path) -> None:
    """Make a throwaway root and a certificate that may do nothing but time-stamping."""
    now = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = _name("root"), _name("time stamps")

    def builder(subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=DAYS))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )

    root = (
        builder(root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    certificate = (
        builder(name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        # RFC 3161, section 2.3: exactly this usage, and critical.
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = folder / "tsa.key"
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def fingerprint(public_key_der: bytes) -> str:
    """Return the SHA-256 of a public key (DER, SubjectPublicKeyInfo) as hex."""
    return hashlib.sha256(public_key_der).hexdigest()


def _name(what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, WARNING),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Local {what}, {WARNING}"),
        ]
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )

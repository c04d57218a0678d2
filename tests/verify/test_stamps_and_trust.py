"""Time stamps that are not right, and trust that has to come from outside."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from takedown.errors import InputError, IntegrityError
from takedown.sealing import TimeStampAuthority, Token
from takedown.verify import Status, Verdict, verify_bundle
from takedown.verify.stamps import UnknownRootError, read_request, read_response, verify_response
from tests.verify import samples
from tests.verify.dev_tsa import DevTsa, DownTsa, OddTsa
from tests.verify.forging import Bench, export, failure
from tests.verify.local_signer import LocalSigner


def _stamped_by(bench: Bench, *authorities: TimeStampAuthority) -> bytes:
    return export(samples.dossier(signer=bench.signer, authorities=authorities), bench.signer, authorities)


@pytest.mark.parametrize(
    ("name", "said"), [("tsa-rogue", "a rogue authority"), ("tsa-one", "certificate signature failure")]
)
def test_a_rogue_authority_is_found_even_under_a_known_name(bench: Bench, name: str, said: str) -> None:
    report = bench.verify(_stamped_by(bench, DevTsa(bench.folder / "rogue", name)))
    assert report.exit_code == 1
    assert said in failure(report, "bundle-time-stamp").reason
    assert said in failure(report, "capture-time-stamp").reason


def test_a_second_authority_whose_root_was_not_given_stays_open(bench: Bench, tmp_path: Path) -> None:
    report = bench.verify(_stamped_by(bench, bench.authorities[0], DevTsa(tmp_path / "third", "tsa-three")))
    assert report.verdict is Verdict.TRUST_OPEN


def test_a_gap_is_shown_and_another_authority_makes_up_for_it(bench: Bench) -> None:
    report = bench.verify(_stamped_by(bench, bench.authorities[0], DownTsa("tsa-down")))
    assert report.exit_code == 0
    gaps = [item for item in report.checks if item.status is Status.SKIP and item.name != "capture-time"]
    assert all("gap on record: tsa-down" in check.reason for check in gaps)
    assert len(gaps) == 4


def test_without_any_time_stamp_the_time_stays_open(bench: Bench) -> None:
    assert bench.verify(_stamped_by(bench, DownTsa("tsa-down"))).verdict is Verdict.TRUST_OPEN
    assert bench.verify(_stamped_by(bench)).verdict is Verdict.TRUST_OPEN


def _odd(bench: Bench, kind: str) -> Callable[[bytes], Token]:
    real = bench.authorities[0]

    def other_nonce(data: bytes) -> Token:
        return dataclasses.replace(real.stamp(data), tsq=real.stamp(data).tsq)

    return {
        "nonce": other_nonce,
        "no nonce": lambda data: real.stamp_with(data, "-sha256", "-no_nonce"),
        "imprint": lambda data: real.stamp(data + b"."),
        "sha-1": lambda data: real.stamp_with(data, "-sha1"),
        "usage": lambda data: real.stamp_as(data, ExtendedKeyUsageOID.EMAIL_PROTECTION, critical=True),
        "critical": lambda data: real.stamp_as(data, ExtendedKeyUsageOID.TIME_STAMPING, critical=False),
        "signature": lambda data: _flip_last(real.stamp(data)),
        "time": lambda data: dataclasses.replace(real.stamp(data), gen_time="2020-01-01T00:00:00.000Z"),
        "garbage": lambda data: Token(real.stamp(data).tsq, b"garbage", samples.NOW),
        "no request": lambda data: dataclasses.replace(real.stamp(data), tsq=b"garbage"),
    }[kind]


def _flip_last(token: Token) -> Token:
    return dataclasses.replace(token, tsr=token.tsr[:-1] + bytes([token.tsr[-1] ^ 1]))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nonce", "another request (nonce)"),
        ("no nonce", "another request (nonce)"),
        ("imprint", "imprint is of other bytes"),
        ("sha-1", "weak digest"),
        ("usage", "unsuitable certificate purpose"),
        ("critical", "unsuitable certificate purpose"),
        ("signature", "signature failure"),
        ("time", "the seal 2020-01-01"),
        ("garbage", "not a time-stamp response"),
        ("no request", "not a time-stamp request"),
    ],
)
def test_a_time_stamp_that_is_not_right_is_found(bench: Bench, kind: str, said: str) -> None:
    report = bench.verify(_stamped_by(bench, OddTsa("tsa-one", _odd(bench, kind)), bench.authorities[1]))
    assert report.exit_code == 1
    assert said in failure(report, "bundle-time-stamp").reason
    assert said in failure(report, "capture-time-stamp").reason


def test_a_time_stamp_outlives_its_authoritys_certificate(bench: Bench, tmp_path: Path) -> None:
    brief = DevTsa(tmp_path / "brief", "tsa-brief", not_after=datetime.now(UTC) + timedelta(seconds=3))
    archive = _stamped_by(bench, brief)
    (tmp_path / "bundle.zip").write_bytes(archive)
    while datetime.now(UTC) <= brief.not_after + timedelta(seconds=1):
        os.sched_yield()
    keys = [bench.signer.ref.fingerprint]
    assert verify_bundle(tmp_path / "bundle.zip", roots=[brief.root], key_fingerprints=keys).exit_code == 0
    late = export(samples.dossier(signer=bench.signer, authorities=[brief]), bench.signer, [brief])
    (tmp_path / "late.zip").write_bytes(late)
    report = verify_bundle(tmp_path / "late.zip", roots=[brief.root], key_fingerprints=keys)
    assert "expired" in failure(report, "bundle-time-stamp").reason


BESIDE = Path(__file__).parents[3] / "shared" / "vectors"
VECTORS = Path(os.environ.get("TAKEDOWN_VECTORS") or BESIDE) / "rfc3161/test/fixtures"


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no official test vectors in ../shared/vectors or TAKEDOWN_VECTORS")
@pytest.mark.parametrize(
    ("folder", "response", "said"),
    [
        ("test_tsa", "response.tsr", None),
        ("test_tsa", "other_response.tsr", "none of the root certificates"),
        ("sigstage", "response-invalid-signature.tsr", "signature"),
    ],
)
def test_official_vectors(folder: str, response: str, said: str | None) -> None:
    roots = x509.load_pem_x509_certificates((VECTORS / folder / "ts_chain.pem").read_bytes())
    answer = read_response((VECTORS / folder / response).read_bytes())
    request = read_request((VECTORS / folder / "request.der").read_bytes())
    digest = answer.tst_info.message_imprint.message
    if said is None:
        verify_response(answer, digest, roots, request)
    else:
        with pytest.raises((IntegrityError, UnknownRootError), match=said):
            verify_response(answer, digest, roots, request)


# --- Trust comes from outside -----------------------------------------------------------------------------------------


def test_without_anything_from_outside_trust_is_not_established(bench: Bench) -> None:
    bench.verify()
    path = bench.folder / "bundle.zip"
    assert verify_bundle(path).exit_code == 2
    assert verify_bundle(path, roots=bench.roots).exit_code == 2
    assert verify_bundle(path, key_fingerprints=[bench.signer.ref.fingerprint]).exit_code == 2


def test_a_key_that_is_not_the_one_given_is_found(bench: Bench) -> None:
    bench.verify()
    report = verify_bundle(bench.folder / "bundle.zip", roots=bench.roots, key_fingerprints=["ab" * 32])
    assert report.exit_code == 1
    assert bench.signer.ref.fingerprint in failure(report, "signing-key").reason


def test_a_capture_sealed_with_an_older_key_needs_that_fingerprint_too(bench: Bench) -> None:
    old = LocalSigner()
    case = samples.dossier(signer=old, authorities=bench.authorities)
    report = bench.verify(export(case, bench.signer, bench.authorities))
    assert failure(report, "signing-key").subject in samples.CAPTURES
    keys = [old.ref.fingerprint, bench.signer.ref.fingerprint.upper()]
    path = bench.folder / "bundle.zip"
    assert verify_bundle(path, roots=bench.roots, key_fingerprints=keys).exit_code == 0


def test_a_root_from_inside_the_bundle_is_refused(bench: Bench) -> None:
    folder = bench.unpacked()
    inside = folder / "data/trust/root.pem"
    inside.write_bytes(bench.roots[0].read_bytes())
    with pytest.raises(InputError, match="proves nothing"):
        verify_bundle(folder, roots=[inside])


def test_what_is_given_must_be_usable(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("hello")
    for root in (tmp_path / "no.pem", tmp_path / "absent.pem"):
        with pytest.raises(InputError, match="--root"):
            verify_bundle(bench.folder, roots=[root])
    with pytest.raises(InputError, match="--key-fingerprint"):
        verify_bundle(bench.folder, key_fingerprints=["12"])

"""Every threat of the published table, each caught and named."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from takedown import canonical
from takedown.bundle.documents import CustodyHead, Withheld
from takedown.custody import CustodyEntry, CustodyEvent, append
from takedown.errors import BundleUnusableError, InputError
from takedown.sealing import TimeStampAuthority, Token
from takedown.verify import Limits, Status, Verdict, verify_bundle
from tests.verify import samples
from tests.verify.dev_tsa import DevTsa, DownTsa, OddTsa
from tests.verify.forging import Bench, export, failure, named

CAPTURE = f"data/captures/{samples.CAPTURES[0]}"
OTHER = f"data/captures/{samples.CAPTURES[1]}"
MAIL = f"data/notices/{samples.NOTICE}/sent.eml"
CUSTODY = "data/custody/custody.jsonl"


def test_an_untouched_bundle_verifies(bench: Bench) -> None:
    report = bench.verify()
    assert report.verdict is Verdict.VERIFIED, report.failures
    assert report.exit_code == 0
    assert report.signing_key == bench.signer.ref.fingerprint


def test_it_verifies_unpacked_and_packed_anew(bench: Bench) -> None:
    assert bench.verify_path(bench.unpacked()).exit_code == 0
    assert bench.verify(bench.repack()).exit_code == 0
    deflated = io.BytesIO()
    with zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.mkdir(bench.top)
        for name, data in bench.files.items():
            packed.writestr(f"{bench.top}/{name}", data)
    assert bench.verify(deflated.getvalue()).exit_code == 0


# --- A stranger, who has no key ---------------------------------------------------------------------------------------


def test_every_file_changed_is_named(bench: Bench) -> None:
    for path, data in bench.files.items():
        for place in {0, len(data) // 2, len(data) - 1} if data else {0}:
            changed = bytearray(data or b"\0")
            changed[place] ^= 1
            report = bench.verify_files({path: bytes(changed)})
            assert report.exit_code == 1, (path, place)
            assert named(report, path), (path, place, report.failures)


def test_every_file_deleted_is_named(bench: Bench) -> None:
    for path in bench.files:
        report = bench.verify_files({path: None})
        assert report.exit_code == 1, path
        assert named(report, path), (path, report.failures)


@pytest.mark.parametrize(
    "path",
    [
        "note.txt",
        "tagmanifest-md5.txt",
        "signatures/tagmanifest-sha256.txt.third.tsr",
        "data/note.txt",
        "data/captures/extra.txt",
        f"{CAPTURE}/extra.txt",
        "data/notices/extra.txt",
    ],
)
def test_an_added_file_is_named(bench: Bench, path: str) -> None:
    report = bench.verify_files({path: b"new"})
    assert report.exit_code == 1
    assert named(report, path)


def test_an_added_file_with_manifests_made_to_match_still_fails(bench: Bench) -> None:
    line = f"{canonical.sha256(b'new')}  data/note.txt\n".encode()
    report = bench.verify_files(
        {"data/note.txt": b"new", "manifest-sha256.txt": bench.files["manifest-sha256.txt"] + line}
    )
    assert named(report, "manifest-sha256.txt")


def test_another_signature_and_key_do_not_pass_for_ours(bench: Bench) -> None:
    mallory = dataclasses.replace(bench, signer=samples.LocalSigner())
    forged = mallory.verify_insider({})  # with his own fingerprint given, only the captures' key is foreign
    assert failure(forged, "signing-key").subject in samples.CAPTURES
    report = verify_bundle(
        mallory.folder / "bundle.zip", roots=bench.roots, key_fingerprints=[bench.signer.ref.fingerprint]
    )
    assert failure(report, "signing-key").subject == "bundle"


def test_time_stamps_over_the_bundle_cannot_be_dropped_or_swapped(bench: Bench) -> None:
    one, two = (f"signatures/tagmanifest-sha256.txt.{name}.tsr" for name in ("tsa-one", "tsa-two"))
    assert named(bench.verify_files({one: None}), one)
    swapped = bench.verify_files({one: bench.files[two], two: bench.files[one]})
    assert failure(swapped, "bundle-time-stamp").subject == "tsa-one"
    tokens = {name: None for name in bench.files if "tokens.json" in name or name.endswith((".tsq", ".tsr"))}
    assert failure(bench.verify_files(tokens), "bundle-tokens").subject == "signatures/tokens.json"


def test_tokens_of_another_bundle_are_not_ours(bench: Bench) -> None:
    other = dataclasses.replace(bench)
    other.verify_insider({"data/status/observations.jsonl": b""})
    other.archive = (other.folder / "bundle.zip").read_bytes()
    other.__post_init__()
    names = [name for name in bench.files if "tokens.json" in name]
    report = bench.verify_files({name: other.files[name] for name in names})
    assert "another bundle" in failure(report, "bundle-tokens").reason


# --- The archive ------------------------------------------------------------------------------------------------------


def _with_entry(bench: Bench, name: str, data: bytes = b"x", attributes: int = 0o100644 << 16) -> bytes:
    out = io.BytesIO(bench.repack())
    with zipfile.ZipFile(out, "a") as packed:
        info = zipfile.ZipInfo(name)
        info.external_attr = attributes
        packed.writestr(info, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "{top}/../evil.txt",
        "../evil.txt",
        "/etc/evil.txt",
        "{top}/data/..\\evil.txt",
        "C:/evil.txt",
        "{top}/data/CON.txt",
        "{top}/data//evil.txt",
        "{top}/data/./evil.txt",
        "{top}/data/\u202egpj.exe",
        "{top}/data/evil.txt.",
        "{top}/DATA/case.json",
    ],
)
def test_an_unsafe_name_is_refused_before_anything_is_read(bench: Bench, name: str) -> None:
    report = bench.verify(_with_entry(bench, name.format(top=bench.top)))
    assert report.exit_code == 1
    assert failure(report, "archive-names").subject == name.format(top=bench.top)
    assert not any(check.name.startswith("manifest") for check in report.checks)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(bench: Bench) -> None:
    report = bench.verify(_with_entry(bench, f"{bench.top}/data/README.html"))
    assert "twice" in failure(report, "archive-names").reason


def test_a_name_with_a_nul_is_refused(bench: Bench) -> None:
    archive = _with_entry(bench, f"{bench.top}/data/readme.txt~.exe").replace(b"readme.txt~", b"readme.txt\0")
    assert "\0" in failure(bench.verify(archive), "archive-names").subject


@pytest.mark.parametrize("kind", [0o120777, 0o060644, 0o010644])
def test_links_and_devices_are_refused(bench: Bench, kind: int) -> None:
    report = bench.verify(_with_entry(bench, f"{bench.top}/data/link", b"/etc/passwd", kind << 16))
    assert "link" in failure(report, "archive-names").reason


def test_an_encrypted_member_is_refused(bench: Bench) -> None:
    archive = bytearray(bench.repack())
    entry = archive.rfind(b"PK\1\2")
    archive[entry + 8] |= 1
    assert failure(bench.verify(bytes(archive)), "archive-names").reason == "encrypted"


@pytest.mark.parametrize("repacked", [False, True])
def test_hidden_bytes_are_found(bench: Bench, repacked: bool) -> None:  # noqa: FBT001 - a parameter of the test
    archive = bench.repack() if repacked else bench.archive
    second = archive.find(b"PK\3\4", 10)
    for forged in (b"MZ" + archive, archive + b"tail", archive[:second] + b"gap" + archive[second:]):
        try:
            report = bench.verify(forged)
        except BundleUnusableError:
            continue  # shifted so far that nothing can be read from it
        assert failure(report, "archive-form")


def test_a_date_changed_in_both_directories_is_found(bench: Bench) -> None:
    archive = bytearray(bench.archive)
    directory = archive.find(b"PK\1\2")
    archive[10] ^= 1
    archive[directory + 12] ^= 1
    assert "not as it was exported" in failure(bench.verify(bytes(archive)), "archive-form").reason


def test_a_renamed_top_folder_is_found(bench: Bench) -> None:
    renamed = bench.archive.replace(samples.CASE.encode(), b"f" * len(samples.CASE), 10_000)
    report = bench.verify(renamed)
    assert report.exit_code == 1


def test_an_extra_field_that_renames_is_refused(bench: Bench) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, data in bench.files.items():
            info = zipfile.ZipInfo(f"{bench.top}/{name}")
            info.extra = struct.pack("<2H", 0x7075, 3) + b"abc"
            packed.writestr(info, data)
    assert "0x7075" in failure(bench.verify(out.getvalue()), "archive-form").reason


def test_bombs_are_refused(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"{bench.top}/data/zeros.bin", bytes(20 << 20))
    with pytest.raises(BundleUnusableError, match="limit of 1000:1"):
        verify_bundle(path)
    (tmp_path / "bundle.zip").write_bytes(bench.archive)
    for limits in (Limits(member=100), Limits(total=1000)):
        with pytest.raises(BundleUnusableError, match="more than the limit"):
            verify_bundle(tmp_path / "bundle.zip", limits=limits)


@pytest.mark.parametrize("content", [b"", b"PK\5\6" + bytes(18), b"hello", b"PK\3\4" + bytes(40)])
def test_what_is_no_bundle_is_unusable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    with pytest.raises(BundleUnusableError):
        verify_bundle(path)


def test_missing_files_and_empty_folders_are_unusable(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(BundleUnusableError):
            verify_bundle(path)


def test_links_in_a_folder_are_not_followed(bench: Bench) -> None:
    folder = bench.unpacked()
    target = folder / "data/README.html"
    moved = folder.parent / "elsewhere.html"
    target.rename(moved)
    target.symlink_to(moved)
    assert failure(bench.verify_path(folder), "archive-names").subject == "data/README.html"
    target.unlink()
    moved.rename(target)
    (folder / "data/more").symlink_to(folder / "data/trust", target_is_directory=True)
    assert failure(bench.verify_path(folder), "archive-names").subject == "data/more"


# --- An insider, who has the key and signs it all again ---------------------------------------------------------------


def test_an_insider_who_changes_nothing_verifies(bench: Bench) -> None:
    assert bench.verify_insider({}).exit_code == 0


@pytest.mark.parametrize("kind", ["tsr", "tsq"])
def test_tokens_swapped_between_captures_are_found(bench: Bench, kind: str) -> None:
    name = f"capture.json.tsa-one.{kind}"
    here, there = f"{CAPTURE}/{name}", f"{OTHER}/{name}"
    report = bench.verify_insider({here: bench.files[there], there: bench.files[here]})
    assert failure(report, "capture-time-stamp").subject == f"{samples.CAPTURES[0]} tsa-one"


def test_a_capture_file_exchanged_or_added_is_found(bench: Bench) -> None:
    report = bench.verify_insider({f"{CAPTURE}/screenshot-viewport.png": b"\x89PNG other"})
    assert "screenshot-viewport.png" in failure(report, "capture-files").reason
    report = bench.verify_insider({f"{CAPTURE}/verdict.json": b"{}"})
    assert "verdict.json" in failure(report, "capture-unlisted").reason
    report = bench.verify_insider({f"{CAPTURE}/text.txt": None})
    assert "text.txt is missing" in failure(report, "capture-files").reason


def test_a_record_in_another_form_is_found(bench: Bench) -> None:
    pretty = json.dumps(json.loads(bench.files[f"{CAPTURE}/capture.json"]), indent=1).encode()
    report = bench.verify_insider({f"{CAPTURE}/capture.json": pretty})
    assert "canonical" in failure(report, "capture-record").reason


def test_a_record_that_was_edited_is_found(bench: Bench) -> None:
    edited = bench.files[f"{CAPTURE}/capture.json"].replace(b'"status":200', b'"status":404')
    report = bench.verify_insider({f"{CAPTURE}/capture.json": edited})
    assert "another capture.json" in failure(report, "capture-seal").reason
    assert "other bytes" in failure(report, "capture-time-stamp").reason


@pytest.mark.parametrize("name", ["seal.json.sig", "signing-key.pem", "stored.json"])
def test_parts_of_a_seal_exchanged_are_found(bench: Bench, name: str) -> None:
    report = bench.verify_insider({f"{CAPTURE}/{name}": samples.LocalSigner().public_key_pem})
    assert report.exit_code == 1
    assert {check.subject for check in report.failures} == {samples.CAPTURES[0]}


def test_a_capture_sealed_anew_contradicts_the_custody_record(bench: Bench) -> None:
    files = samples.capture_files(0, 0, gone=True)
    sealed = samples.seal(files, signer=bench.signer, authorities=bench.authorities)
    report = bench.verify_insider({f"{CAPTURE}/{name}": data for name, data in sealed.items()})
    assert [check.name for check in report.failures] == ["custody-captures"]


def test_a_capture_left_out_is_found(bench: Bench) -> None:
    report = bench.verify_insider({name: None for name in bench.files if name.startswith(CAPTURE)})
    assert failure(report, "custody-captures").subject == samples.CAPTURES[0]


def test_a_notice_changed_or_left_out_is_found(bench: Bench) -> None:
    assert failure(bench.verify_insider({MAIL: b"other"}), "custody-notices").subject == samples.NOTICE
    gone: dict[str, bytes | None] = {name: None for name in bench.files if name.startswith("data/notices/")}
    assert "missing" in failure(bench.verify_insider(gone), "custody-notices").reason


def _custody(bench: Bench, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    lines = bench.files[CUSTODY].split(b"\n")[:-1]
    return b"".join(line + b"\n" for line in change(lines))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:3] + lines[4:], "missing, repeated or moved"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "missing, repeated or moved"),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "missing, repeated or moved"),
        (lambda lines: lines[:-1], "the tail was cut"),
        (lambda _: [], "no event at all"),
        (lambda lines: [lines[0].replace(b'"listings":"2"', b'"listings":"3"'), *lines[1:]], "prev is"),
        (lambda lines: [lines[0] + b" ", *lines[1:]], "canonical"),
    ],
)
def test_a_custody_event_deleted_moved_repeated_or_edited_is_found(
    bench: Bench, change: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    report = bench.verify_insider({CUSTODY: _custody(bench, change)})
    assert said in failure(report, "custody-chain").reason


def test_a_whole_chain_made_anew_must_still_tell_of_every_capture(bench: Bench) -> None:
    head: CustodyEvent | None = None
    lines = []
    for line in bench.files[CUSTODY].split(b"\n")[:-1]:
        event = CustodyEvent.model_validate_json(line)
        if event.object == f"capture/{samples.CAPTURES[0]}":
            continue
        entry = CustodyEntry.model_validate({name: getattr(event, name) for name in CustodyEntry.model_fields})
        head = append(samples.TENANT, samples.CASE, head, entry)
        lines.append(head.to_bytes())
    assert head is not None
    end = CustodyHead(tenant=samples.TENANT, case_id=samples.CASE, events=len(lines), sha256=head.digest)
    report = bench.verify_insider(
        {
            CUSTODY: b"".join(line + b"\n" for line in lines),
            "data/custody/head.json": canonical.dumps(end.model_dump(mode="json")),
        }
    )
    assert [(check.name, check.subject) for check in report.failures] == [("custody-captures", samples.CAPTURES[0])]


def test_documents_of_another_case_are_found(bench: Bench) -> None:
    case = bench.files["data/case.json"].replace(samples.CASE.encode(), b"a" * 32)
    report = bench.verify_insider({"data/case.json": case})
    assert {"capture-record", "custody-case", "observations"} <= {check.name for check in report.failures}


def test_a_last_line_without_an_end_is_found(bench: Bench) -> None:
    report = bench.verify_insider({CUSTODY: bench.files[CUSTODY][:-1]})
    assert "no end" in failure(report, "custody-chain").reason


# --- What is withheld -------------------------------------------------------------------------------------------------


def test_what_is_declared_as_withheld_leaves_the_bundle_intact(bench: Bench, tmp_path: Path) -> None:
    case = samples.dossier(signer=bench.signer, authorities=bench.authorities)
    path = f"{CAPTURE}/page.html"
    entry = Withheld(
        path=path,
        sha256=canonical.sha256(bench.files[path]),
        reason="personal data of a third party",
        basis="court order of 2026-11-22",
        person="Ada Preparer",
        withheld_at=samples.NOW,
    )
    archive = export(dataclasses.replace(case, withheld=[entry]), bench.signer, bench.authorities)
    report = bench.verify(archive)
    assert (report.exit_code, report.withheld) == (0, 1), report.failures
    wrong = entry.model_copy(update={"sha256": "0" * 64})
    archive = export(dataclasses.replace(case, withheld=[wrong]), bench.signer, bench.authorities)
    assert "page.html is missing" in failure(bench.verify(archive), "capture-files").reason
    assert tmp_path.exists()


# --- Time stamps ------------------------------------------------------------------------------------------------------


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
    gaps = [check for check in report.checks if check.status is Status.SKIP]
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
    old = samples.LocalSigner()
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


# --- Random -----------------------------------------------------------------------------------------------------------

_RANDOM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_RANDOM
@given(st.data())
def test_no_byte_of_the_archive_can_be_changed(bench: Bench, data: st.DataObject) -> None:
    changed = bytearray(bench.archive)
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BundleUnusableError):
        assert bench.verify(bytes(changed)).exit_code == 1


@_RANDOM
@given(st.data())
def test_no_byte_of_a_file_can_be_changed(bench: Bench, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(name for name, content in bench.files.items() if content)))
    changed = bytearray(bench.files[path])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    assert bench.verify_files({path: bytes(changed)}).exit_code == 1

"""Whatever is done to the files of a bundle is caught and named: by a stranger, and by an insider with the key."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from takedown import canonical
from takedown.bundle.documents import CustodyHead
from takedown.custody import CustodyEntry, CustodyEvent, append
from takedown.errors import BundleUnusableError
from takedown.verify import Verdict, verify_bundle
from tests.verify import samples
from tests.verify.forging import Bench, failure, named
from tests.verify.local_signer import LocalSigner

CAPTURE = f"data/captures/{samples.CAPTURES[0]}"
OTHER = f"data/captures/{samples.CAPTURES[1]}"
MAIL = f"data/notices/{samples.NOTICE}/sent.eml"
CUSTODY = "data/custody/custody.jsonl"


def test_an_untouched_bundle_verifies(bench: Bench) -> None:
    report = bench.verify()
    assert report.verdict is Verdict.VERIFIED, report.failures
    assert report.exit_code == 0
    assert report.signing_key == bench.signer.ref.fingerprint


def test_it_verifies_unpacked(bench: Bench) -> None:
    assert bench.verify_path(bench.unpacked()).exit_code == 0


def test_the_forger_of_these_tests_packs_as_we_do(bench: Bench) -> None:
    assert bench.packed(bench.files) == bench.archive


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
    mallory = dataclasses.replace(bench, signer=LocalSigner())
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
    report = bench.verify_insider({f"{CAPTURE}/{name}": LocalSigner().public_key_pem})
    assert report.exit_code == 1
    assert {check.subject for check in report.failures} == {samples.CAPTURES[0]}


def test_a_capture_sealed_anew_contradicts_the_custody_record(bench: Bench) -> None:
    files = samples.capture_files(0, 0, gone=False)
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
    found = {check.subject: check.reason for check in report.failures if check.name == "custody-captures"}
    assert "does not tell of" in found[samples.CAPTURES[0]]
    # The captures sealed later had signed the head of the record as it was.
    assert "history was rewritten" in found[samples.CAPTURES[1]]
    assert "history was rewritten" in found[samples.CAPTURES[2]]


def test_documents_of_another_case_are_found(bench: Bench) -> None:
    case = bench.files["data/case.json"].replace(samples.CASE.encode(), b"a" * 32)
    report = bench.verify_insider({"data/case.json": case})
    assert {"capture-record", "custody-case", "observations"} <= {check.name for check in report.failures}


@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_a_document_nested_without_end_is_found(bench: Bench, depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    changes = {"data/case.json": nested, CUSTODY: nested + b"\n", f"{CAPTURE}/seal.json": nested}
    report = bench.verify_insider(changes)
    assert {"case", "custody-chain", "capture-seal"} <= {check.name for check in report.failures}


def test_a_last_line_without_an_end_is_found(bench: Bench) -> None:
    report = bench.verify_insider({CUSTODY: bench.files[CUSTODY][:-1]})
    assert "no end" in failure(report, "custody-chain").reason


# --- Random -----------------------------------------------------------------------------------------------------------

_RANDOM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# Plain numbers, brought into range by the test: what is drawn does not depend on the bundle, which differs each run.
_ANYWHERE = st.integers(0, 2**32)


@_RANDOM
@given(place=_ANYWHERE, flip=st.integers(1, 255))
def test_no_byte_of_the_archive_can_be_changed(bench: Bench, place: int, flip: int) -> None:
    changed = bytearray(bench.archive)
    changed[place % len(changed)] ^= flip
    with contextlib.suppress(BundleUnusableError):
        assert bench.verify(bytes(changed)).exit_code == 1


@_RANDOM
@given(which=_ANYWHERE, place=_ANYWHERE, flip=st.integers(1, 255))
def test_no_byte_of_a_file_can_be_changed(bench: Bench, which: int, place: int, flip: int) -> None:
    paths = sorted(name for name, content in bench.files.items() if content)
    path = paths[which % len(paths)]
    changed = bytearray(bench.files[path])
    changed[place % len(changed)] ^= flip
    assert bench.verify_files({path: bytes(changed)}).exit_code == 1, path

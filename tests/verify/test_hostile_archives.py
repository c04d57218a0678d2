"""Archives that are made to mislead an unpacker or to exhaust a machine."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from takedown.bundle import zip_form
from takedown.errors import BundleUnusableError
from takedown.verify import Limits, verify_bundle
from tests.verify import samples
from tests.verify.forging import Bench, exact, failure


def _with_entry(bench: Bench, name: str, data: bytes = b"x") -> bytes:
    return exact([*((f"{bench.top}/{path}", content) for path, content in bench.files.items()), (name, data)])


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


def test_names_that_our_form_cannot_hold_are_refused(bench: Bench, tmp_path: Path) -> None:
    archive = _with_entry(bench, f"{bench.top}/data/readme.txt~.exe").replace(b"readme.txt~", b"readme.txt\0")
    assert "\0" in failure(bench.verify(archive), "archive-names").subject
    path = tmp_path / "other.zip"
    path.write_bytes(bench.archive)
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(f"{bench.top}/data/\u202egpj.exe", b"x")
    assert "\u202e" in failure(bench.verify_path(path), "archive-names").subject


@pytest.mark.parametrize("kind", [0o120777, 0o060644, 0o010644, 0o100755])
def test_links_and_devices_are_refused(bench: Bench, kind: int) -> None:
    archive = bytearray(bench.archive)
    entry = archive.rfind(b"PK\1\2")
    archive[entry + 40 : entry + 42] = struct.pack("<H", kind)
    assert "central directory" in failure(bench.verify(bytes(archive)), "archive-form").reason


def test_an_encrypted_member_is_refused(bench: Bench) -> None:
    archive = bytearray(bench.archive)
    archive[archive.rfind(b"PK\1\2") + 8] |= 1
    assert failure(bench.verify(bytes(archive)), "archive-form")


def test_hidden_bytes_are_found(bench: Bench) -> None:
    archive = bench.archive
    second = archive.find(b"PK\3\4", 10)
    for forged in (b"MZ" + archive, archive + b"tail", archive[:second] + b"gap" + archive[second:]):
        assert failure(bench.verify(forged), "archive-form")


# --- Packed anew, by tools and by forgers -----------------------------------------------------------------------------


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass(frozen=True)
class Entry:
    """A file of a zip as a forger writes it: what is said of it, and what is there."""

    name: str
    payload: bytes
    packing: int = 0
    said: bytes = b""
    """The content that size and checksum are of."""
    flags: int = 0
    after: bytes = b""


def _forged(entries: Sequence[Entry], comment: bytes) -> bytes:
    out, directory = b"", b""
    for entry in entries:
        name, facts = entry.name.encode(), (zlib.crc32(entry.said), len(entry.payload), len(entry.said))
        shown = (0, 0, 0) if entry.flags else facts
        common = (entry.flags, entry.packing, 0, 0x5B77)
        directory += struct.pack("<4s2B5H3L5H2L", b"PK\1\2", 20, 3, 20, *common, *facts, len(name), 0, 0, 0, 0,
                                 0o100644 << 16, len(out)) + name  # fmt: skip
        out += struct.pack("<4s5H3L2H", b"PK\3\4", 20, *common, *shown, len(name), 0) + name
        out += entry.payload + entry.after
    count = len(entries)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(out), len(comment))
    return out + directory + end + comment


def _two_faced(bench: Bench, kind: str) -> list[Entry]:
    """Return the entries of an archive that says one thing to one tool, and another to the next."""
    path = f"{bench.top}/data/README.html"
    page = bench.files["data/README.html"]
    others = [
        Entry(f"{bench.top}/{name}", data, said=data)
        for name, data in bench.files.items()
        if name != "data/README.html" or kind in {"plain", "folder with bytes"}
    ]
    hidden = b"AN EXHIBIT THAT NOBODY CHECKED " * 100
    if kind == "folder with bytes":
        return [*others, Entry(f"{bench.top}/data/captures/", hidden)]
    stream = _deflated(page)
    descriptor = struct.pack("<4s3L", b"PK\7\x08", zlib.crc32(page), len(stream), len(page))
    inner = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0x5B77, 0, len(hidden), len(hidden), 6, 0) + b"e.html"
    forged = {
        "deflated": Entry(path, stream, 8, page),
        "bytes behind the stream": Entry(path, stream + hidden, 8, page),
        "more than is said": Entry(path, _deflated(page + b"<script>alert(1)</script>"), 8, page),
        "another file inside": Entry(path, stream + descriptor + inner + hidden, 8, page, 8, descriptor[:12]),
    }
    return [forged[kind], *others] if kind in forged else others


@pytest.mark.parametrize(
    "kind",
    ["plain", "deflated", "folder with bytes", "bytes behind the stream", "more than is said", "another file inside"],
)
@pytest.mark.parametrize("comment", [b"", b"packed by hand", zip_form.COMMENT])
def test_an_archive_that_was_packed_anew_is_not_judged(bench: Bench, kind: str, comment: bytes) -> None:
    archive = _forged(_two_faced(bench, kind), comment)
    if comment == zip_form.COMMENT:  # pretends to be ours
        assert bench.verify(archive).exit_code == 1
        return
    with pytest.raises(BundleUnusableError, match="unpack it and verify the folder"):
        bench.verify(archive)


def test_what_another_tool_unpacked_from_it_is_judged_as_a_folder(bench: Bench, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(_forged(_two_faced(bench, "deflated"), b""))) as packed:
        packed.extractall(tmp_path / "honest")
    assert bench.verify_path(tmp_path / "honest" / bench.top).exit_code == 0
    forged = bench.unpacked()
    (forged / "data/README.html").write_bytes(bench.files["data/README.html"] + b"<script>alert(1)</script>")
    assert failure(bench.verify_path(forged), "manifest-sha256").subject == "data/README.html"


def test_members_in_another_order_are_found(bench: Bench) -> None:
    entries = [(f"{bench.top}/{path}", data) for path, data in bench.files.items()]
    report = bench.verify(exact(entries[::-1]))
    assert [check.name for check in report.failures] == ["archive-form"]
    swapped = [*entries[:-2], entries[-1], entries[-2]]
    assert "another order" in failure(bench.verify(exact(swapped)), "archive-form").reason


def test_the_unsigned_manifest_has_one_form(bench: Bench) -> None:
    lines = bench.files["tagmanifest-sha512.txt"].splitlines(keepends=True)
    report = bench.verify_files({"tagmanifest-sha512.txt": b"".join(reversed(lines))})
    assert "sorted by path" in failure(report, "tagmanifest-sha512").reason


def test_the_other_form_of_a_signature_says_the_same(bench: Bench) -> None:
    """What we do not claim: ECDSA lets anybody write (r, n - s) for (r, s), and KMS gives either."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for path in ("signatures/tagmanifest-sha256.txt.sig", "signatures/tokens.json.sig"):
        r, s = decode_dss_signature(bench.files[path])
        report = bench.verify_files({path: encode_dss_signature(r, order - s)})
        assert report.exit_code == 0


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


def test_more_than_the_limits_is_not_read(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(bench.archive)
    for limits in (Limits(member=100), Limits(total=1000)):
        with pytest.raises(BundleUnusableError, match="more than the limit"):
            verify_bundle(tmp_path / "bundle.zip", limits=limits)


def test_a_bomb_is_not_unpacked(bench: Bench) -> None:
    bomb = Entry(f"{bench.top}/data/zeros.bin", _deflated(bytes(20 << 20)), 8, bytes(20 << 20))
    with pytest.raises(BundleUnusableError, match="unpack it"):
        bench.verify(_forged([bomb], b""))
    assert failure(bench.verify(_forged([bomb], zip_form.COMMENT)), "archive-form")


@pytest.mark.parametrize("content", [b"", b"PK\5\6" + bytes(18), b"hello", b"PK\3\4" + bytes(40)])
def test_what_is_no_bundle_is_unusable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    with pytest.raises(BundleUnusableError):
        verify_bundle(path)


def test_missing_files_and_empty_folders_are_unusable(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "pipe"):
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

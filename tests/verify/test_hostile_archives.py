"""Archives that are made to mislead an unpacker or to exhaust a machine."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from takedown.errors import BundleUnusableError
from takedown.verify import Limits, verify_bundle
from tests.verify import samples
from tests.verify.forging import Bench, failure


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

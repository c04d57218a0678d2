"""Writing a bundle: the same bytes each time, only safe names, only the bytes on record."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from typing_extensions import Buffer

from takedown import canonical
from takedown.bundle import zip_form
from takedown.bundle.names import name_problem
from takedown.bundle.write import BundleResult, Member, write_bundle
from takedown.errors import IntegrityError, TimeStampError
from takedown.seal import SignerRef
from takedown.sealing import TimeStampAuthority, Token

NOW = "2026-11-23T20:00:01.500Z"
NAME = "c1_20261123T200001Z"


class FakeSigner:
    """Signs with a constant: only the form of the bundle matters here."""

    ref = SignerRef(key_id="k", fingerprint="0" * 64)
    public_key_pem = b"PEM\n"

    def __init__(self) -> None:
        self.signed: list[bytes] = []

    def sign(self, data: bytes) -> bytes:
        self.signed.append(data)
        return b"signature"


class FakeTsa:
    """Answers with what it was asked for."""

    def __init__(self, name: str = "tsa", *, down: bool = False) -> None:
        self.name = name
        self._down = down

    def stamp(self, data: bytes) -> Token:
        if self._down:
            raise TimeStampError("down")
        return Token(tsq=b"q" + data[:4], tsr=b"r" + data[:4], gen_time="2026-11-23T20:00:02.000Z")


def _write(
    members: Sequence[Member],
    *,
    info: dict[str, str] | None = None,
    authorities: Sequence[TimeStampAuthority] = (),
    name: str = NAME,
) -> tuple[bytes, BundleResult]:
    out = io.BytesIO()
    result = write_bundle(out, name, members, info=info or {}, signer=FakeSigner(), authorities=authorities, now=NOW)
    return out.getvalue(), result


MEMBERS = [Member.of("data/b.txt", b"bee"), Member.of("data/a/c.bin", bytes(300_000))]


def _read(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {info.filename.removeprefix(f"{NAME}/"): opened.read(info) for info in opened.infolist()}


def test_the_same_case_gives_the_same_bytes() -> None:
    first, result = _write(MEMBERS, authorities=[FakeTsa()])
    assert _write(MEMBERS, authorities=[FakeTsa()])[0] == first
    assert result.sha256 == canonical.sha256(first)
    assert result.bytes == len(first)
    assert result.payload_oxum == "300003.2"
    assert result.file_count == 14
    assert [token.authority for token in result.tokens] == ["tsa"]


def test_the_bag_is_laid_out_as_rfc_8493_says() -> None:
    files = _read(_write(MEMBERS, info={"External-Identifier": NAME}, authorities=[FakeTsa()])[0])
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert files["bag-info.txt"].decode().splitlines() == [
        f"External-Identifier: {NAME}",
        "Bagging-Date: 2026-11-23",
        "Payload-Oxum: 300003.2",
    ]
    assert [line.split("  ")[1] for line in files["manifest-sha512.txt"].decode().splitlines()] == [
        "data/a/c.bin",
        "data/b.txt",
    ]
    tags = [line.split("  ")[1] for line in files["tagmanifest-sha256.txt"].decode().splitlines()]
    assert tags == [
        "bag-info.txt",
        "bagit.txt",
        "manifest-sha256.txt",
        "manifest-sha512.txt",
        "signatures/signing-key.pem",
    ]


def test_what_is_signed_is_short_enough_for_the_signing_service() -> None:
    signer = FakeSigner()
    many = [Member.of(f"data/{number:05}.txt", b"") for number in range(2000)]
    authorities = [FakeTsa(f"tsa-{number}") for number in range(8)]
    write_bundle(io.BytesIO(), NAME, many, info={}, signer=signer, authorities=authorities, now=NOW)
    assert len(signer.signed) == 2
    assert all(len(statement) <= 4096 for statement in signer.signed)


def test_an_authority_that_is_down_leaves_a_gap_on_record() -> None:
    archive, result = _write(MEMBERS, authorities=[FakeTsa("one", down=True), FakeTsa("two")])
    assert [(token.authority, token.gap) for token in result.tokens] == [("one", "down"), ("two", None)]
    assert b'"gap":"down"' in _read(archive)["signatures/tokens.json"]


@pytest.mark.parametrize(
    "path",
    [
        "data/../x",
        "/data/x",
        "data//x",
        "data/x\\y",
        "data/x\n",
        "data/\u202ex",
        "data/é",
        "data/.hidden",
        "data/x.",
        "data/nul.txt",
        "data/COM1",
        f"data/{'x' * 250}",
        "payload/x",
        "bagit.txt",
        "data/x y",
    ],
)
def test_unsafe_names_are_refused(path: str) -> None:
    with pytest.raises(IntegrityError):
        _write([Member.of(path, b"x")])


def test_the_names_of_our_files_are_safe() -> None:
    for path in ("data/README.html", "data/captures/0193/tls/0.pem", "data/captures/0193/capture.json.tsa-1.tsr"):
        assert name_problem(path) is None


@pytest.mark.parametrize("second", ["data/b.txt", "data/B.TXT", "data/b.txt/more"])
def test_a_name_is_taken_once_whatever_its_case(second: str) -> None:
    with pytest.raises(IntegrityError, match="twice"):
        _write([Member.of("data/b.txt", b"x"), Member.of(second, b"y")])
    with pytest.raises(IntegrityError, match="twice"):
        _write([Member.of(second, b"y"), Member.of("data/b.txt", b"x")])


def test_only_the_bytes_on_record_are_written() -> None:
    for wrong in (
        Member("data/x", 2, lambda: [b"x"]),
        Member("data/x", 1, lambda: [b"y"], canonical.sha256(b"x")),
    ):
        with pytest.raises(IntegrityError, match="but the record says"):
            _write([wrong])


def test_members_are_read_in_chunks_one_after_the_other() -> None:
    opened: list[str] = []

    def reader(name: str) -> Callable[[], Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            opened.append(name)
            yield b"1"
            assert opened[-1] == name, "another file was opened meanwhile"
            yield b"2"

        return chunks

    _write([Member(f"data/{name}", 2, reader(name)) for name in "abc"])
    assert opened == ["a", "b", "c"]


@pytest.mark.parametrize(
    "info", [{"Payload-Oxum": "1.1"}, {"bagging-date": "x"}, {"A:b": "x"}, {"A": "x\nB: y"}, {"": "x"}, {"A": "\u202e"}]
)
def test_labels_that_would_break_bag_info_are_refused(info: dict[str, str]) -> None:
    with pytest.raises(IntegrityError, match="label"):
        _write(MEMBERS, info=info)


@pytest.mark.parametrize("name", ["c1", "c1_20261123T200000Z", "../c1_20261123T200001Z"])
def test_the_top_folder_carries_the_time_of_the_export(name: str) -> None:
    with pytest.raises(IntegrityError):
        _write(MEMBERS, name=name)


def test_more_files_than_a_plain_zip_can_count() -> None:
    archive, result = _write([Member.of(f"data/{number}", b"") for number in range(66_000)])
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert len(opened.infolist()) == result.file_count > 65_535


class Sparse(io.FileIO):
    """A file that skips over zeros instead of storing them."""

    def write(self, data: Buffer) -> int:
        block = bytes(data)
        if len(block) > 4096 and not any(block):
            self.seek(len(block), os.SEEK_CUR)
            self.truncate(max(self.tell(), os.fstat(self.fileno()).st_size))
            return len(block)
        return super().write(block)


@pytest.mark.slow
def test_a_file_larger_than_a_plain_zip_can_hold(tmp_path: Path) -> None:
    block = bytes(1 << 20)
    size = (4 << 30) + (1 << 20)
    big = Member("data/a.bin", size, lambda: (block for _ in range(size >> 20)))
    with Sparse(tmp_path / "big.zip", "w+b") as out:
        write_bundle(
            out,
            NAME,
            [big, Member.of("data/b.txt", b"after")],
            info={},
            signer=FakeSigner(),
            authorities=[],
            now=NOW,
        )
    with zipfile.ZipFile(tmp_path / "big.zip") as opened:
        assert opened.getinfo(f"{NAME}/data/a.bin").file_size == size
        assert opened.read(f"{NAME}/data/b.txt") == b"after"


def test_headers_are_those_of_zipfile_where_zipfile_has_the_same_choice() -> None:
    record = zip_form.Record("top/data/a.txt", 3, 0x352441C2, 0)
    stamp = (0xA000, 0x5B77)
    info = zipfile.ZipInfo("top/data/a.txt", (2025, 11, 23, 20, 0, 0))
    info.CRC, info.file_size, info.compress_size = record.crc32, 3, 3
    assert zip_form.local_header(record, stamp) == info.FileHeader(zip64=False)

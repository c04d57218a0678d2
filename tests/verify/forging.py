"""How a bundle is tampered with: by a stranger, who has no key, and by an insider, who signs it all again."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from takedown import canonical
from takedown.bundle import zip_form
from takedown.bundle.dossier import CaseDossier
from takedown.bundle.export import export_case
from takedown.bundle.names import member_rank
from takedown.bundle.write import Member, write_bundle
from takedown.sealing import Signer, TimeStampAuthority
from takedown.times import from_text
from takedown.verify import Check, Report, verify_bundle
from tests.verify import samples
from tests.verify.dev_tsa import DevTsa
from tests.verify.local_signer import LocalSigner


def export(case: CaseDossier, signer: Signer, authorities: Sequence[TimeStampAuthority]) -> bytes:
    """Export a case into memory."""
    out = io.BytesIO()
    export_case(out, case, signer=signer, authorities=authorities, now=samples.NOW)
    return out.getvalue()


def unpack(archive: bytes) -> tuple[str, dict[str, bytes]]:
    """Return the top folder's name, and the files below it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        files = {info.filename: opened.read(info) for info in opened.infolist()}
    top = next(iter(files)).split("/")[0]
    return top, {name.removeprefix(f"{top}/"): data for name, data in files.items()}


def exact(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """Pack entries in our form, whatever they are called and in whatever order: what a careful forger would do."""
    stamp, out, records = zip_form.dos_stamp(from_text(samples.NOW)), b"", []
    for name, data in entries:
        record = zip_form.Record(name, len(data), zlib.crc32(data), len(out))
        out += zip_form.local_header(record, stamp) + data
        records.append(record)
    directory = b"".join(zip_form.central_header(record, stamp) for record in records)
    return out + directory + zip_form.end_records(len(records), len(directory), len(out))


def rebag(files: Mapping[str, bytes], top: str, signer: Signer, authorities: Sequence[TimeStampAuthority]) -> bytes:
    """Put a payload into a fresh bag, signed and stamped: what somebody with the key could do."""
    out = io.BytesIO()
    members = [Member.of(path, data) for path, data in files.items() if path.startswith("data/")]
    info = {"External-Identifier": top}
    write_bundle(out, top, members, info=info, signer=signer, authorities=authorities, now=samples.NOW)
    return out.getvalue()


@dataclass
class Bench:
    """One bundle under the hands of a tamperer."""

    folder: Path
    archive: bytes = field(repr=False)
    signer: LocalSigner
    authorities: tuple[DevTsa, DevTsa]

    def __post_init__(self) -> None:
        self.top, self.files = unpack(self.archive)

    @property
    def roots(self) -> list[Path]:
        return [authority.root for authority in self.authorities]

    def verify(self, archive: bytes | None = None) -> Report:
        """Verify an archive, with the right root certificates and the right key."""
        path = self.folder / "bundle.zip"
        path.write_bytes(self.archive if archive is None else archive)
        return self.verify_path(path)

    def verify_path(self, path: Path) -> Report:
        return verify_bundle(path, roots=self.roots, key_fingerprints=[self.signer.ref.fingerprint])

    def repack(self, files: Mapping[str, bytes] | None = None) -> bytes:
        """Pack the files anew as another tool would."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            for name, data in (self.files if files is None else files).items():
                packed.writestr(f"{self.top}/{name}", data)
        return out.getvalue()

    def packed(self, files: Mapping[str, bytes]) -> bytes:
        """Pack files in our form."""
        return exact([(f"{self.top}/{path}", files[path]) for path in sorted(files, key=member_rank)])

    def verify_files(self, changes: Mapping[str, bytes | None]) -> Report:
        """Verify after a stranger's changes; None deletes."""
        files = {name: data for name, data in {**self.files, **changes}.items() if data is not None}
        return self.verify(self.packed(files))

    def verify_insider(self, changes: Mapping[str, bytes | None]) -> Report:
        """Verify after an insider's changes: only what stands in the payload can give them away."""
        files = {name: data for name, data in {**self.files, **changes}.items() if data is not None}
        return self.verify(rebag(files, self.top, self.signer, self.authorities))

    def events(self) -> list[dict[str, Any]]:
        """Return the custody events."""
        return [json.loads(line) for line in self.files["data/custody/custody.jsonl"].splitlines()]

    def chained(self, events: Sequence[dict[str, Any]]) -> dict[str, bytes | None]:
        """Chain events anew, as an insider would who rewrites history."""
        lines: list[bytes] = []
        for seq, event in enumerate(events):
            prev = canonical.sha256(lines[-1]) if lines else "0" * 64
            lines.append(canonical.dumps({**event, "seq": seq, "prev": prev}))
        head = json.loads(self.files["data/custody/head.json"])
        head |= {"events": len(lines), "sha256": canonical.sha256(lines[-1])}
        return {
            "data/custody/custody.jsonl": b"".join(line + b"\n" for line in lines),
            "data/custody/head.json": canonical.dumps(head),
        }

    def unpacked(self) -> Path:
        """Unpack into a folder."""
        with zipfile.ZipFile(io.BytesIO(self.archive)) as opened:
            opened.extractall(self.folder)
        return self.folder / self.top


def named(report: Report, path: str) -> bool:
    """Whether a failure names this file (or what it belongs to)."""
    return any((check.subject and path.startswith(check.subject)) or path in check.reason for check in report.failures)


def failure(report: Report, name: str) -> Check:
    """Return the first failure of this name."""
    found = next((check for check in report.failures if check.name == name), None)
    assert found is not None, [(check.name, check.subject, check.reason) for check in report.failures]
    return found

"""`takedown capture`, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from takedown import canonical
from takedown.seal import Seal, StoredObjects
from takedown.sealing import check_stored, read_record
from tests.browser.conftest import CHROMIUM
from tests.browser.hostile_site import HostileSite

COMMAND = [sys.executable, "-c", "from takedown.cli import main; main()", "capture"]


def run(home: Path, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    environ = {**os.environ, "TAKEDOWN_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    if CHROMIUM:
        environ["CHROMIUM_PATH"] = CHROMIUM
    done = subprocess.run([*COMMAND, *arguments], env=environ, capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_each_url_gets_a_sealed_record_and_a_line(site: HostileSite, tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    urls = [f"{site.url}/plain", "http://169.254.169.254/latest/"]
    # Nothing listens at port 9: the authority's silence has to stand in the seal.
    code, lines, errors = run(
        home, *urls, "--out", str(out), "--allow-host", site.host, "--tsa", "down=http://127.0.0.1:9/"
    )
    assert (code, errors) == (0, "")
    assert [list(line) for line in lines] == [["url", "capture_id", "status", "outcome", "detail", "flags", "dir"]] * 2
    assert [line["url"] for line in lines] == urls
    assert [(line["status"], line["outcome"]) for line in lines] == [("COMPLETE", "CAPTURED"), ("FAILED", "REFUSED")]
    for line in lines:
        folder = Path(line["dir"])
        record = read_record((folder / "capture.json").read_bytes())
        check_stored(record, StoredObjects.model_validate(canonical.loads((folder / "stored.json").read_bytes())))
        seal = Seal.model_validate(canonical.loads((folder / "seal.json").read_bytes()))
        assert seal.record_sha256 == canonical.sha256((folder / "capture.json").read_bytes())
        assert [(token.authority, token.sha256 is None) for token in seal.tokens] == [("down", True)]
        assert record.provenance.allowed_hosts == [site.host]
        verify = [
            "openssl",
            "dgst",
            "-sha256",
            "-verify",
            "signing-key.pem",
            "-signature",
            "seal.json.sig",
            "seal.json",
        ]
        assert subprocess.run(verify, cwd=folder, capture_output=True, check=True).stdout == b"Verified OK\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--viewport", "big"], "viewport"),
        (["--viewport", "1x1"], "viewport"),
        (["--allow-host", "localhost"], "allow-host"),
        (["--locale", "../x"], "locale"),
        (["--tsa", "ftp://x/"], "http"),
    ],
)
def test_a_wrong_option_is_said_in_one_line(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    code, lines, errors = run(tmp_path, "http://example.com/", "--out", str(tmp_path / "out"), *arguments)
    assert (code, lines) == (2, [])
    assert complaint in errors
    assert len(errors.splitlines()) == 1


def test_a_url_that_is_no_text_has_a_record_too(tmp_path: Path) -> None:
    code, lines, _ = run(tmp_path, os.fsdecode(b"http://x.example.com/\xff\x1b[2J"), "--out", str(tmp_path / "out"))
    assert code == 0
    assert (lines[0]["status"], lines[0]["outcome"]) == ("FAILED", "REFUSED")


def test_a_record_that_cannot_be_written_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    code, lines, _ = run(tmp_path, "http://127.0.0.1/", "--out", str(tmp_path / "file" / "x"))
    assert code == 1
    assert (lines[0]["status"], lines[0]["dir"]) == ("FAILED", None)

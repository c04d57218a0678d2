"""What `takedown capture` says of calls that need no browser: one line, an exit code, and never a traceback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from takedown.cli import main
from takedown.errors import IntegrityError

REFUSED = "http://169.254.169.254/latest/"
KEYS = ["url", "capture_id", "status", "outcome", "detail", "flags", "dir"]

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in an empty folder; return its exit code, its lines, and what it complains of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAKEDOWN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)

    def call(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        monkeypatch.setattr(sys, "argv", ["takedown", "capture", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(str(ended.value.code)), [json.loads(line) for line in said.out.splitlines()], said.err

    return call


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([REFUSED], "Missing option '--out'"),
        (["--out", "out"], "Missing argument 'URL...'"),
        ([REFUSED, "--out", "file"], "'--out': Directory 'file' is a file"),
        ([REFUSED, "--out", "out", "--nonsense"], "No such option '--nonsense'"),
        ([REFUSED, "--out", "out", "--viewport", "big"], "--viewport: 'big'"),
        ([REFUSED, "--out", "out", "--viewport", "1x1"], "--viewport: "),
        ([REFUSED, "--out", "out", "--allow-host", "localhost"], "allow-host: 'localhost'"),
        ([REFUSED, "--out", "out", "--locale", "../x"], "--locale: "),
        ([REFUSED, "--out", "out", "--timezone", "Mars/Phobos"], "--timezone: 'Mars/Phobos'"),
        ([REFUSED, "--out", "out", "--tsa", "ftp://x/"], "--tsa: 'ftp://x/' is not an http(s) URL"),
        ([REFUSED, "--out", "out", "--tsa", "http://[::1"], "--tsa: 'http://[::1' is not a URL"),
        ([REFUSED, "--out", "out", "--tsa", ""], "--tsa: ''"),
        ([REFUSED, "--out", "out", "--tsa", "http://a/,http://b/"], "--tsa: 'http://a/,http://b/' is not one"),
        ([REFUSED, "--out", "out", "--tsa", "http://a/1", "--tsa", "http://a/2"], "--tsa: two authorities"),
        ([REFUSED, "--out", "out", *(f"--tsa=n{n}=http://a/" for n in range(6))], "--tsa: these are 6"),
    ],
)
def test_a_wrong_call_is_said_in_one_line(run: Run, tmp_path: Path, arguments: list[str], complaint: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    code, lines, errors = run(*arguments)
    assert (code, lines) == (2, [])
    assert errors.startswith("takedown: ")
    assert complaint in errors
    assert len(errors.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [("TAKEDOWN_HOME", "file", "cannot hold the signing key"), ("CHROMIUM_PATH", "nowhere", "is no program")],
)
def test_a_wrong_environment_is_said_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(name, value)
    code, lines, errors = run(REFUSED, "--out", "out")
    assert (code, lines) == (2, [])
    assert errors.startswith(f"takedown: {name}: ")
    assert complaint in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("url", [REFUSED, "", "shop.example.com", "ftp://x/", os.fsdecode(b"http://x/\xff\x1b[2J")])
def test_a_refused_url_has_a_sealed_record_too(run: Run, tmp_path: Path, url: str) -> None:
    code, (line,), errors = run(url, "--out", "out/deep")
    assert (code, errors, list(line)) == (0, "", KEYS)
    assert (line["url"], line["status"], line["outcome"]) == (url, "FAILED", "REFUSED")
    assert {path.name for path in (tmp_path / line["dir"]).iterdir()} == {
        "capture.json",
        "seal.json",
        "seal.json.sig",
        "signing-key.pem",
        "stored.json",
    }


def test_a_record_that_cannot_be_written_is_exit_code_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    code, lines, errors = run(REFUSED, REFUSED, "--out", "file/x")
    assert (code, errors) == (1, "")
    for line in lines:
        assert list(line) == KEYS
        assert (line["status"], line["capture_id"], line["dir"]) == ("FAILED", None, None)
        assert line["detail"].startswith("NotADirectoryError")


def test_what_could_not_be_sealed_is_said_to_be_unsealed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise IntegrityError("no seal today")

    monkeypatch.setattr("takedown.cli.capture.seal_record", broken)
    code, (line,), _ = run(REFUSED, "--out", "out")
    assert (code, line["status"], line["dir"]) == (1, "FAILED", None)
    assert line["detail"].startswith("IntegrityError: no seal today; what there is lies unsealed in out/")

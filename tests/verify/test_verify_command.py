"""`takedown verify` before a person, and before a script."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from takedown.cli.verify import TITLES, verify
from tests.verify.forging import Bench


def _call(*arguments: object) -> Result:
    return CliRunner().invoke(verify, [str(argument) for argument in arguments])


@pytest.fixture
def given(bench: Bench) -> list[object]:
    """What a reader brings from outside."""
    roots = [part for root in bench.roots for part in ("--root", root)]
    return [*roots, "--key-fingerprint", bench.signer.ref.fingerprint]


@pytest.fixture
def path(bench: Bench) -> Path:
    path = bench.folder / "bundle.zip"
    path.write_bytes(bench.archive)
    return path


def test_it_says_verified(path: Path, given: list[object]) -> None:
    result = _call(path, *given)
    assert result.exit_code == 0
    assert "VERIFIED" in result.output
    assert "FAILED" not in result.output


def test_every_check_has_a_title(path: Path, given: list[object]) -> None:
    report = json.loads(_call(path, *given, "--json").output)
    assert {check["name"] for check in report["checks"]} | {"contents"} == set(TITLES)


def test_it_says_what_is_open(path: Path, bench: Bench) -> None:
    result = _call(path)
    assert result.exit_code == 2
    assert "TRUST NOT ESTABLISHED" in result.output
    assert bench.signer.ref.fingerprint in result.output.replace("\n", "").replace(" ", "")


def test_it_names_what_was_changed(path: Path, bench: Bench, given: list[object]) -> None:
    path.write_bytes(bench.packed({**bench.files, "data/README.html": b"other"}))
    result = _call(path, *given)
    assert result.exit_code == 1
    assert "TAMPERED OR BROKEN" in result.output
    assert "data/README.html" in result.output


def test_json_is_one_document_in_ascii(path: Path, given: list[object]) -> None:
    result = _call(path, *given, "--json")
    report = json.loads(result.output)
    assert (report["schema"], report["verdict"], report["exit_code"]) == ("takedown.verification/1", "verified", 0)
    assert result.output.isascii()


def test_names_in_a_hostile_archive_reach_no_terminal_raw(path: Path, bench: Bench) -> None:
    evil = f"{bench.top}/data/\x1b]8;;http://evil\x07\u202egpj.exe[bold red]"
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(evil, b"x")
    result = _call(path)
    assert result.exit_code == 1
    assert "[U+001B]]8;;http://evil[U+0007][U+202E]gpj.exe[bold red]" in result.output.replace("\n         ", "")
    assert not {"\x1b", "\x07", "\u202e"} & set(result.output)
    assert _call(path, "--json").output.isascii()


@pytest.mark.parametrize("arguments", [[], ["absent.zip"], ["a", "b"], ["--nope"], [__file__], ["\x1b[2J.zip"]])
def test_unusable_input_is_one_line_and_exit_3(arguments: list[str]) -> None:
    result = _call(*arguments)
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1
    assert "\x1b" not in result.stderr


def test_unusable_options_are_exit_3_too(path: Path, tmp_path: Path) -> None:
    assert _call(path, "--root", tmp_path / "absent.pem").exit_code == 3
    assert _call(path, "--key-fingerprint", "12").exit_code == 3
    assert _call(path, "--max-total", "1000").exit_code == 3
    assert json.loads(_call(path, "--max-total", "1000", "--json").output)["verdict"] == "unusable"


def test_the_verifier_needs_nothing_of_aws_of_a_browser_or_of_the_writer() -> None:
    code = "import json, sys; import takedown.cli.verify; json.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"boto3", "botocore", "playwright", "jinja2", "aws_lambda_powertools", "yaml", "urllib3"}

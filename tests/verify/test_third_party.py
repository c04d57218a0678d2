"""VERIFY.md's commands, run literally: coreutils, OpenSSL, bagit-python and rfc8785, nothing of ours."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import bagit
import pytest

from takedown.sealing import TimeStampAuthority
from tests.verify import samples
from tests.verify.dev_tsa import DownTsa
from tests.verify.forging import Bench, export

TOOLS = f"{Path(sys.executable).parent}:/usr/bin:/bin"


@pytest.fixture
def bag(bench: Bench) -> Path:
    (bench.folder / "roots.pem").write_bytes(b"".join(root.read_bytes() for root in bench.roots))
    return bench.unpacked()


def _run(bag: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": TOOLS, "ROOTS": str(bag.parent / "roots.pem")}
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=bag,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _steps(bag: Path) -> dict[str, str]:
    """Return the commands of VERIFY.md by the heading above them."""
    text = (bag / "data/verify/VERIFY.md").read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    found = {part.splitlines()[0]: "\n".join(re.findall(r"```bash\n(.*?)```", part, re.DOTALL)) for part in sections}
    preparation = found.pop("# How to check this bundle without our software")
    return {heading: f"{preparation}\n{commands}" for heading, commands in found.items() if commands}


def test_every_command_of_verify_md_succeeds(bag: Path) -> None:
    steps = _steps(bag)
    assert [heading.split(".")[0] for heading in steps] == list("1234567")
    said = {heading[0]: _run(bag, commands) for heading, commands in steps.items()}
    assert {number: (done.returncode, done.stderr) for number, done in said.items() if done.returncode} == {}
    assert (said["1"].stdout, said["2"].stdout) == ("", "")
    assert "is valid" in said["3"].stderr
    assert said["4"].stdout.count("Verified OK") == 2
    assert said["5"].stdout.count("Verification: OK") == 4 - said["5"].stderr.count("Verification: OK")
    assert "NOT BOUND" not in said["5"].stdout + said["6"].stdout
    assert said["6"].stdout.count("True") == 6
    assert "DIFFERENT" not in said["6"].stdout
    assert said["7"].stdout == "the chain holds: 10 events\n"


@pytest.mark.parametrize(
    ("change", "step", "sign"),
    [
        ("data/README.html", "1", "README.html: FAILED"),
        ("bag-info.txt", "1", "bag-info.txt: FAILED"),
        ("data/added.txt", "2", "data/added.txt"),
        ("added.txt", "2", "added.txt"),
        ("signatures/tagmanifest-sha256.txt.tsa-one.tsr", "5", "NOT BOUND"),
        (f"data/captures/{samples.CAPTURES[0]}/page.html", "6", "DIFFERENT page.html"),
        (f"data/captures/{samples.CAPTURES[0]}/stored.json", "6", "stored.json: NOT BOUND"),
        (f"data/notices/{samples.NOTICE}/sent.eml", "7", "sent.eml: NOT ON RECORD"),
        ("data/custody/custody.jsonl", "7", "JSONDecodeError"),
    ],
)
def test_a_changed_or_added_file_is_seen(bag: Path, change: str, step: str, sign: str) -> None:
    with (bag / change).open("ab") as file:
        file.write(b"x")
    commands = next(commands for heading, commands in _steps(bag).items() if heading.startswith(step))
    done = _run(bag, commands)
    assert sign in done.stdout + done.stderr


def _verify_sh(bag: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(bag / "data/verify/verify.sh"), *arguments]
    return subprocess.run(command, cwd=bag.parent, env={"PATH": TOOLS}, capture_output=True, text=True, check=False)


def test_verify_sh_says_the_same(bag: Path, bench: Bench) -> None:
    roots, fingerprint = str(bag.parent / "roots.pem"), bench.signer.ref.fingerprint
    done = _verify_sh(bag, roots, fingerprint)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith("everything holds\n")
    assert "open" not in done.stdout
    assert _verify_sh(bag, roots).returncode == 2
    assert _verify_sh(bag).returncode == 2
    assert _verify_sh(bag, roots, "00" * 32).returncode == 1
    assert _verify_sh(bag, str(bench.roots[0]), fingerprint).returncode == 1


def test_verify_sh_names_what_was_changed_deleted_or_added(bag: Path, bench: Bench) -> None:
    (bag / "manifest-sha512.txt").write_bytes((bag / "manifest-sha512.txt").read_bytes() + b"\n")
    (bag / "data/withheld.json").unlink()
    (bag / "data/link").symlink_to("/etc/hostname")
    (bag / "signatures/more.pem").write_bytes(b"x")
    done = _verify_sh(bag, str(bag.parent / "roots.pem"), bench.signer.ref.fingerprint)
    assert done.returncode == 1
    failed = {line.removeprefix("FAILED").strip() for line in done.stdout.splitlines() if line.startswith("FAILED")}
    assert {
        "tagmanifest-sha256",
        "manifest-sha256",
        "manifest-sha512",
        "no file added below data/",
        "no file added beside data/",
        "valid bag",
    } <= failed


def test_verify_sh_and_gaps(bench: Bench) -> None:
    authorities: list[TimeStampAuthority] = [bench.authorities[0], DownTsa("tsa-down")]
    bench.archive = export(samples.dossier(signer=bench.signer, authorities=authorities), bench.signer, authorities)
    bag = bench.unpacked()
    assert _verify_sh(bag, str(bench.roots[0]), bench.signer.ref.fingerprint).returncode == 0
    (bag.parent / "roots.pem").write_bytes(bench.roots[0].read_bytes())
    for commands in _steps(bag).values():
        assert _run(bag, commands).returncode == 0


def test_bagit_python_reads_what_we_wrote(bag: Path) -> None:
    read = bagit.Bag(str(bag))
    read.validate()
    assert read.version_info == (1, 0)
    assert read.info["External-Identifier"] == bag.name
    assert read.info["Bagging-Date"] == "2026-11-23"


def test_other_archivers_read_the_zip(bench: Bench) -> None:
    path = bench.folder / "bundle.zip"
    path.write_bytes(bench.archive)
    assert subprocess.run(["unzip", "-tqq", path], check=False).returncode == 0
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        assert {info.date_time for info in opened.infolist()} == {(2026, 11, 23, 20, 0, 0)}

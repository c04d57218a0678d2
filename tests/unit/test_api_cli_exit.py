"""`takedown`: what goes wrong with the machine is exit code 70, never 1, which for `verify` means tampered."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import click
import pytest

from takedown import cli

ABSENT = [str(Path(sys.executable).with_name("takedown")), "verify", "/nowhere/absent.zip"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "BrokenPipeError"),
        (MemoryError(), "MemoryError"),
        (RuntimeError("two\nlines \x1b[31m"), r"RuntimeError: two lines \x1b[31m"),
    ],
)
def test_a_fault_of_the_machine_is_one_line_and_exit_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, said: str
) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(cli._Commands, "get_command", lambda *_: broken)  # noqa: SLF001 - the seam
    monkeypatch.setattr(sys, "argv", ["takedown", "verify"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
def test_help_on_a_full_disk_is_not_exit_1() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([ABSENT[0], "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode not in {0, 1}
    assert "Traceback" not in done.stderr


def test_unusable_input_stays_exit_3() -> None:
    done = subprocess.run(ABSENT, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1

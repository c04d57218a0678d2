"""`sam build` with the shipped pins, and the built handlers under the runtime's own Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".venv-tools" / "bin" / "sam"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def python313() -> str | None:
    """The runtime's interpreter, on the PATH or where pyenv keeps its versions."""
    found = shutil.which("python3.13")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return next((str(path) for path in sorted(versions.glob("3.13*/bin/python3.13"))), None)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if not SAM.exists():
        pytest.skip("aws-sam-cli is not installed: make sam")
    python = python313()
    if python is None:
        pytest.skip("SAM builds python3.13 functions with that interpreter, and there is none on this machine")
    folder = tmp_path_factory.mktemp("sam")
    path = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
    command = [str(SAM), "build", "-x", "CapturePageFunction", "--build-dir", str(folder / "build")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield folder / "build"
    shutil.rmtree(folder)


def test_every_built_handler_imports_under_its_runtime(built: Path) -> None:
    python = python313()
    assert python
    names = (
        "CASE_TABLE CUSTODY_TABLE EVIDENCE_BUCKET WORK_BUCKET SIGNING_KEY NOTICE_SENDER CASE_MACHINE_ARN "
        "WATCH_MACHINE_ARN SEND_MACHINE_ARN BUILD_BUNDLE_FUNCTION PREPARER_ROLES APPROVER_ROLES AUDITOR_ROLES"
    )
    settings = dict.fromkeys(re.findall(r"\w+", names), "x")
    environment = {
        **settings,
        "AWS_DEFAULT_REGION": "us-east-1",
        "TSA_URLS": "x=https://tsa.example.com",
        "WATCH_POLICY": "standard",
        "PATH": os.environ["PATH"],
    }
    folders = sorted(path for path in built.iterdir() if path.is_dir())
    assert len(folders) == len([*(ROOT / "functions").glob("*/app.py")]) - 1, "all but the image function"
    for folder in folders:
        function = folder.name.removesuffix("Function")
        room = "".join(f"_{char.lower()}" if char.isupper() else char for char in function).lstrip("_")
        command = [python, "-I", "-c", f"import sys; sys.path.insert(0, '.'); import {room}.app as a; print(a.handler)"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{room}: {done.stderr[-2000:]}"

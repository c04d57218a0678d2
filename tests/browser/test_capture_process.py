"""The processes of a capture: none knows a secret, none is left."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from takedown.adapters.chromium import processes
from tests.browser.conftest import Capture
from tests.browser.hostile_site import HostileSite

pytestmark = pytest.mark.skipif(not processes.HAS_PROC, reason="looks into /proc")


@contextmanager
def watching() -> Iterator[dict[int, bytes]]:
    """Collect the environment of every process that lives below this one, with its command line."""
    seen: dict[int, bytes] = {}
    over = threading.Event()

    def watch() -> None:
        tree = processes.ProcessTree(os.getpid())
        while not over.wait(0.05):
            for process in tree.alive():
                if process.pid != os.getpid():
                    try:
                        environ = (processes.PROC / str(process.pid) / "environ").read_bytes()
                        command = (processes.PROC / str(process.pid) / "cmdline").read_bytes()
                    except (FileNotFoundError, ProcessLookupError):
                        continue
                    seen[process.pid] = seen.get(process.pid, b"") + environ + b"\0" + command

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def alive(pid: int) -> bool:
    try:
        return (processes.PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def left(seen: dict[int, bytes]) -> list[int]:
    """Give the system a second to take note of what has ended; return what has not."""
    end = time.monotonic() + 1
    while any(map(alive, seen)) and time.monotonic() < end:
        time.sleep(0.05)
    return [pid for pid in seen if alive(pid)]


def test_no_process_of_the_browser_knows_credentials(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
    monkeypatch.setenv("HTTP_PROXY", "http://user:very-secret@127.0.0.1:3128")
    with watching() as seen:
        assert capture("/plain").result.status == "COMPLETE"
    assert any(b"--user-data-dir" in text for text in seen.values()), "the browser was not seen"
    assert any(b"playwright/driver/node" in text for text in seen.values()), "the driver was not seen"
    for text in seen.values():
        assert b"AWS_" not in text
        assert b"very-secret" not in text
    assert left(seen) == []


@pytest.mark.parametrize(("where", "detail"), [("/push", "navs"), ("/spin", "time")])
def test_a_page_that_never_rests_ends_in_time_and_leaves_no_process(capture: Capture, where: str, detail: str) -> None:
    began = time.monotonic()
    with watching() as seen:
        taken = capture(where, budget_seconds=4, load_seconds=1, settle_seconds=1, history_changes=100)
    assert time.monotonic() - began < 4 + 5
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("PARTIAL", "BUDGET", detail)
    assert taken.record.main_response is not None
    assert len(seen) > 4
    assert left(seen) == []


def test_a_browser_that_is_killed_is_a_crash(capture: Capture, site: HostileSite) -> None:
    def kill() -> None:
        tree = processes.ProcessTree(os.getpid())
        while not site.asked:
            time.sleep(0.01)
        for process in tree.alive():
            if b"--user-data-dir" in (processes.PROC / str(process.pid) / "cmdline").read_bytes():
                os.kill(process.pid, 9)

    killer = threading.Thread(target=kill)
    killer.start()
    taken = capture("/never")
    killer.join()
    assert (taken.result.status, taken.result.outcome, taken.result.detail) == ("FAILED", "CRASHED", "browser")


def test_when_the_capture_function_is_killed_its_browser_ends_too(site: HostileSite, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from takedown.cli import main; main()", "capture", f"{site.url}/never"]
    environ = {**os.environ, "TAKEDOWN_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    with watching() as seen:
        function = subprocess.Popen([*command, "--out", str(tmp_path), "--allow-host", site.host], env=environ)
        while "/never" not in site.asked:
            time.sleep(0.05)
        function.kill()
        function.wait()
        end = time.monotonic() + 5
        while any(map(alive, seen)) and time.monotonic() < end:
            time.sleep(0.05)
    assert len(seen) > 4
    assert left(seen) == []

"""What a visitor process is given, and what is heard of it."""

from __future__ import annotations

from pathlib import Path

from takedown.adapters.chromium.record import Observations
from takedown.adapters.chromium.visitor import environment
from takedown.adapters.chromium.wire import MESSAGE, BrowserSettings, Flagged, StepEnded, StepStarted

NOW, LATER = "2026-11-23T20:00:00.000Z", "2026-11-23T20:00:01.000Z"


def test_a_visitor_gets_no_secret_of_ours(tmp_path: Path) -> None:
    ours = {
        "PATH": "/usr/bin",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SESSION_TOKEN": "b",
        "AWS_LAMBDA_RUNTIME_API": "c",
        "HTTPS_PROXY": "http://user:d@proxy",
        "PYTHONPATH": "/elsewhere",
        "NODE_OPTIONS": "--require=/tmp/x.js",
        "HOME": "/root",
    }
    given = environment(ours, tmp_path, BrowserSettings(executable_path="/usr/bin/chromium"))
    assert given.keys() == {"PATH", "PYTHONPATH", "LANG", "HOME", "TMPDIR"}
    assert given["HOME"] == str(tmp_path / "home")
    assert "/elsewhere" not in given["PYTHONPATH"]


def test_only_playwright_s_own_browser_needs_its_folder(tmp_path: Path) -> None:
    given = environment({"PLAYWRIGHT_BROWSERS_PATH": "/browsers"}, tmp_path, BrowserSettings())
    assert given["PLAYWRIGHT_BROWSERS_PATH"] == "/browsers"


def test_steps_of_a_visitor_that_was_killed_are_ended_for_it() -> None:
    seen = Observations()
    seen.hear(StepStarted(name="navigate"), NOW)
    seen.hear(StepEnded(name="navigate", status="done"), NOW)
    seen.hear(StepStarted(name="load"), NOW)
    seen.hear(Flagged(flag="height_capped"), NOW)
    seen.close(LATER)
    assert [(step.name, step.status, step.ended_at) for step in seen.steps] == [
        ("navigate", "done", NOW),
        ("load", "failed", LATER),
    ]
    assert seen.flags == ["height_capped"]


def test_messages_come_back_as_what_they_were() -> None:
    message = StepEnded(name="load", status="failed", reason="not done within 15 s")
    assert MESSAGE.validate_json(message.model_dump_json()) == message

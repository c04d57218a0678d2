"""The small parts of the local cloud: schedules, the outbox page, finding a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import ensure_chromium
from infra.local.outbox import list_page, mail_page
from infra.local.schedule import rate_seconds

HOSTILE = b"""\
From: a@b.example\r
To: "<img src=x onerror=alert(1)>" <c@d.example>\r
Subject: =?utf-8?b?PHNjcmlwdD4=?=\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<script>alert(1)</script>\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="<b>.pdf"\r
\r
x\r
--b--\r
"""


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(2 hours)", 7200), ("rate(7 days)", 604_800), ("cron(0 0 * * ? *)", None)],
)
def test_rates_are_read_and_other_schedules_are_left(expression: str, seconds: float | None) -> None:
    assert rate_seconds(expression) == seconds


def test_nothing_of_a_mail_becomes_markup(tmp_path: Path) -> None:
    mail = tmp_path / "0001-id.eml"
    mail.write_bytes(HOSTILE)
    for page in (list_page([mail]), mail_page(mail)):
        for markup in ("<script", "<img", "<b>"):
            assert markup not in page
    assert "&lt;script&gt;alert(1)" in mail_page(mail)


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any browser."""
    monkeypatch.delenv("TAKEDOWN_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(ensure_chromium, "PLACES", ())
    monkeypatch.setattr(ensure_chromium, "PLAYWRIGHT_FOLDERS", ())
    return tmp_path


def test_the_browser_that_is_asked_for_comes_first(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(bare / "bin" / "chromium")
    mine = executable(bare / "mine")
    monkeypatch.setenv("TAKEDOWN_CHROMIUM", str(mine))
    assert ensure_chromium.find() == mine
    monkeypatch.setenv("TAKEDOWN_CHROMIUM", str(bare / "missing"))
    assert ensure_chromium.find() is None


def test_then_the_path_then_the_newest_of_playwright(bare: Path) -> None:
    assert ensure_chromium.find() is None
    old, new = (executable(bare / "playwright" / f"chromium-{n}" / "chrome-linux" / "chrome") for n in (1100, 1200))
    assert ensure_chromium.find() == new
    assert old != new
    on_path = executable(bare / "bin" / "chromium-browser")
    assert ensure_chromium.find() == on_path


def test_without_a_browser_there_is_one_line_and_a_failure(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bare
    monkeypatch.setattr(ensure_chromium, "install", lambda failures: failures.append("nothing to install from"))
    assert ensure_chromium.main() == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "TAKEDOWN_CHROMIUM" in error

"""The names that a capture writes: a closed set, whatever becomes of its visitor."""

from __future__ import annotations

import os
import runpy
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

import takedown
from takedown.actor import Actor
from takedown.adapters.chromium import DirectorySink, capture_page, record
from takedown.adapters.chromium.wire import MESSAGE, PageFile
from takedown.adapters.system import utc_now
from takedown.capture import ARTIFACT_NAMES, RECORD_NAME, CaptureOrder, CaptureRecord, CaptureResult
from takedown.errors import IntegrityError
from takedown.guard.gate import allowed_hosts
from takedown.guard.resolver import StaticResolver
from takedown.limits import default_limits
from takedown.states import ObjectClass, Role

FOREIGN = ["seal.json", "seal.json.sig", "stored.json", "signing-key.pem", "capture.json.tsa.tsr", "sub/page.html", "../page.html", "page.html\n", ""]  # fmt: skip  # noqa: E501

Visiting = Callable[[str], CaptureResult]


@pytest.fixture
def visited_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visiting:
    """Capture with a visitor that does what a page has told it to: some lines of Python in its working folder."""

    def visit(script: str) -> CaptureResult:
        visitor = tmp_path / "visitor"
        said = "import json, os\ninput()\ndef say(**facts): print(json.dumps(facts), flush=True)\n"
        visitor.write_text(f"#!{sys.executable}\n{said}{script}\nsay(kind='ended', outcome='CAPTURED', detail='200')\n")
        visitor.chmod(visitor.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(visitor))
        order = CaptureOrder(
            tenant="default",
            case_id="case1",
            listing_id="listing1",
            capture_id="capture1",
            url="http://127.0.0.1:8/",
            purpose="infringement",
            requested_by=Actor(person="Ada", role=Role.PREPARER, principal="test"),
        )
        return capture_page(
            order,
            sink=DirectorySink(tmp_path / "out"),
            resolver=StaticResolver({}),
            limits=default_limits(),
            clock=utc_now,
            allow=allowed_hosts("127.0.0.1:8"),
        )

    return visit


def written(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "out").iterdir()}


def test_the_sets_agree() -> None:
    assert record.MEDIA_TYPES.keys() | {RECORD_NAME} == ARTIFACT_NAMES
    assert set(get_args(PageFile)) < ARTIFACT_NAMES
    assert not any(name.startswith(("seal", "stored", "signing", f"{RECORD_NAME}.")) for name in ARTIFACT_NAMES)


@pytest.mark.parametrize("name", [*FOREIGN, RECORD_NAME, "response-headers.json", "requests.jsonl"])
def test_a_visitor_hands_over_files_of_the_page_and_nothing_else(name: str) -> None:
    with pytest.raises(ValidationError):
        MESSAGE.validate_python({"kind": "file-kept", "path": name})


def test_a_folder_takes_the_names_of_a_capture_and_no_others(tmp_path: Path) -> None:
    sink = DirectorySink(tmp_path / "out")
    for name in FOREIGN:
        with pytest.raises(IntegrityError, match="is no file of a capture"):
            sink.put(name, b"x", "text/plain")
    assert written(tmp_path) == set()
    for name in ARTIFACT_NAMES:
        sink.put(name, b"x", "text/plain")
    assert written(tmp_path) == ARTIFACT_NAMES


def test_the_capture_function_writes_no_other_names_either(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("EVIDENCE_BUCKET", "bucket"),
        ("CHROMIUM_PATH", "/usr/bin/chromium"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
    ):
        monkeypatch.setenv(name, value)
    app = runpy.run_path(str(Path(takedown.__file__).parents[1] / "capture_page" / "app.py"))  # a copy of its own
    keys: list[str] = []

    class Store:
        def put(self, key: str, data: bytes, media_type: str, object_class: ObjectClass) -> None:  # noqa: ARG002
            keys.append(key)

    prefix = app["CapturePrefix"](Store(), "t/c/captures/x/0/")
    prefix.put("page.html", b"", "text/html")
    for name in FOREIGN:
        with pytest.raises(IntegrityError):
            prefix.put(name, b"", "text/html")
    assert keys == ["t/c/captures/x/0/page.html"]


@pytest.mark.parametrize("name", ["seal.json", RECORD_NAME, "../../../seal.json"])
def test_a_visitor_that_was_taken_over_cannot_name_a_file(visited_by: Visiting, tmp_path: Path, name: str) -> None:
    result = visited_by(f"open('seal.json', 'w').write('forged')\nsay(kind='file-kept', path={name!r})")
    assert (result.status, result.outcome) == ("FAILED", "CRASHED")
    assert result.detail == "visitor: it could not be understood"
    assert written(tmp_path) == {RECORD_NAME}


def test_what_lies_beside_the_files_of_a_visit_stays_there(visited_by: Visiting, tmp_path: Path) -> None:
    result = visited_by(
        "for name in ('page.html', 'seal.json', 'capture.json', 'response-headers.json'): open(name, 'w').write(name)\n"
        "for _ in range(2): say(kind='file-kept', path='page.html')"
    )
    assert result.outcome == "CAPTURED"
    assert written(tmp_path) == {"page.html", RECORD_NAME}
    kept = CaptureRecord.model_validate_json((tmp_path / "out" / RECORD_NAME).read_bytes())
    assert [(item.path, item.media_type) for item in kept.artifacts] == [("page.html", "text/html; charset=utf-8")]


@pytest.mark.parametrize("trick", ["os.symlink({secret!r}, 'text.txt')", "os.mkfifo('text.txt')", "os.mkdir('text.txt')", ""])  # fmt: skip  # noqa: E501
def test_what_is_no_plain_file_is_not_read(visited_by: Visiting, tmp_path: Path, trick: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("ours")
    result = visited_by(f"{trick.format(secret=os.fspath(secret))}\nsay(kind='file-kept', path='text.txt')")
    assert (result.outcome, result.flags) == ("CAPTURED", ["file_lost:text.txt"])
    assert result.status == "PARTIAL"
    assert written(tmp_path) == {RECORD_NAME}

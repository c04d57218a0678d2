"""Which names a capture's files may have: whatever is sealed must also be able to leave."""

from __future__ import annotations

import pytest

from takedown.bundle.names import artifact_problem

ORDINARY = ["page.html", "page.mhtml", "response-body.bin", "screenshot-tiles/001.png", "screenshot-tiles/002.png"]


def test_the_names_of_a_capture_can_leave() -> None:
    assert artifact_problem(ORDINARY) is None
    assert artifact_problem([]) is None
    assert artifact_problem([f"{'a' * 100}/{'b' * 100}"]) is None


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["aux.png"], "device"),
        (["tiles/nul"], "device"),
        (["page."], "ends with a dot"),
        ([".page"], "begins or ends with a dot"),
        (["../page.html"], "'..' part"),
        (["/page.html"], "empty"),
        (["tiles\\page.html"], "characters outside"),
        (["page\u202e.html"], "characters outside"),
        ([f"{'a' * 103}/{'b' * 103}"], "longer than"),
        (["page.html", "page.html"], "twice"),
        (["page.html", "Page.html"], "twice"),
        (["tiles", "tiles/001.png"], "a file and a folder"),
        (["Tiles/001.png", "tiles"], "a file and a folder"),
        (["capture.json"], "kept for the seal"),
        (["seal.json"], "kept for the seal"),
        (["Seal.json"], "kept for the seal"),
        (["seal.json/a"], "kept for the seal"),
        (["seal.json.sig"], "kept for the seal"),
        (["stored.json"], "kept for the seal"),
        (["signing-key.pem"], "kept for the seal"),
        (["capture.json.tsa-one.tsq"], "kept for the seal"),
        (["capture.json.tsa-one.tsr"], "kept for the seal"),
    ],
)
def test_a_name_that_could_not_leave_is_told(names: list[str], said: str) -> None:
    problem = artifact_problem(["text.txt", *names])
    assert problem is not None
    assert said in problem

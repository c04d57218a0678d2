"""The limits of a capture."""

from __future__ import annotations

from importlib import resources

import pytest

from takedown.limits import CaptureLimits, default_limits, read_limits

TEXT = resources.files("takedown").joinpath("limits.yaml").read_text("utf-8")


def test_every_number_stands_with_its_source() -> None:
    for line in TEXT.splitlines():
        name = line.partition(":")[0]
        if name in CaptureLimits.model_fields and name not in {"version", "reviewed"}:
            assert len(line.partition("#")[2].split()) >= 4, line


def test_the_steps_of_a_capture_fit_its_budget() -> None:
    limits = default_limits()
    assert limits.reserve_seconds < limits.budget_seconds
    assert limits.navigate_seconds + limits.load_seconds + limits.settle_seconds < limits.budget_seconds


@pytest.mark.parametrize(
    ("old", "new"),
    [("budget_seconds: 60", "budget_seconds: 0"), ("dialogs: 10", "dialogues: 10"), ("version: 1", "version: one")],
)
def test_a_file_with_a_mistake_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match="validation error"):
        read_limits(TEXT.replace(old, new, 1))

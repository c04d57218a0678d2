"""What one capture may cost: time, bytes and counts, as data (`limits.yaml`)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import Field

from takedown.model import Document

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]


class CaptureLimits(Document):
    """The numbers of `limits.yaml`, where each stands with its source."""

    schema_: Literal["takedown.capture-limits/1"] = Field(alias="schema")
    version: Count
    reviewed: str

    budget_seconds: Seconds
    grace_seconds: Seconds
    navigate_seconds: Seconds
    load_seconds: Seconds
    settle_seconds: Seconds
    quiet_seconds: Seconds
    long_request_seconds: Seconds
    scroll_seconds: Seconds
    scroll_step_seconds: Seconds
    shot_seconds: Seconds
    read_seconds: Seconds
    reserve_seconds: Seconds

    network_bytes: Count
    body_bytes: Count
    file_bytes: Count
    memory_bytes: Count
    page_height: Count
    page_width: Count

    scroll_steps: Count
    requests: Count
    navigations: Count
    history_changes: Count
    dialogs: Count
    popups: Count
    console_lines: Count
    console_characters: Count
    guard_lines: Count


def read_limits(text: str) -> CaptureLimits:
    """Read a limits file.

    Raises
    ------
    ValueError
        A number is missing, unknown or not usable.
    """
    return CaptureLimits.model_validate(yaml.safe_load(text))


@cache
def default_limits() -> CaptureLimits:
    """Return the limits that ship with this package."""
    return read_limits(resources.files(__package__).joinpath("limits.yaml").read_text("utf-8"))

"""Legal regimes as data: what a notice must contain, and what an approver must confirm. Files in `regimes/`."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Literal

import yaml
from pydantic import Field, PositiveInt, ValidationError

from takedown.errors import ConfigurationError
from takedown.model import Document, Frozen
from takedown.states import RightKind


class Required(Frozen):
    """A field that the law requires."""

    field: str
    requirement: str


class Point(Frozen):
    """A point that an approver confirms."""

    point: str
    text: str


class Regime(Document):
    """One regime file."""

    schema_: Literal["takedown.regime/1"] = Field("takedown.regime/1", alias="schema")
    name: str
    version: int
    title: str
    law: str
    source: str
    right_kinds: list[RightKind]
    counsel_signed_off: bool
    listings_per_notice: PositiveInt
    approval_valid_hours: PositiveInt
    template: str
    subject: str
    required: list[Required]
    checklist: list[Point]

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name}/{self.version}"


@functools.cache
def load_regimes() -> dict[str, Regime]:
    """Read every regime file, by label.

    Raises
    ------
    ConfigurationError
        Naming the file that is not usable.
    """
    found: dict[str, Regime] = {}
    for item in sorted((resources.files("takedown") / "regimes").iterdir(), key=lambda entry: entry.name):
        if not item.name.endswith(".yaml"):
            continue
        try:
            regime = Regime.model_validate(yaml.safe_load(item.read_text("utf-8")))
        except ValidationError as error:
            raise ConfigurationError(f"regimes/{item.name}", f"not usable: {error}") from error
        found[regime.label] = regime
    return found


def regime_for(kind: RightKind) -> Regime | None:
    """Return the regime under which a right of this kind is noticed; None where we hold none that fits."""
    return next((regime for regime in load_regimes().values() if kind in regime.right_kinds), None)

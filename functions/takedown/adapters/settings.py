"""Settings of a room, read from its environment once, at the cold start: a missing one fails there, not in a case."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from takedown.errors import ConfigurationError


class Settings(BaseModel):
    """Base of a room's settings: field `case_table` is the variable `CASE_TABLE`."""

    model_config = ConfigDict(frozen=True, extra="ignore")


S = TypeVar("S", bound=Settings)


def read_settings(kind: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """Read a room's settings.

    Raises
    ------
    ConfigurationError
        Naming the first variable that is missing or unusable.
    """
    values = {name: environ[name.upper()] for name in kind.model_fields if name.upper() in environ}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "environment"
        problem = "is not set." if first["type"] == "missing" else f"is not usable: {first['msg']}."
        raise ConfigurationError(name, problem, f"Set the environment variable {name}.") from error


def names(setting: str) -> frozenset[str]:
    """Split a comma-separated setting."""
    return frozenset(item.strip() for item in setting.split(",") if item.strip())

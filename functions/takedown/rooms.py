"""What every room's handler does alike: read its event, or say clearly that it is not one."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from takedown.errors import InputError

M = TypeVar("M", bound=BaseModel)


def parse_event(kind: type[M], event: Any) -> M:  # noqa: ANN401 - whatever the caller sent
    """Read an event into its model.

    Raises
    ------
    InputError
        Naming the first field that is wrong.
    """
    try:
        return kind.model_validate(event)
    except ValidationError as error:
        raise first_problem(error) from error


def first_problem(error: ValidationError) -> InputError:
    """Turn a validation error into one of ours that names the first wrong field as the caller wrote it."""
    first = error.errors()[0]
    field = ""
    for part in first["loc"]:
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else str(part)
    remedy = "Leave it out." if first["type"] == "extra_forbidden" else ""
    return InputError(field or "body", f"{first['msg']}.", remedy)

"""Instants as text: RFC 3339, UTC, three decimals and ``Z``. There is no clock here; `now` is an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from takedown.errors import InputError


def to_text(instant: datetime) -> str:
    """Write an aware instant, cut (never rounded up) to milliseconds.

    Raises
    ------
    ValueError
        The instant carries no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone means nothing")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read an RFC 3339 instant.

    Raises
    ------
    InputError
        Not an instant, or one without an offset.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            "time", f"{text!r} is not an RFC 3339 instant.", "Write it as 2026-11-23T20:00:00.000Z."
        ) from error
    if instant.tzinfo is None:
        raise InputError("time", f"{text!r} has no offset.", "End it with Z.")
    return instant.astimezone(UTC)


def later(text: str, *, seconds: float) -> str:
    """`text` moved by some seconds."""
    return to_text(from_text(text) + timedelta(seconds=seconds))

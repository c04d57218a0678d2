"""The machine's clock and randomness: the only places where they enter."""

from __future__ import annotations

from datetime import UTC, datetime

import uuid_utils

from takedown.times import to_text


def utc_now() -> str:
    """Return the present instant as text."""
    return to_text(datetime.now(UTC))


def new_id() -> str:
    """Return a new id: UUIDv7 (RFC 9562) as 32 hex digits, so ids sort by the time they were made."""
    return uuid_utils.uuid7().hex

"""Canonical JSON (RFC 8785) and the digests that stand in the record."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785

from takedown.errors import IntegrityError


def dumps(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Write a JSON value in the one canonical form.

    Raises
    ------
    IntegrityError
        The value has no canonical form (an integer beyond 2**53, NaN, a non-string key, half a surrogate pair).
    """
    try:
        return bytes(rfc8785.dumps(value))
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise IntegrityError(f"no canonical form: {error}") from error


def loads(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read bytes that claim to be canonical JSON.

    Raises
    ------
    IntegrityError
        Not JSON, or JSON in another form than the canonical one: then two readers could read two things.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"not JSON: {error}") from error
    if dumps(value) != data:
        raise IntegrityError("not in canonical form (RFC 8785)")
    return value


def sha256(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sha512(data: bytes) -> str:
    """SHA-512 in lower-case hex."""
    return hashlib.sha512(data).hexdigest()

"""The two base models: values inside, and input at the edges. Both are frozen and refuse unknown fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{1,32}$")]
"""An id of ours: UUIDv7 in hex (or any lower-case token of at most 32 characters; execution names allow 80)."""

Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hex."""

Sha512Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
"""A SHA-512 digest in lower-case hex."""

Timestamp = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
"""RFC 3339, UTC, three decimals and ``Z``; sorts as text."""

Line = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
    ),
]
"""One line of text typed by a person: no control characters, no line separators."""


def _plain(address: str) -> str:
    """Check what pydantic's regular expressions cannot: they do not look ahead."""
    if address.index("@") > _LOCAL_PART:
        raise ValueError(f"at most {_LOCAL_PART} characters may stand before the @")
    if "=?" in address:
        raise ValueError("=? begins an encoded word: a mail program would read another address (RFC 2047)")
    return address


_LOCAL_PART = 64
"""RFC 5321, 4.5.3.1.1."""
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL_PATTERN = rf"^{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*$"

Email = Annotated[
    str,
    StringConstraints(max_length=254, pattern=EMAIL_PATTERN),
    AfterValidator(_plain),
]
"""One plain e-mail address, ASCII: a dot-atom (RFC 5322), @, a domain of labels. No name, no second recipient."""


class Frozen(BaseModel):
    """A value: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(Frozen):
    """A stored document: `schema` names its kind and version, and readers accept older ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

"""Untrusted text for a reader's eyes: what cannot be seen, or reorders what is seen, is written out by its number."""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Controls, format characters (all bidi controls and zero-width ones), lone surrogates, unassigned, separators."""


def visible(text: str, *, keep: str = "") -> str:
    r"""Return `text` with every hidden character written as ``[U+202E]``.

    Parameters
    ----------
    keep
        Characters that stay as they are, for example line ends in a paragraph.

    Examples
    --------
    >>> visible("gpj.\u202eexe")
    'gpj.[U+202E]exe'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"[U+{ord(char):04X}]" if char not in keep and unicodedata.category(char) in _HIDDEN else char for char in text
    )

"""Which classes and ids a page's own style blocks hide. Only plain selectors are read: this is no browser.

Reading too many as hidden makes a verdict less sure; it never makes one REMOVED.
"""

from __future__ import annotations

import re

_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden)"
)
_HIDING_INLINE = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|opacity:0(?:\.0+)?(?:;|!|$)"
    r"|font-size:0(?:px|em|rem|%)?(?:;|!|$)|(?:left|top|text-indent|right|margin-left|margin-top):-\d{3})"
)
_COMMENT = re.compile(r"/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/")
_PLAIN = re.compile(r"[.#][\w-]{1,100}")
_SPACE = re.compile(r"\s+")
_MAX_STYLE = 2000


def hides_inline(style: str) -> bool:
    """Tell whether a `style` attribute takes its element out of sight."""
    return _HIDING_INLINE.search(_SPACE.sub("", _COMMENT.sub("", style[:_MAX_STYLE])).lower()) is not None


def hidden_names(sheets: list[str]) -> frozenset[str]:
    """Return ``.class`` and ``#id`` names that a rule of its own hides on the screen.

    Examples
    --------
    >>> sorted(hidden_names([".gone, #x { display: none } .a .b{display:none} @media print { .p{display:none} }"]))
    ['#x', '.gone']
    """
    found: set[str] = set()
    for sheet in sheets:
        _read(_COMMENT.sub("", sheet), found)
    return frozenset(found)


def _read(sheet: str, found: set[str]) -> None:
    """Walk the braces once; what stands inside a conditional group counts for that medium only, so it is left out."""
    depth = skipped = 0
    prelude = ""
    place = 0
    for brace in re.finditer(r"[{}]", sheet):
        text = sheet[place : brace.start()]
        place = brace.end()
        if brace[0] == "{":
            depth += 1
            prelude = text.rpartition(";")[2].strip()
            if prelude.startswith("@") and not skipped:
                skipped = depth
        else:
            if not skipped and depth == 1 and _HIDING.search(text.lower()):
                names = [name.strip() for name in prelude.split(",")]
                found.update(name for name in names if _PLAIN.fullmatch(name))
            if skipped == depth:
                skipped = 0
            depth = max(0, depth - 1)

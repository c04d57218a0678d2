"""One linear pass over raw HTML, before any tree is built.

It separates script text from markup (a wall's name in a library's source is no wall), and it measures what a tree
builder would cost: the HTML standard's algorithms are quadratic in nesting depth, in open formatting elements and in
attributes of one element, so a small hostile page could keep them busy for hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = re.compile(r"[^\s/>]*+")
_ATTRIBUTE = re.compile(r"[\s/]*+([^\s/>=]?[^\s/>=]*+)(\s*+=\s*+)?")
_UNQUOTED = re.compile(r"[^\s>]*+")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"})
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
# Closed by their successors, so counting them as open would call every long list deep.
_IMPLIED = frozenset({"p", "li", "dd", "dt", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot", "rt"})
# "Any other start tag" lists of §13.2.6.5: these leave SVG and MathML, where `<path/>` closes itself.
_BREAKOUT = frozenset(
    """
    b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta
    nobr ol p pre ruby s small span strong strike sub sup table tt u ul var
    """.split()  # noqa: SIM905 - a list of names reads best as one
)

MAX_WALK = 100_000_000
"""Sum of the open elements at each tag; about a second of a tree builder's time. Real shops stay below 5 million."""
MAX_REOPENED = 3_000_000
"""Sum of the open formatting elements at each tag: the elements that could be made anew for unclosed ones."""
MAX_ATTRIBUTES = 2_000
MAX_DEPTH = 10_000


@dataclass
class Scan:
    """What the pass found."""

    markup: list[str] = field(default_factory=list)
    """The source without the text of scripts, styles and comments."""
    too_complex: bool = False


@dataclass
class _Cost:
    depth: int = 0
    formatting: int = 0
    walk: int = 0
    reopened: int = 0
    foreign: bool = False

    def open(self, name: str, attributes: int, *, closes_itself: bool) -> bool:
        """Count a start tag; False where building a tree would cost too much."""
        if name in {"svg", "math"}:
            self.foreign = not closes_itself
        elif name in _BREAKOUT:
            self.foreign = False
        if closes_itself and (self.foreign or name in {"svg", "math"}):
            return self.step()
        if name in _FORMATTING:
            self.formatting += 1
        if name not in _VOID and name not in _IMPLIED:
            self.depth += 1
        return self.step() and attributes <= MAX_ATTRIBUTES and self.depth <= MAX_DEPTH

    def close(self, name: str) -> bool:
        """Count an end tag."""
        if name in {"svg", "math"}:
            self.foreign = False
        if name in _FORMATTING:
            self.formatting = max(0, self.formatting - 1)
        if name not in _IMPLIED and name not in _VOID:
            self.depth = max(0, self.depth - 1)
        return self.step()

    def step(self) -> bool:
        self.walk += self.depth
        self.reopened += self.formatting
        return self.walk <= MAX_WALK and self.reopened <= MAX_REOPENED


def scan(text: str) -> Scan:
    """Walk the tags of raw HTML once, in the manner of the standard's tokenizer."""
    found = Scan()
    cost = _Cost()
    place = start = 0
    while (place := text.find("<", place)) >= 0:
        following = text[place + 1 : place + 2]
        if following == "!" and text.startswith("<!--", place):
            found.markup.append(text[start:place])
            end = text.find("-->", place + 2)
            place = start = len(text) if end < 0 else end + 3
        elif following == "/" and text[place + 2 : place + 3].isalpha():
            name = _name(text, place + 2)
            found.too_complex |= not cost.close(name)
            place = _after(text, place + 2 + len(name))
        elif following.isalpha():
            name = _name(text, place + 1)
            place, attributes = _attributes(text, place + 1 + len(name))
            found.too_complex |= not cost.open(name, attributes, closes_itself=text[place - 2 : place] == "/>")
            if name in _RAW and place < len(text):
                end = _raw_end(text, name, place)
                if name in {"script", "style"}:
                    found.markup.append(text[start:place])
                    start = end
                place = end
        else:
            place += 1
    found.markup.append(text[start:])
    return found


def _name(text: str, place: int) -> str:
    match = _NAME.match(text, place)
    return match[0][:64].lower() if match else ""


def _after(text: str, place: int) -> int:
    end = text.find(">", place)
    return len(text) if end < 0 else end + 1


def _attributes(text: str, place: int) -> tuple[int, int]:
    """Return the place behind a start tag, and how many attributes it has."""
    count = 0
    while place < len(text) and (match := _ATTRIBUTE.match(text, place)):
        place = match.end()
        if match[2]:
            quote = text[place : place + 1]
            if quote in {'"', "'"}:
                end = text.find(quote, place + 1)
                place = len(text) if end < 0 else end + 1
            else:
                unquoted = _UNQUOTED.match(text, place)
                place = unquoted.end() if unquoted else place
        if not match[1] and not match[2]:
            break
        count += 1
    return (_after(text, place) if text[place : place + 1] == ">" else min(place + 1, len(text))), count


def _raw_end(text: str, name: str, place: int) -> int:
    """Return where the element's raw text ends: at its end tag in any spelling, or with the document."""
    closing = f"</{name}"
    while (place := text.find("</", place)) >= 0:
        if text[place : place + len(closing)].lower() == closing:
            return place
        place += 2
    return len(text)

"""One walk over the visible main content: its blocks of text, and what its buttons and links say."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from takedown.judging.decoding import fold
from takedown.judging.sight import Sight
from takedown.platform.words import Words

_INLINE_NAMES = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rp rt ruby s samp small span
strike strong sub sup time tt u var wbr
"""
INLINE = frozenset(_INLINE_NAMES.split())
"""Elements inside which a sentence goes on (HTML living standard, chapter 15: `display` is not block)."""
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3}
_SECTIONS = frozenset({"main", "article", "section"})
_CONTROLS = frozenset({"button", "a"})
_BUTTON_TYPES = frozenset({"submit", "button", "image"})
_MAX_VALUE = 4000


@dataclass
class Block:
    """A run of visible main text between two block boundaries."""

    shown: str
    """As a visitor reads it, spaces collapsed."""
    heading: int
    """1 to 3 for a heading of that rank, 0 for other text."""
    node: LexborNode | None = None
    """The element that the text stands in: the innermost that is no part of a sentence."""

    @functools.cached_property
    def text(self) -> str:
        """Return it as phrases are compared."""
        return fold(self.shown)


@dataclass
class _Pieces:
    """Text of a block, or of a control, while it is being read."""

    parts: list[str] = field(default_factory=list)
    heading: int = 0
    node: LexborNode | None = None

    def take(self) -> str:
        text = " ".join("".join(self.parts).split())
        self.parts.clear()
        return text


@dataclass(frozen=True, slots=True)
class Control:
    """A button or link that can be used."""

    text: str
    """What it says, folded."""
    node: LexborNode


@dataclass(frozen=True, slots=True)
class _Around:
    """What an element stands in."""

    heading: int = 0
    section: bool = False
    node: LexborNode | None = None
    """The innermost element that is no part of a sentence."""

    def with_(self, tag: str, node: LexborNode) -> _Around:
        if tag in INLINE:
            return self
        return _Around(self.heading or _HEADINGS.get(tag, 0), self.section or tag in _SECTIONS, node)


_EndOfBlock = None


class Reader:
    """Walks a document once, depth first, with a stack of its own: pages may be nested deeper than Python is.

    Parameters
    ----------
    tree
        The document.
    words
        What marks the parts of a page that are not its main text.
    """

    def __init__(self, tree: LexborHTMLParser, words: Words) -> None:
        self.blocks: list[Block] = []
        self.controls: list[Control] = []
        self.seen: set[int] = set()
        """Memory ids of the elements that are visible main content."""
        self._sight = Sight(tree, words)
        self._block = _Pieces()
        self._control: _Pieces | None = None
        # _EndOfBlock closes a block, a _Pieces closes a control.
        self._stack: list[tuple[LexborNode | _Pieces | None, _Around]] = []
        if tree.body is not None:
            self._walk(tree.body)

    def _walk(self, body: LexborNode) -> None:
        self._stack.append((body, _Around()))
        while self._stack:
            node, around = self._stack.pop()
            if node is _EndOfBlock:
                self._end_block()
            elif isinstance(node, _Pieces):
                self._end_control(node)
            elif node.is_text_node:
                self._text(node.text_content or "", around)
            elif node.is_element_node and self._sight.shows(node, in_section=around.section):
                self._element(node, around)
        self._end_block()

    def _text(self, text: str, around: _Around) -> None:
        self._block.parts.append(text)
        if not text.isspace():
            self._block.heading = self._block.heading or around.heading
            self._block.node = self._block.node or around.node
        if self._control is not None:
            self._control.parts.append(text)

    def _element(self, node: LexborNode, around: _Around) -> None:
        self.seen.add(node.mem_id)
        tag = node.tag or ""
        if tag == "br":
            self._block.parts.append(" ")
            return
        if tag not in INLINE:
            self._end_block()
            self._stack.append((_EndOfBlock, around))
        if tag == "input":
            self._input(node)
        elif self._control is None and self._sight.is_control(node, _CONTROLS):
            self._control = _Pieces(node=node)
            self._stack.append((self._control, around))
        inner = around.with_(tag, node)
        self._stack.extend((child, inner) for child in reversed(list(node.iter(include_text=True))))

    def _input(self, node: LexborNode) -> None:
        attributes = node.attributes
        if (attributes.get("type") or "").lower() in _BUTTON_TYPES and "disabled" not in attributes:
            text = attributes.get("value") or attributes.get("alt") or ""
            self.controls.append(Control(fold(text[:_MAX_VALUE]), node))

    def _end_block(self) -> None:
        if text := self._block.take():
            self.blocks.append(Block(text, self._block.heading, self._block.node))
        self._block.heading = 0
        self._block.node = None

    def _end_control(self, control: _Pieces) -> None:
        self._control = None
        text = control.take()
        if text and control.node is not None:
            self.controls.append(Control(fold(text[:_MAX_VALUE]), control.node))

"""A page as the rules read it: raw text, visible main text in blocks, titles, controls, links.

Everything is worked out once, when it is first asked for, and without recursion: pages are hostile and may be large.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from takedown.guard import whatwg
from takedown.judging.decoding import fold, unescape
from takedown.judging.reading import INLINE, Block, Control, Reader
from takedown.judging.scan import Scan, scan
from takedown.platform.words import Words

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_MAX_NODES = 400
_MAX_TEXT = 4000

BARE = 400
"""Characters of visible main text up to which a page shows little else."""
WORDY = 4000
"""Characters of visible main text beyond which one heading does not speak for the page."""


class Page:
    """One decoded body.

    Parameters
    ----------
    text
        The decoded body.
    media_type
        Lower case, without parameters; empty where nobody said.
    url
        Where it was loaded from, for relative links.
    words
        What marks the parts of a page that are not its main text.
    """

    def __init__(self, text: str, media_type: str, url: str, words: Words) -> None:
        self.source = text
        self._media_type = media_type
        self._url = url
        self._words = words

    @functools.cached_property
    def is_html(self) -> bool:
        """Whether a browser would show it as a page. A JSON text is none, whatever its header says."""
        start = self.source[:2000].lstrip("\ufeff \t\r\n")
        if start[:1] in {"{", "["}:
            return False
        return self._media_type in _HTML_TYPES or (not self._media_type and "<" in start)

    @functools.cached_property
    def _scan(self) -> Scan:
        return scan(self.source)

    @property
    def too_complex(self) -> bool:
        """Whether building its tree would cost more than any real page does; then nothing of it is read."""
        return self.is_html and self._scan.too_complex

    @functools.cached_property
    def raw(self) -> str:
        """The whole source, entity-decoded and folded."""
        return fold(unescape(self.source))

    @functools.cached_property
    def markup(self) -> str:
        """The same without the text of scripts and styles."""
        return fold(unescape("".join(self._scan.markup))) if self.is_html else self.raw

    @functools.cached_property
    def tree(self) -> LexborHTMLParser:
        """The document as browsers with scripting build it; empty where there is none to build."""
        usable = self.is_html and not self._scan.too_complex
        return LexborHTMLParser(self.source.replace("\0", "\ufffd") if usable else "", scripting=True)

    @functools.cached_property
    def titles(self) -> list[str]:
        """The document's titles; more than one where something was put before or into the page."""
        return [text for node in self.tree.css("title") if (text := " ".join(node.text()[:_MAX_TEXT].split()))]

    @functools.cached_property
    def base(self) -> str:
        """What relative links are resolved against."""
        node = self.tree.css_first("base[href]")
        href = (node.attributes.get("href") or "") if node else ""
        return self.resolve(href, self._url) or self._url

    def resolve(self, href: str, base: str | None = None) -> str | None:
        """Return a link of the page as an absolute URL; None where it is none."""
        try:
            return whatwg.join(base or self.base, href.strip()) if href.strip() else None
        except ValueError:
            return None

    @functools.cached_property
    def canonical(self) -> str | None:
        """The URL that the page calls its own, absolute."""
        links = [node for node in self.tree.css("link[rel][href]") if _has_word(node, "rel", "canonical")]
        node = next((link for link in links if link.parent and link.parent.tag == "head"), links[0] if links else None)
        return self.resolve(node.attributes.get("href") or "") if node else None

    def meta(self, name: str) -> str | None:
        """Return the content of the first meta element of this property or name."""
        for key in ("property", "name", "itemprop"):
            node = self.tree.css_first(f'meta[{key}="{name}"][content]')
            if node is not None:
                return (node.attributes.get("content") or "").strip() or None
        return None

    def find(self, selector: str, *, anywhere: bool = False) -> list[LexborNode]:
        """Return elements that a selector finds in visible main content, the first few hundred."""
        nodes = self.tree.css(selector)[:_MAX_NODES]
        return nodes if anywhere else [node for node in nodes if node.mem_id in self._read.seen]

    def fields(self, selector: str) -> list[LexborNode]:
        """Return elements that stand in visible main content, though they may be hidden fields themselves."""
        seen = self._read.seen
        nodes = self.tree.css(selector)[:_MAX_NODES]
        return [n for n in nodes if n.mem_id in seen or (n.parent is not None and n.parent.mem_id in seen)]

    def text_of(self, node: LexborNode) -> str:
        """Return the visible main text inside an element."""
        seen = self._read.seen
        parts: list[str] = []
        stack = [node]
        size = 0
        while stack and size < _MAX_TEXT:
            item = stack.pop()
            if item.is_text_node:
                parts.append(item.text_content or "")
                size += len(parts[-1])
            elif item.mem_id in seen:
                parts.append("" if item.tag in INLINE else " ")
                stack.extend(reversed(list(item.iter(include_text=True))))
        return " ".join("".join(parts).split())

    @property
    def blocks(self) -> list[Block]:
        """Visible main text."""
        return self._read.blocks

    @property
    def controls(self) -> list[Control]:
        """Its enabled buttons and links in visible main content."""
        return self._read.controls

    @functools.cached_property
    def has_main_heading(self) -> bool:
        """Whether there is a heading of the first rank, anywhere."""
        return any(node.text()[:_MAX_TEXT].strip() for node in self.tree.css("h1")[:_MAX_NODES])

    @functools.cached_property
    def size(self) -> int:
        """Characters of visible main text."""
        return sum(len(block.shown) for block in self.blocks)

    def scripts(self, selector: str) -> Iterator[str]:
        """Yield the text of script elements that a selector finds."""
        for node in self.tree.css(selector)[:_MAX_NODES]:
            if node.tag == "script":
                yield node.text()

    @functools.cached_property
    def _read(self) -> Reader:
        return Reader(self.tree, self._words)


_WORDS = re.compile(r"\s+")


def _has_word(node: LexborNode, attribute: str, word: str) -> bool:
    return word in _WORDS.split((node.attributes.get(attribute) or "").lower())

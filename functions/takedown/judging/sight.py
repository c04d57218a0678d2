"""What a visitor sees of a page's main content, as far as markup alone can tell.

Left out: what renders nothing, what is hidden, the frame around the content, and recommendations and other people's
text. Leaving out too much makes a verdict less sure; leaving out too little may let a recommendation speak for the
listing. So doubts are settled by leaving out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from selectolax.lexbor import LexborHTMLParser, LexborNode

from takedown.judging.styles import hidden_names, hides_inline
from takedown.platform.words import Words

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKENS = re.compile(r"[^a-z0-9]+")
_ROOTS = frozenset({"html", "body", "main"})
_MAX_NAME = 2000
# `no-slider` and `with-cookie-info` say what a layout has, not what the element is.
_STATES = ("no-", "with-", "without-", "has-", "hide-", "show-", "enable-", "disable-", "have-")


class Sight:
    """Judges elements of one document.

    Parameters
    ----------
    tree
        The document, for its style blocks and main headings.
    words
        The lists.
    """

    def __init__(self, tree: LexborHTMLParser, words: Words) -> None:
        self._words = words
        self._hidden = hidden_names([node.text() for node in tree.css("style")])
        tokens = (re.escape(token).replace(r"\-", "[-_]?") for token in words.aside_tokens)
        self._aside = re.compile(rf"(?:^|[^a-z0-9])(?:{'|'.join(tokens)})")
        self._above_h1 = ancestors(tree.css("h1"))

    def shows(self, node: LexborNode, *, in_section: bool) -> bool:
        """Tell whether an element is visible main content, given that its parent is.

        An article's or section's own header and footer belong to it (HTML living standard, 4.3.8).
        """
        tag = node.tag or ""
        if tag in self._words.skip_tags or (
            tag in self._words.chrome_tags and not (in_section and tag in {"header", "footer"})
        ):
            return False
        attributes = node.attributes
        if not attributes:
            return tag != "dialog"  # a dialog is closed unless it says that it is open
        if self._is_hidden(tag, attributes):
            return False
        return tag in _ROOTS or not self._is_marked(node, attributes)

    def _is_marked(self, node: LexborNode, attributes: dict[str, str | None]) -> bool:
        """Tell whether its role, class or id says that it is no main content."""
        if (attributes.get("role") or "").strip().lower() in self._words.chrome_roles:
            return True
        names = label_names(attributes)
        if any(map(self._aside.search, names)):
            return True
        return node.mem_id not in self._above_h1 and any(map(self._is_chrome_name, names))

    def is_control(self, node: LexborNode, tags: AbstractSet[str]) -> bool:
        """Tell whether an element is a button or link that can be used."""
        attributes = node.attributes
        if node.tag not in tags and (attributes.get("role") or "").lower() != "button":
            return False
        return "disabled" not in attributes and (attributes.get("aria-disabled") or "").lower() != "true"

    def _is_hidden(self, tag: str, attributes: dict[str, str | None]) -> bool:
        if "hidden" in attributes or "inert" in attributes or (attributes.get("aria-hidden") or "").lower() == "true":
            return True
        if tag == "dialog" and "open" not in attributes:
            return True
        if not self._words.conditional_attributes.isdisjoint(attributes):
            return True
        style = attributes.get("style")
        if style and hides_inline(style):
            return True
        classes = (attributes.get("class") or "").split()
        return (
            not self._words.hidden_classes.isdisjoint(name.lower() for name in classes)
            or any(f".{name}" in self._hidden for name in classes)
            or f"#{attributes.get('id')}" in self._hidden
        )

    def _is_chrome_name(self, name: str) -> bool:
        tokens = [token for token in _TOKENS.split(name) if token]
        return any(token in self._words.chrome_tokens for token in tokens) and all(
            token in self._words.chrome_tokens or token in self._words.chrome_fillers or token.isdigit()
            for token in tokens
        )


def label_names(attributes: dict[str, str | None]) -> list[str]:
    """Return the class names, id and test id of an element, in lower case, with hyphens for camel case."""
    label = f"{attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('data-testid') or ''}"
    if label.isspace():
        return []
    return [name for name in _CAMEL.sub("-", label[:_MAX_NAME]).lower().split() if not name.startswith(_STATES)]


def ancestors(nodes: Iterable[LexborNode]) -> frozenset[int]:
    """Return the memory ids above any of the nodes; each is climbed through once."""
    found: set[int] = set()
    for node in nodes:
        parent = node.parent
        while parent is not None and parent.mem_id not in found:
            found.add(parent.mem_id)
            parent = parent.parent
    return frozenset(found)

"""Whose words a phrase is: the page's own, or a seller's, who may write anything into a title or description."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from takedown.judging.sight import label_names

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from takedown.judging.look import Look
    from takedown.judging.reading import Block
    from takedown.platform.words import Words

_MAX_CLIMB = 40
_SENTENCE_ENDS = re.compile(r"[.!?。]\s*")
_SEPARATORS = re.compile(r"[:|–—•]|\s-\s")  # noqa: RUF001 - dashes are meant
_OPENING = "「『【《〈"
_TRIM = " \t\"'.,:;!?()|-–—…·•*"  # noqa: RUF001 - dashes are meant
_CLOSING = frozenset(".,;:!?。、…)|-–—\"'」』】")  # noqa: RUF001 - dashes are meant
# A page's sentence goes on with one of these ("not found in our shop"); a product's name goes on with a noun.
_GOES_ON = frozenset(
    """
    in on at or and as because but for from here by with since anymore any it you please try this the auf im bei oder
    und hier sur dans ou et sans en o y para sin no na em ou e nel su sul o op of i w på i в на и или
    """.split()  # noqa: SIM905 - a list of words reads best as one
)


def is_pages_own(look: Look, block: Block, phrase: str) -> bool:
    """Tell whether a block says a phrase as the page's own message.

    In a heading that may be the product's title, the phrase must be the sentence: "Poster: Page not found" is a poster.
    """
    place = block.text.find(phrase)
    if not _leads(block.text[: max(place, 0)], look.library.words):
        return False
    if is_sellers(look, block):
        return False
    return not _is_within(block.node, look.title_headings) or _ends(block.text[place + len(phrase) :], phrase)


def is_not_sellers(look: Look, block: Block, _phrase: str = "") -> bool:
    """Tell whether a block stands outside the places that sellers write."""
    return not is_sellers(look, block)


def is_sellers(look: Look, block: Block) -> bool:
    """Tell whether a block stands in a product's title, its description, or another text of a seller's."""
    pattern = _tokens(look.library.words.seller_tokens)
    exempt = _tokens(look.library.words.seller_exempt)
    node = block.node
    for _ in range(_MAX_CLIMB):
        if node is None or node.tag in {"body", "main", "html"}:
            return False
        if node.mem_id in look.title_nodes:
            return True
        attributes = node.attributes
        if attributes and (
            (attributes.get("itemprop") or "").lower() in {"name", "description"}
            or any(pattern.search(name) and not exempt.search(name) for name in label_names(attributes))
        ):
            return True
        node = node.parent
    return False


def _is_within(node: LexborNode | None, wanted: frozenset[int]) -> bool:
    for _ in range(_MAX_CLIMB):
        if node is None:
            return False
        if node.mem_id in wanted:
            return True
        node = node.parent
    return False


def _leads(before: str, words: Words) -> bool:
    """Tell whether what stands before a phrase leaves it a message: nothing quotes it, nothing is called by it."""
    tail = _SENTENCE_ENDS.split(before)[-1]
    if tail.count('"') % 2 or any(mark in tail for mark in _OPENING):
        return False
    return not _SEPARATORS.search(tail) or tail.strip(_TRIM) in words.lead_ins


def _ends(rest: str, phrase: str) -> bool:
    rest = rest.lstrip()
    if not rest or rest[0] in _CLOSING or phrase[-1:] in _CLOSING:
        return True
    return rest[0] in "了啦" or rest.split(maxsplit=1)[0].strip(_TRIM) in _GOES_ON


@lru_cache(maxsize=8)
def _tokens(words: tuple[str, ...]) -> re.Pattern[str]:
    tokens = "|".join(re.escape(word).replace(r"\-", "[-_]?") for word in words)
    return re.compile(rf"(?:^|[^a-z0-9])(?:{tokens})(?:$|[^a-z0-9])")

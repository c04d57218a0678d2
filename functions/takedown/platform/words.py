"""The words of the generic rules, and what marks the parts of a page that are not about the product."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from takedown.model import Document
from takedown.platform.models import Name, Pattern, Phrase


class Words(Document):
    """`platforms/words.yaml`."""

    schema_: Literal["takedown.platform-words/1"] = Field("takedown.platform-words/1", alias="schema")
    version: int
    skip_tags: frozenset[str]
    """Elements whose text no reader sees, or that is not part of the page's own text."""
    chrome_tags: frozenset[str]
    """Elements around the main content."""
    chrome_roles: frozenset[str]
    chrome_tokens: frozenset[str]
    """Class or id words of the frame; they do not count on an element that holds the page's main heading."""
    chrome_fillers: frozenset[str]
    """Words that may stand beside one of `chrome_tokens` in a class name (`site-header`, but not `product-header`)."""
    aside_tokens: tuple[Phrase, ...]
    """Beginnings of class or id words of recommendations and other people's text; they always count."""
    hidden_classes: frozenset[str]
    """Whole class names by which common style sheets hide."""
    conditional_attributes: frozenset[str]
    """Attributes of template engines whose elements a script shows or removes, nobody knows which."""
    buy_words: tuple[Phrase, ...]
    """What a buy button says."""
    not_prices: tuple[Phrase, ...]
    """What an amount stands beside that is no product's price: the least order that ships free, a voucher."""
    seller_tokens: tuple[Phrase, ...]
    """Class or id words of what a seller writes (titles, descriptions): a gone phrase there is no page's."""
    seller_exempt: tuple[Phrase, ...]
    """Words in the same name by which it is a message of the page after all (`error-desc`)."""
    lead_ins: frozenset[str]
    """What may stand before a colon or dash and a gone phrase in a page's own message ("Oops - …")."""
    gone_hints: tuple[Phrase, ...]
    """Words that are too weak to mean REMOVED, and strong enough that a price alone does not mean LIVE."""
    currency: Pattern
    """A price, in normalised text."""
    tracking: tuple[Pattern, ...]
    """Parameters that only say where a visitor came from; dropped from canonical URLs."""
    id_parameters: frozenset[str]
    """Parameters that may be a generic shop's listing id: a redirect must not lose or change them."""
    id_fields: frozenset[str]
    """Names of hidden fields that hold a generic shop's listing id."""
    platform_names: dict[Name, Name] = Field(default_factory=dict)
    """Other names of platforms, as callers write them."""

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

"""Live evidence: the same id in the page's own address or a field, and a title, and a price or a buy control."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from takedown.judging.decoding import fold
from takedown.judging.scope import Scope
from takedown.platform.models import compiled
from takedown.verdict import MAX_QUOTE, Evidence

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from takedown.judging.look import Look
    from takedown.judging.structured import Product
    from takedown.platform.models import Place

_MAX_BUTTON = 40
_MAX_CLIMB = 40
_MAX_FIELDS = 60
_MAX_AMOUNTS = 300
_ID_PARTS = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class LiveEvidence:
    """The parts that were found. Each may be missing."""

    id: Evidence | None
    title: Evidence | None
    price: Evidence | None
    """A price of the product's own: its data's, the platform's own element's, or one that stands with the title."""
    control: Evidence | None
    """A buy control of the product's own, told in the same ways."""
    field: Evidence | None
    """The id in a field of the main content; the part of `id` that no template writes on a page for nothing."""
    own_control: Evidence | None
    """The buy control by the platform's own selectors, where it has any: no recommendation's button."""
    any_offer: bool
    """Whether there is a price or buy control anywhere in the main content, whosever it is."""
    any_control: Evidence | None
    """A buy control anywhere in the main content."""

    @property
    def is_proof(self) -> bool:
        """Whether together they prove a live listing."""
        return bool(self.id and self.title and (self.price or self.control))

    @property
    def may_be_live(self) -> bool:
        """Whether they would, were any price or button of the page the product's own."""
        return bool(self.id and self.title and self.any_offer)

    @property
    def is_buyable(self) -> bool:
        """Whether a buy control of the platform's own stands by the id and title."""
        return bool(self.id and self.title and self.own_control)

    @property
    def contradicts_words(self) -> bool:
        """Whether a phrase in the page's text cannot be believed: something is offered under the id or title."""
        return bool((self.id and self.any_offer) or (self.title and (self.price or self.control)))

    @property
    def outweighs_stock_words(self) -> bool:
        """Whether the page sells what it names, so that "sold out" is said of something else."""
        return bool(self.title and self.own_control)

    @property
    def parts(self) -> tuple[Evidence, ...]:
        """What was found."""
        return tuple(part for part in (self.id, self.title, self.price, self.control) if part)


def find_live(look: Look) -> LiveEvidence:
    """Look for each part; a page that calls another address its own has no id."""
    field = _field(look)
    address = None if look.is_contradicted else _address(look)
    known = None if look.is_contradicted else field
    rules = look.platform.live
    buy = look.library.words.buy_words
    title, title_node = _title(look)
    scope = Scope(look, title_node, _words_pattern(buy))
    own = _own_control(look) or _buy_words(look, rules.words)
    control = own or _buy_words(look, buy, scope) or _phrase(look)
    any_control = control or _buy_words(look, buy)
    if not rules.control and not rules.words:
        own = any_control
    if known is None and own is not None and not look.is_contradicted:
        known = own if _links_to_id(look) else None
    price = _price(look, scope, id_is_known=bool(address or known))
    any_offer = bool(price or any_control or any(map(_has_price, look.products)) or _amount(look))
    return LiveEvidence(
        address or known, title, price, control, field, own, any_offer=any_offer, any_control=any_control
    )


def _quote(marker: str, where: str, text: str) -> Evidence:
    return Evidence(marker=marker, where=where, quote=text[:MAX_QUOTE])


def _address(look: Look) -> Evidence | None:
    canonical = look.page.canonical
    if canonical and look.names_target(canonical):
        return _quote("canonical", "link rel=canonical", canonical)
    address = look.page.meta("og:url")
    url = look.page.resolve(address) if address else None
    return _quote("og:url", "Open Graph", url) if url and look.names_target(url) else None


def _field(look: Look) -> Evidence | None:
    for place in look.platform.live.id:
        for node in look.page.fields(place.selector):
            value = (node.attributes.get(place.attribute or "value") or "").strip()
            if look.target.holds_id(value):
                return _quote(place.selector, "hidden field", value)
    names = look.library.words.id_fields
    for node in look.page.fields("input[name][value], button[name][value]"):
        name, value = node.attributes.get("name") or "", node.attributes.get("value") or ""
        if name.lower() in names and look.target.holds_id(value):
            return _quote(f"input[name={name}]"[:100], "hidden field", value)
    return None


def _title(look: Look) -> tuple[Evidence | None, LexborNode | None]:
    """Return the title, and the visible element that holds it, where one does."""
    for place in look.title_places:
        for node, text in _values(look, place):
            if text:
                return _quote(place.selector, "title", text), None if place.attribute else node
    return None, None


def _values(look: Look, place: Place) -> list[tuple[LexborNode, str]]:
    if place.attribute is None:
        return [(node, look.page.text_of(node)) for node in look.page.find(place.selector)]
    nodes = look.page.find(place.selector, anywhere=True)
    return [(node, (node.attributes.get(place.attribute) or "").strip()) for node in nodes]


def _has_price(product: Product) -> bool:
    return product.has_price


def _price(look: Look, scope: Scope, *, id_is_known: bool) -> Evidence | None:
    for product in look.products_of_target(id_is_known=id_is_known):
        if product.has_price:
            return _quote("price", product.where, product.quote)
    for selector in look.platform.live.price:
        for node in look.page.find(selector):
            text = look.page.text_of(node)
            if any(map(str.isdigit, text)):
                return _quote(selector, "price", text)
    amount = look.page.meta("product:price:amount") or look.page.meta("og:price:amount")
    if amount and any(map(str.isdigit, amount)):
        return _quote("product:price:amount", "Open Graph", amount)
    return _amount(look, scope)


def _amount(look: Look, scope: Scope | None = None) -> Evidence | None:
    """Find an amount of money in visible main text, of the product's own where a scope is given."""
    pattern = compiled(look.library.words.currency)
    others = _folded(look.library.words.not_prices)
    tried = 0
    for block in look.page.blocks:
        match = pattern.search(block.text[:2000])
        if not match or any(phrase in block.text for phrase in others):
            continue
        if scope is None or scope.holds(block.node):
            return _quote(match[0], "visible main text", block.shown)
        tried += 1
        if tried >= _MAX_AMOUNTS:
            return None
    return None


@lru_cache(maxsize=8)
def _folded(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(fold, phrases))


def _own_control(look: Look) -> Evidence | None:
    for selector in look.platform.live.control:
        for node in look.page.find(selector):
            if _is_usable(node) and not _sells_another(look, node):
                return _quote(selector, "buy control", look.page.text_of(node) or node.attributes.get("value") or "")
    return None


def _is_usable(node: LexborNode) -> bool:
    attributes = node.attributes
    return "disabled" not in attributes and (attributes.get("aria-disabled") or "").lower() != "true"


def _sells_another(look: Look, node: LexborNode) -> bool:
    """Tell whether the control's form names a listing, and none of its names is the reported one."""
    form: LexborNode | None = node
    for _ in range(_MAX_CLIMB):
        if form is None or form.tag == "form":
            break
        form = form.parent
    if form is None or form.tag != "form":
        return False
    names = look.library.words.id_fields
    fields = form.css("input[name][value]")[:_MAX_FIELDS]
    values = [f.attributes.get("value") or "" for f in fields if (f.attributes.get("name") or "").lower() in names]
    numbers = [value for value in values if any(map(str.isdigit, value))]
    return look.target.listing_id is not None and bool(numbers) and not any(map(look.target.holds_id, numbers))


def _links_to_id(look: Look) -> bool:
    """Tell whether a buy link of the platform's own names the reported id."""
    listing_id = look.target.listing_id
    nodes = [node for selector in look.platform.live.control for node in look.page.find(selector)]
    links = [node.attributes.get("href") or node.attributes.get("action") or "" for node in nodes]
    return listing_id is not None and any(listing_id in _ID_PARTS.split(link[:2000]) for link in links)


def _phrase(look: Look) -> Evidence | None:
    for phrase in look.platform.live.phrases:
        for block in look.page.blocks:
            if fold(phrase) in block.text:
                return _quote(phrase, "visible main text", block.shown)
    return None


def _buy_words(look: Look, words: tuple[str, ...], scope: Scope | None = None) -> Evidence | None:
    if not words:
        return None
    pattern = _words_pattern(words)
    for control in look.page.controls:
        match = pattern.search(control.text) if len(control.text) <= _MAX_BUTTON else None
        if not match or _sells_another(look, control.node):
            continue
        if scope is None or (not scope.leads_away(control.node) and scope.holds(control.node.parent)):
            return _quote(match[0], "buy control", control.text)
    return None


@lru_cache(maxsize=32)
def _words_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Build one pattern of the buy words: whole words where the script has word boundaries."""
    folded = sorted(map(fold, words), key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(w)}\b" if w.isascii() else re.escape(w) for w in folded))

"""Everything the rules ask about one observation, worked out once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from takedown.judging.decoding import decode
from takedown.judging.live import LiveEvidence, find_live
from takedown.judging.page import BARE, Page
from takedown.judging.structured import Product, products
from takedown.judging.target import Target
from takedown.observation import Observation
from takedown.platform.library import Library
from takedown.platform.models import Place, Platform

_HEADING = "h1"
# A page that only forwards: the whole script is one assignment of a literal.
_FORWARD = re.compile(
    r"\s*(?:(?:window|self|top|document|parent)\.)*location(?:\.href\s*=|\s*=|\.(?:replace|assign)\s*\()"
    r"\s*[\"']([^\"'\s]{4,2000})[\"']\s*\)?\s*;?\s*"
)
_REFRESH = re.compile(r"\s*\d{1,3}(?:\.\d{0,3})?\s*[;,]\s*url\s*=\s*[\"']?([^\"'\s]{1,2000})", re.IGNORECASE)


class Look:
    """An observation under the rules of one platform.

    Parameters
    ----------
    observation
        What was seen.
    platform
        Whose rules hold.
    library
        All rules.
    """

    def __init__(self, observation: Observation, platform: Platform, library: Library) -> None:
        self.observation = observation
        self.platform = platform
        self.library = library
        self.target = Target(observation.url, platform, library)

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.observation.status

    @cached_property
    def page(self) -> Page:
        """The decoded body."""
        content_type = self.observation.header("content-type") or self.observation.media_type or ""
        text = decode(self.observation.body, content_type)
        media_type = content_type.partition(";")[0].strip().lower()
        return Page(text, media_type, self.observation.landed, self.library.words)

    @cached_property
    def places(self) -> list[str]:
        """The final URL, and where a page that shows nothing only forwards to by script or meta refresh."""
        return [self.observation.landed, *self.forwards]

    @cached_property
    def forwards(self) -> list[str]:
        """Targets of a page whose only content is a redirect."""
        page = self.page
        if not page.is_html or page.too_complex or page.size > 0:
            return []
        found = [match[1] for text in page.scripts("script:not([src])") if (match := _FORWARD.fullmatch(text[:4000]))]
        for node in page.tree.css("meta[http-equiv][content]"):
            if (node.attributes.get("http-equiv") or "").lower() == "refresh":
                match = _REFRESH.match((node.attributes.get("content") or "")[:4000])
                found.extend([match[1]] if match else [])
        return [url for href in found if (url := page.resolve(href))]

    @cached_property
    def is_same_address(self) -> bool:
        """Whether the look ended at the reported listing."""
        return self.target.is_same(self.observation.landed)

    @cached_property
    def is_contradicted(self) -> bool:
        """Whether the page calls another address its own."""
        canonical = self.page.canonical
        if canonical is None or self.platform.live.canonical_may_differ:
            return False
        return not self.names_target(canonical)

    def names_target(self, url: str) -> bool:
        """Tell whether a URL of the page is that of the reported listing, or of the variant it redirected to."""
        if self.target.is_same(url) or self.target.has_same_tail(url):
            return True
        return self.is_variant and Target(self.observation.landed, self.platform, self.library).is_same(url)

    @cached_property
    def is_variant(self) -> bool:
        """Whether a redirect led to a variant, which the page's own data calls part of the reported listing."""
        listing_id = self.target.listing_id
        if listing_id is None or self.is_same_address:
            return False
        landed = Target(self.observation.landed, self.platform, self.library)
        phrases = [phrase.replace("{id}", listing_id).lower() for phrase in self.platform.same_listing]
        return landed.listing_id is not None and any(phrase in self.page.raw for phrase in phrases)

    @cached_property
    def products(self) -> list[Product]:
        """Every product block of the page."""
        return products(self.page)

    @cached_property
    def own_products(self) -> list[Product]:
        """The blocks that are about the reported listing."""
        return self.products_of_target(id_is_known=bool(self.live.id))

    def products_of_target(self, *, id_is_known: bool) -> list[Product]:
        """Return the blocks about the reported listing, given whether the page says which listing it is."""
        if self.is_contradicted:
            return []
        own = [product for product in self.products if self._is_own(product)]
        if own:
            return own
        # A sole block that names no listing speaks for the page, and the page must say which listing it is.
        silent = [product for product in self.products if not self._links(product)]
        names = {product.name for product in silent}
        return silent if len(names) == 1 and len(silent) == len(self.products) and id_is_known else []

    def _links(self, product: Product) -> list[str]:
        return [url for link in product.urls if (url := self.page.resolve(link)) is not None]

    def _is_own(self, product: Product) -> bool:
        links = self._links(product)
        if any(map(self.names_target, links)):
            return True
        if self.target.listing_id is None:
            return not links and any(map(self.target.holds_id, product.ids)) and self.is_same_address
        return any(map(self.target.holds_id, product.ids))

    @property
    def title_places(self) -> tuple[Place, ...]:
        """Where the product's title stands."""
        return self.platform.live.title or self.library.generic.live.title

    @cached_property
    def title_nodes(self) -> frozenset[int]:
        """Elements in which only a product's title stands."""
        return self._found(part for part in self._title_selectors if part != _HEADING)

    @cached_property
    def title_headings(self) -> frozenset[int]:
        """Elements in which a product's title stands, or the heading of a page without a product."""
        return self._found(part for part in self._title_selectors if part == _HEADING)

    @property
    def _title_selectors(self) -> list[str]:
        selectors = [place.selector for place in self.title_places if place.attribute is None]
        return [part.strip() for selector in selectors for part in selector.split(",")]

    def _found(self, selectors: Iterable[str]) -> frozenset[int]:
        return frozenset(node.mem_id for selector in selectors for node in self.page.find(selector))

    @cached_property
    def live(self) -> LiveEvidence:
        """What the page shows of a live listing."""
        return find_live(self)

    @cached_property
    def has_product(self) -> bool:
        """Whether the page shows any product data of its own."""
        if self.own_products or self.live.any_control or self.live.field:
            return True
        return bool(self.products) or self.live.may_be_live

    @cached_property
    def is_bare(self) -> bool:
        """Whether the page shows little, and no product."""
        page = self.page
        return not page.is_html or (page.size <= BARE and not self.products and not self.live.any_control)

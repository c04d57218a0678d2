"""Steps 10 to 13: what a page that came with success says about the listing."""

from __future__ import annotations

from takedown.judging.decoding import fold
from takedown.judging.findings import Finding, Step, quote
from takedown.judging.look import Look
from takedown.judging.markers import find
from takedown.judging.placement import is_not_sellers, is_pages_own, is_sellers
from takedown.judging.structured import open_graph, state_objects
from takedown.platform.models import Marker, StateRule
from takedown.states import VerdictKind
from takedown.verdict import Evidence

_SUCCESS = range(200, 300)
_NOTICE = 300
"""Characters up to which a block of text is a notice rather than an article."""
_PAYMENT_REQUIRED = 402
"""How shop systems serve the page of a shop that was closed on them."""


def readable(look: Look) -> Finding | None:
    """Content speaks only where the response is a success and a page; anything else could not tell."""
    if look.status not in _SUCCESS and not _is_closed_shop(look):
        detail = f"Status {look.status} says nothing about the listing."
        evidence = quote(f"HTTP {look.status}", "status", str(look.status))
        return Finding(VerdictKind.ERROR, f"http_{look.status}", detail, "10.status", evidence)
    if not look.page.source.strip():
        return Finding(VerdictKind.ERROR, "empty_body", "The body is empty: a failed read.", "10.empty")
    if not look.page.is_html:
        return Finding(VerdictKind.ERROR, "not_a_page", "The body is no HTML page.", "10.media-type")
    return None


def _is_closed_shop(look: Look) -> bool:
    plain = (marker for marker in look.platform.gone if marker.url is None and not marker.without_product)
    return look.status == _PAYMENT_REQUIRED and find(plain, look, look.platform) is not None


def state_data(look: Look) -> Finding | None:
    """10: the platform's own state blob, for the same id."""
    listing_id = look.target.listing_id
    if listing_id is None:
        return None
    for rule in look.platform.state:
        objects = list(state_objects(look.page, rule))
        finding = _product_state(look, rule, objects) or _gone_state(look, rule, objects)
        if finding:
            return finding
    return None


def _product_state(look: Look, rule: StateRule, objects: list[dict[str, object]]) -> Finding | None:
    name = f"10.state:{look.platform.platform}.{rule.name}"
    where = f"{rule.script}, the object with the same id"
    for item in objects:
        ids = [str(item[key]) for key in rule.id_keys if isinstance(item.get(key), str | int)]
        if not any(map(look.target.holds_id, ids)) or any(item.get(key) in (None, "") for key in rule.need):
            continue
        if not rule.stock_keys:
            shown = f"{ids[0]}: {item.get(rule.need[0]) if rule.need else ''}"
            detail = "The page's data carries the product itself."
            return Finding(VerdictKind.LIVE, "product_block", detail, name, quote(ids[0], where, shown))
        word = next((str(item[key]) for key in rule.stock_keys if key in item), "")
        if word in rule.out:
            detail = "The page's data says that the listing is out of stock."
            return Finding(VerdictKind.UNAVAILABLE, "out_of_stock", detail, name, quote(word, where, word))
        if word in rule.present:
            detail = "The page's data says that the listing is in stock."
            return Finding(VerdictKind.LIVE, "in_stock", detail, name, quote(word, where, word))
    return None


def _gone_state(look: Look, rule: StateRule, objects: list[dict[str, object]]) -> Finding | None:
    for item in objects:
        for key, values in rule.gone.items():
            words = map(str, item.values()) if key == "*" else [str(item.get(key, ""))]
            word = next((word for word in words if word in values), None)
            if word is not None:
                return Finding(
                    VerdictKind.REMOVED,
                    "does_not_exist",
                    "The page's data says that there is no such product.",
                    f"10.state-gone:{look.platform.platform}.{rule.name}",
                    quote(f"{key}: {word}", rule.script, f"{key}: {word}"),
                )
    return None


def structured_data(look: Look) -> Finding | None:
    """10: JSON-LD and microdata of the same id, and the page's own Open Graph data."""
    own = look.own_products
    stated = {product.availability: product for product in reversed(own)}
    if "in" in stated:
        found = stated["in"]
        detail = "Structured data of the same listing offers it."
        evidence = quote("availability", found.where, found.quote)
        return Finding(VerdictKind.LIVE, "in_stock", detail, f"10.structured:{found.where}", evidence)
    if "out" in stated:
        found = stated["out"]
        detail = "Structured data of the same listing says that it is out of stock."
        evidence = quote("availability", found.where, found.quote)
        return Finding(VerdictKind.UNAVAILABLE, "out_of_stock", detail, f"10.structured:{found.where}", evidence)
    word, text = open_graph(look.page)
    if look.live.id is None or look.live.title is None:
        return None
    if word == "out":
        detail = "The page's Open Graph data says that the listing is out of stock."
        return Finding(
            VerdictKind.UNAVAILABLE, "out_of_stock", detail, "10.open-graph", quote("availability", "Open Graph", text)
        )
    return None


def gone_words(look: Look) -> Finding | None:
    """11: the platform's own words for a listing that is gone, in visible main text.

    Anybody can write such words into a title or description. So a product that is offered contradicts them, unless
    they stand in an element that only the platform fills; then it takes a buy control to contradict them.
    """
    markers = [marker for marker in look.platform.gone if marker.url is None]
    # The platform's own elements first: what they say holds though the same words stand in plain text too.
    for marker in sorted(markers, key=lambda item: item.selector is None):
        found = find((marker,), look, look.platform, is_not_sellers)
        if found is None or (_is_contradicted(look, marker) and _may_be_incidental(marker)):
            continue
        rule = f"{look.platform.platform}.{marker.name}"
        if _is_contradicted(look, marker):
            detail = "The page says that the listing is gone, and shows product data too."
            return Finding(VerdictKind.ERROR, "contradiction", detail, f"11.contradiction:{rule}", (found[1],))
        own = find((marker,), look, look.platform, is_pages_own)
        if own is None:
            continue  # quoted, or part of a product's name
        detail = "The page says in visible main text that the listing is gone."
        return Finding(VerdictKind.REMOVED, "gone_phrase", detail, f"11.gone-phrase:{rule}", (own[1],))
    return None


def _is_contradicted(look: Look, marker: Marker) -> bool:
    """Tell whether the page shows a product that the marker's words could not stand beside."""
    if look.live.is_buyable or (marker.without_product and look.has_product):
        return True
    # An element that holds nothing but a product's title stands on no page of a platform that has no product.
    is_product = look.live.contradicts_words or (look.live.id is not None and bool(look.title_nodes))
    return marker.selector is None and is_product


def _may_be_incidental(marker: Marker) -> bool:
    """Tell whether a phrase may stand on a live page without meaning anything."""
    return marker.without_product and marker.scope == "text"


def stock_words(look: Look) -> Finding | None:
    """12: the platform's own words for out of stock, sold or paused."""
    if look.platform is look.library.generic and not (look.live.id and look.live.title):
        return None  # "sold out" somewhere on some page says nothing about this listing
    found = find(look.platform.stock, look, look.platform)
    if found is None:
        return None
    marker, evidence = found
    detail = "The page says that the listing is there but cannot be bought now."
    rule = f"12.stock-phrase:{look.platform.platform}.{marker.name}"
    return Finding(VerdictKind.UNAVAILABLE, "stock_phrase", detail, rule, (evidence,))


def region_words(look: Look) -> Finding | None:
    """12: the platform's own words for another region."""
    found = None if look.live.is_buyable else find(look.platform.region, look, look.platform)
    if found is None or (found[0].without_product and look.has_product):
        return None
    marker, evidence = found
    detail = "The page says that the listing is not shown in this region."
    rule = f"12.region-phrase:{look.platform.platform}.{marker.name}"
    return Finding(VerdictKind.GEO_BLOCKED, "region_phrase", detail, rule, (evidence,))


def live_page(look: Look) -> Finding | None:
    """13: same id in canonical, og:url or a field, and a title, and a price or buy control."""
    live = look.live
    if not live.is_proof or live.title is None:
        return None
    titles = [fold(live.title.quote)]
    generic = [fold(phrase) for marker in look.library.generic.gone for phrase in marker.any]
    if any(phrase in title for phrase in generic for title in titles):
        detail = "The page's title reads like a missing page's."
        return Finding(VerdictKind.ERROR, "contradiction", detail, "13.contradiction", live.parts)
    doubt = None if live.price and live.control else _gone_hint(look)
    if doubt is not None:
        detail = "The page shows a product, and words of a removal too."
        return Finding(VerdictKind.ERROR, "contradiction", detail, "13.contradiction", doubt)
    detail = "The page shows the same id, a title, and a price or buy control."
    return Finding(VerdictKind.LIVE, "live_evidence", detail, "13.live-evidence", live.parts)


def _gone_hint(look: Look) -> tuple[Evidence, ...] | None:
    """Find words that speak of a removal; a shop's own wording for it may be any."""
    for block in look.page.blocks:
        hint = next((hint for hint in look.library.words.gone_hints if hint in block.text), None)
        if hint is not None and len(block.shown) <= _NOTICE and not is_sellers(look, block):
            return quote(hint, "visible main text", block.shown)
    return None


CONTENT_STEPS: tuple[Step, ...] = (
    readable, state_data, structured_data, gone_words, stock_words, region_words, live_page,
)  # fmt: skip

"""Product data that a page carries for machines: JSON-LD, microdata, Open Graph, and platforms' own state blobs.

Parsed as hostile input: walks use a stack of their own, and what does not parse is no evidence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from takedown.judging.decoding import unescape
from takedown.platform.models import StateRule

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from takedown.judging.page import Page

Availability = Literal["in", "out", "unknown"]

# https://schema.org/ItemAvailability
_IN = frozenset(
    {"instock", "limitedavailability", "preorder", "presale", "onlineonly", "instoreonly", "backorder", "madetoorder"}
)
_OUT = frozenset({"outofstock", "soldout", "discontinued"})
# The Open Graph product vocabulary (ogp.me, and Meta's catalogue documentation).
_OG_IN = _IN | {"available", "availablefororder", "pending"}
_OG_OUT = _OUT | {"oos"}
_PRODUCTS = frozenset(
    {"product", "productgroup", "individualproduct", "productmodel", "someproducts", "vehicle", "car"}
)
_OTHERS = frozenset(
    {
        "isrelatedto", "issimilarto", "isaccessoryorsparepartfor", "isconsumablefor", "itemlistelement", "review",
        "reviews", "aggregaterating", "breadcrumb", "mentions", "relatedlink", "significantlink",
    }
)  # fmt: skip
"""Keys under which other products than the page's own stand."""
_LIST_TYPES = frozenset({"itemlist", "offercatalog", "breadcrumblist", "collectionpage", "searchresultspage"})
_MAX_NODES = 200_000
_COMMENT_MARKS = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$")


@dataclass(frozen=True)
class Product:
    """One product block."""

    where: str
    ids: frozenset[str]
    urls: tuple[str, ...]
    """As written; they may be relative."""
    name: str
    availability: Availability
    has_price: bool
    quote: str


def products(page: Page) -> list[Product]:
    """Return the product blocks that the page gives as its own."""
    return [*_json_ld(page), *_microdata(page)]


def open_graph(page: Page) -> tuple[Availability, str]:
    """Return what the page's own Open Graph data says about stock, and the words."""
    for name in ("product:availability", "og:availability"):
        word = page.meta(name)
        if word:
            plain = _plain(word)
            return ("in" if plain in _OG_IN else "out" if plain in _OG_OUT else "unknown"), f"{name}: {word}"
    return "unknown", ""


def state_objects(page: Page, rule: StateRule) -> Iterator[dict[str, Any]]:
    """Yield every JSON object of a platform's state blob, outer ones first."""
    for text in page.scripts(f'script[id="{rule.script}"]'):
        yield from _objects(_load(text))
    for text in page.scripts("script:not([src]):not([id])"):
        match = re.match(rf"\s*(?:window\.|self\.|var )?{re.escape(rule.script)}\s*=\s*", text[:200])
        if match:
            yield from _objects(_load_first(text[match.end() :]))


def _json_ld(page: Page) -> Iterator[Product]:
    for text in page.scripts('script[type*="ld+json"]'):
        for node in _objects(_load(text), skip_others=True):
            types = {_plain(kind) for kind in _texts(node.get("@type"))}
            if types & _PRODUCTS:
                yield _product(node)


def _load(text: str) -> Any:  # noqa: ANN401 - any JSON value
    text = _COMMENT_MARKS.sub("", text).strip().removesuffix(";")
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(unescape(text), strict=False)  # some shops encode the quotes
    except (ValueError, RecursionError):
        return None


def _load_first(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read the JSON value at the start of a script's assignment."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None


def _objects(value: Any, *, skip_others: bool = False) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Walk a JSON value breadth first."""
    queue: list[Any] = [value]
    for count, item in enumerate(queue):
        if count > _MAX_NODES:
            return
        if isinstance(item, list):
            queue.extend(entry for entry in item if isinstance(entry, dict | list))
        elif isinstance(item, dict):
            if skip_others and {_plain(kind) for kind in _texts(item.get("@type"))} & _LIST_TYPES:
                continue
            yield item
            queue.extend(
                entry
                for key, entry in item.items()
                if isinstance(entry, dict | list) and not (skip_others and str(key).lower() in _OTHERS)
            )


def _product(node: dict[str, Any]) -> Product:
    offers = [offer for offer in _objects(node.get("offers"), skip_others=True)]  # noqa: C416 - a list of dicts
    keys = ("sku", "productID", "productId", "identifier", "mpn", "gtin13", "gtin", "asin")
    ids = {text for key in keys for text in _texts(node.get(key))} | {
        text for offer in offers for text in _texts(offer.get("sku"))
    }
    urls = [text for source in (node, *offers) for key in ("url", "@id") for text in _texts(source.get(key))]
    words = [text for source in (node, *offers) for text in _texts(source.get("availability"))]
    price = any(_texts(offer.get(key)) for offer in offers for key in ("price", "lowPrice", "highPrice"))
    name = next(iter(_texts(node.get("name"))), "")
    quote = f"{name}: availability {', '.join(dict.fromkeys(words)) or 'not stated'}"
    # "@id" is often only a name inside the document ("#product").
    links = tuple(url for url in dict.fromkeys(urls) if not url.startswith("#"))
    return Product("JSON-LD", frozenset(ids), links, name, availability(words), price, quote)


def availability(words: list[str]) -> Availability:
    """Return "in" where any offer can be had, "out" where none can, else "unknown"."""
    plain = {_plain(word) for word in words}
    return "in" if plain & _IN else "out" if plain & _OUT else "unknown"


def _microdata(page: Page) -> Iterator[Product]:
    for node in page.fields('[itemscope][itemtype*="schema.org/Product"]'):
        ids: set[str] = set()
        urls: list[str] = []
        words: list[str] = []
        name, price = "", False
        for prop in node.css("[itemprop]")[:500]:
            value = _value(prop)
            match (prop.attributes.get("itemprop") or "").lower():
                case "sku" | "productid" | "mpn" | "gtin13":
                    ids.add(value)
                case "url":
                    urls.append(value)
                case "availability":
                    words.append(value)
                case "name":
                    name = name or value
                case "price" | "lowprice":
                    price = price or any(map(str.isdigit, value))
        quote = f"{name}: availability {', '.join(dict.fromkeys(words)) or 'not stated'}"
        yield Product("microdata", frozenset(ids), tuple(urls), name, availability(words), price, quote)


def _value(node: LexborNode) -> str:
    attributes = node.attributes
    for name in ("content", "href", "src"):
        if attributes.get(name):
            return (attributes[name] or "").strip()
    return " ".join(node.text()[:500].split())


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return a value, or each of a list of values, as text; objects give their @id or value."""
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        plain = (item.get("@id") or item.get("value")) if isinstance(item, dict) else item
        if isinstance(plain, str | int | float) and not isinstance(plain, bool):
            text = str(plain).strip()
            if text:
                found.append(text)
    return found


def _plain(word: str) -> str:
    """Reduce ``https://schema.org/InStock`` and ``in stock`` alike to ``instock``."""
    tail = re.split(r"[/#:]", word[-200:].strip().rstrip("/"))[-1]
    return re.sub(r"[\s_-]+", "", tail).lower()

"""The shop as request → answer, without a socket."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from infra.local.marketplace import pictures
from infra.local.marketplace.moderation import Fate
from infra.local.marketplace.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from email.message import Message

    from infra.local.marketplace.moderation import Moderation
    from infra.local.marketplace.products import Product

_HTML = "text/html; charset=utf-8"
_STATIC = {
    "shop.css": "text/css; charset=utf-8",
    "shop.js": "text/javascript; charset=utf-8",
}
_ROBOTS = "User-agent: *\nAllow: /\n"


@dataclass(frozen=True)
class Look:
    """One request for a listing's page."""

    at: datetime
    method: str
    user_agent: str
    status: int | None
    """What was answered; None: the connection was closed without an answer."""


@dataclass(frozen=True)
class Answer:
    """A response, before the transport writes it."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Looks:
    """Who looked at which listing, and what they got. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looks: defaultdict[str, list[Look]] = defaultdict(list)

    def add(self, item: str, look: Look) -> None:
        """Append one look."""
        with self._lock:
            self._looks[item].append(look)

    def snapshot(self) -> dict[str, tuple[Look, ...]]:
        """Copy of the log so far; an item that nobody looked at is absent."""
        with self._lock:
            return {item: tuple(looks) for item, looks in self._looks.items()}


class Site:
    """Answers requests for the shop at `url`."""

    def __init__(self, url: str, products: tuple[Product, ...], moderation: Moderation, looks: Looks) -> None:
        self._products = {product.id: product for product in products}
        self._moderation = moderation
        self._looks = looks
        self._pages = Pages(url)
        self._routes: tuple[tuple[re.Pattern[str], Callable[..., Answer]], ...] = (
            (re.compile(r"/"), self._home),
            (re.compile(r"/category/([a-z-]+)"), self._category),
            (re.compile(r"/seller/([a-z-]+)"), self._seller),
            (re.compile(r"/legal/notices"), self._legal),
            (re.compile(r"/fragments/recommendations/([0-9]{4})"), self._fragment),
            (re.compile(r"/pictures/([0-9]{4})/([a-z]+)-([0-9]{3,4})\.png"), self._picture),
            (re.compile(r"/static/([a-z.]+)"), self._static),
            (re.compile(r"/favicon\.ico"), self._favicon),
            (re.compile(r"/robots\.txt"), self._robots),
        )

    def respond(self, method: str, target: str, headers: Message) -> Answer | None:
        """Answer one GET or HEAD.

        Returns
        -------
        Answer or None
            None: close the connection without a word.
        """
        path, _, query = target.partition("?")
        match = re.fullmatch(r"/item/([0-9]{4})", path)
        item = match[1] if match and match[1] in self._products else None
        answer = self._item(item) if item else self._route(path, query)
        if answer is not None and answer.status == HTTPStatus.OK:
            answer = _conditional(answer, headers.get("If-None-Match", ""))
        if item:
            status = None if answer is None else answer.status
            self._looks.add(item, Look(datetime.now(UTC), method, headers.get("User-Agent", ""), status))
        return answer

    def _route(self, path: str, query: str) -> Answer:
        for pattern, view in self._routes:
            match = pattern.fullmatch(path)
            if match:
                return view(*match.groups(), query=query)
        return self._not_found()

    def _item(self, item: str) -> Answer | None:
        product = self._products[item]
        match self._moderation.look(item):
            case Fate.LIVE:
                return _html(self._pages.product(product))
            case Fate.GONE:
                return self._not_found()
            case Fate.GONE_SOFT:
                return _html(self._pages.gone(product, self._recommended(item)))
            case Fate.WALL:
                status = self._moderation.behaviour(item).wall_status
                headers = {"cf-mitigated": "challenge", "Cache-Control": "private, no-store", "Retry-After": "5"}
                return Answer(status, _HTML, self._pages.challenge(product).encode(), headers)
            case Fate.HANG_UP:
                return None

    def _listed(self) -> list[Product]:
        return [product for product in self._products.values() if self._moderation.is_listed(product.id)]

    def _recommended(self, item: str) -> list[Product]:
        others = [product for product in self._listed() if product.id != item]
        start = sum(product.id < item for product in others)
        return (others[start:] + others[:start])[:8]

    def _home(self, *, query: str) -> Answer:
        wanted = parse_qs(query).get("q", [""])[0].strip()
        found = [product for product in self._listed() if wanted.casefold() in product.title.casefold()]
        heading = f"Results for “{wanted}”" if wanted else ""
        return _html(self._pages.home(found, heading=heading, wanted=wanted))

    def _category(self, slug: str, *, query: str) -> Answer:
        del query
        found = [product for product in self._listed() if product.category.lower() == slug]
        return _html(self._pages.home(found, heading=found[0].category)) if found else self._not_found()

    def _seller(self, slug: str, *, query: str) -> Answer:
        del query
        found = [product for product in self._listed() if product.seller.slug == slug]
        return _html(self._pages.home(found, heading=found[0].seller.name)) if found else self._not_found()

    def _legal(self, *, query: str) -> Answer:
        del query
        return _html(self._pages.legal())

    def _fragment(self, item: str, *, query: str) -> Answer:
        del query
        return _html(self._pages.recommendations(self._recommended(item)))

    def _picture(self, item: str, view: str, width: str, *, query: str) -> Answer:
        del query
        product = self._products.get(item)
        if product is None or view not in pictures.VIEWS or int(width) not in pictures.WIDTHS:
            return self._not_found()
        body = pictures.png(product.picture, view, int(width))
        return Answer(200, "image/png", body, {"Cache-Control": "max-age=3600"})

    def _static(self, name: str, *, query: str) -> Answer:
        del query
        if name not in _STATIC:
            return self._not_found()
        return Answer(200, _STATIC[name], (Path(__file__).parent / "static" / name).read_bytes())

    def _favicon(self, *, query: str) -> Answer:
        del query
        return Answer(200, "image/x-icon", pictures.favicon(), {"Cache-Control": "max-age=3600"})

    def _robots(self, *, query: str) -> Answer:
        del query
        return Answer(200, "text/plain; charset=utf-8", _ROBOTS.encode())

    def _not_found(self) -> Answer:
        return _html(self._pages.not_found(self._listed()[:4]), status=404)


def _html(text: str, status: int = 200) -> Answer:
    return Answer(status, _HTML, text.encode(), {"Cache-Control": "no-cache"})


def _conditional(answer: Answer, if_none_match: str) -> Answer:
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:24]}"'
    headers = {**answer.headers, "ETag": tag}
    asked = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    if tag in asked or "*" in asked:
        return Answer(304, answer.content_type, b"", headers)
    return Answer(answer.status, answer.content_type, answer.body, headers)

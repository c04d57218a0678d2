"""The reported listing, and whether something names the same one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from takedown.identity import Identity, identify, same_path_key
from takedown.platform.library import Library
from takedown.platform.models import Platform

# A long slug of several words, or a long number: no two products of a shop share it.
_DISTINCT = re.compile(r"\d{5}|^(?=.{12})[^.]+-[^.]+-[^.]+")
_PARTS = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Target:
    """What the look was meant to see."""

    url: str
    platform: Platform
    library: Library

    @cached_property
    def identity(self) -> Identity:
        """What the reported URL was understood to be."""
        named = None if self.platform is self.library.generic else self.platform.platform
        return identify(self.url, platform=named, library=self.library)

    @property
    def is_url(self) -> bool:
        """Whether the reported URL can be read at all."""
        return not self.identity.reason.startswith("url_unreadable")

    @property
    def is_short_link(self) -> bool:
        """Whether the reported URL only points at some listing."""
        return self.identity.reason.startswith("short_link")

    @cached_property
    def listing_id(self) -> str | None:
        """The platform's id, where the URL holds one."""
        return self.identity.listing_id

    def is_same(self, url: str) -> bool:
        """Tell whether a URL is the address of the reported listing.

        A platform's id decides where the reported URL has one; otherwise host, path and id-like parameters do.
        """
        if self.listing_id is None:
            mine = same_path_key(self.url, self.library)
            return mine is not None and mine == same_path_key(url, self.library)
        family = {self.identity.platform, *self.platform.siblings}
        named = self.platform.platform if self.platform.on_any_host else None
        other = identify(url, platform=named, library=self.library, unwrap=False)
        if other.platform not in family or other.listing_id != self.listing_id:
            return False
        return self.platform.ids_are == "global" or _host(other.canonical) == _host(self.identity.canonical)

    def has_same_tail(self, url: str) -> bool:
        """Tell whether a link of a generic page ends as the reported URL does, in a part that names one product.

        Shops serve a product below each of its categories and call only one of these addresses canonical.
        """
        if self.listing_id is not None:
            return False
        mine, other = same_path_key(self.url, self.library), same_path_key(url, self.library)
        if mine is None or other is None or mine[0] != other[0]:
            return False
        tail = mine[1].rpartition("/")[2]
        return tail == other[1].rpartition("/")[2] and mine[2] == other[2] and _DISTINCT.search(tail) is not None

    def holds_id(self, value: str) -> bool:
        """Tell whether a field's value is the reported id; on a generic page, a whole part of its path or query."""
        value = value.strip()
        if self.listing_id is not None:
            return bool(value) and value in {self.listing_id, *self._bare_id}
        return value.casefold() in self._parts

    @cached_property
    def _bare_id(self) -> frozenset[str]:
        """The id as the platform's own pages may write it: without a site's prefix, or the item without its shop."""
        text = self.listing_id or ""
        return frozenset({text.rpartition(".")[2]} if re.fullmatch(r"\d+\.\d+", text) else ())

    @cached_property
    def _parts(self) -> frozenset[str]:
        key = same_path_key(self.url, self.library)
        if key is None:
            return frozenset()
        tail = key[1].rpartition("/")[2]
        parts = {tail, tail.rpartition(".")[0], *_PARTS.split(tail), *(value.casefold() for _, value in key[2])}
        # A word of the slug is no id: it takes a digit.
        return frozenset(part for part in parts if part and any(map(str.isdigit, part)))


def _host(url: str | None) -> str:
    return (urlsplit(url or "").hostname or "").removeprefix("www.")

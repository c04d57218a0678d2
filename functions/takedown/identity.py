"""Which listing a URL is the address of.

Hosts are compared label by label from the right, so evilamazon.com is not Amazon, and what is not surely one listing
gets no id and no canonical form. The forms themselves are data: `ids`, `not_listings` and `wrappers` of
`platforms/*.yaml`.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from takedown.errors import UrlRefusedError
from takedown.guard import whatwg
from takedown.guard.gate import NO_EXCEPTIONS, AllowedHosts, gate
from takedown.guard.judge_url import admit
from takedown.guard.resolver import StaticResolver
from takedown.model import Frozen
from takedown.platform.library import Library, load_library
from takedown.platform.models import IdRule, Pattern, Platform, UrlRule, compiled

if TYPE_CHECKING:
    import can_ada

REJECTED = "rejected"
MAX_URL = 8192
"""Longer URLs are cut before any pattern sees them."""
_MAX_UNWRAPPED = 3
_NUMBERED = re.compile(r"\d{4}")
_SCRIPT = re.compile(r"\.(?:php\d?|aspx?|jspx?|cgi|do|pl|cfm|dll|action)$", re.IGNORECASE)


class Identity(Frozen):
    """What a URL was understood to be."""

    platform: str
    """Name of a platform file, or `REJECTED` where the guard refuses the URL."""
    listing_id: str | None
    """The platform's own id; None for generic pages, whose canonical URL is the id, and where it is not sure."""
    canonical: str | None
    """The one form of the URL; None where it does not surely name one listing."""
    reason: str
    """A code, and a sentence where there is something to explain."""

    @property
    def platform_listing_id(self) -> str | None:
        """`listing_id` under the name that stored records use."""
        return self.listing_id


def canonicalize(url: str, *, allow: AllowedHosts = NO_EXCEPTIONS, library: Library | None = None) -> Identity:
    """Judge a URL by the guard's rules that need no DNS, then identify it.

    Examples
    --------
    >>> canonicalize("https://www.amazon.de/Ein-Ding/dp/B0EXAMPLE1/ref=x?tag=y").canonical
    'https://www.amazon.de/dp/B0EXAMPLE1'
    >>> canonicalize("http://169.254.169.254/latest/meta-data/").platform
    'rejected'
    """
    try:
        gated = gate(url, allow=allow)
        if gated.address is not None:
            admit(url, StaticResolver({}), allow)  # an address needs no DNS to be judged
    except UrlRefusedError as error:
        return Identity(platform=REJECTED, listing_id=None, canonical=None, reason=error.problem)
    return identify(gated.href, library=library)


def identify(url: str, *, platform: str | None = None, library: Library | None = None, unwrap: bool = True) -> Identity:
    """Say which listing a URL is the address of, without asking the guard.

    Parameters
    ----------
    url
        Any text; what is no http(s) URL gets reason ``url_unreadable``.
    platform
        Where the caller knows better than the host: a shop system on the shop's own domain.
    library
        The platform files; the packaged ones unless given.
    unwrap
        Whether a wall or login URL stands for the listing that it wraps. To a person who reports it, it does; to a
        look that ended there, it does not.
    """
    library = library or load_library()
    parsed = _parse(url)
    if parsed is None:
        return _unknown("generic", "url_unreadable: not an http or https URL")
    owner, site, short = library.by_host(parsed.hostname)
    named = library.get(platform) if platform else owner
    if owner is library.generic and named.on_any_host:
        owner, site = named, parsed.hostname
    if owner is library.generic:
        return Identity(
            platform=owner.platform, listing_id=None, canonical=_plain(parsed, library), reason="generic_url"
        )
    if short:
        return _unknown(owner.platform, "short_link: it must be resolved by a visit, it is never guessed")
    return _of_platform(owner, parsed, site, library, _MAX_UNWRAPPED if unwrap else 0)


def same_path_key(url: str, library: Library) -> tuple[str, str, frozenset[tuple[str, str]]] | None:
    """Return what makes two generic URLs the same page: host without ``www.``, path, and id-like parameters."""
    parsed = _parse(url)
    if parsed is None:
        return None
    host = parsed.hostname.removeprefix("www.").removesuffix(".")
    port = f":{parsed.port}" if parsed.port else ""
    path = "/" + "/".join(part for part in unquote(parsed.pathname).split("/") if part)
    pairs = parse_qsl(parsed.search[1:MAX_URL], keep_blank_values=True)
    # Where the path's last part is a number, parameters choose a variant or an offer of it; a script's name is none.
    tail = path.rpartition("/")[2]
    named = library.words.id_parameters if not _NUMBERED.search(tail) or _SCRIPT.search(tail) else frozenset()
    ids = frozenset((key.lower(), value) for key, value in pairs if key.lower() in named)
    return host + port, path.casefold(), ids


def matches(rule: UrlRule, url: str, platform: Platform) -> dict[str, str] | None:
    """Return the named groups of a URL form (``host`` and ``site`` among them), None where the URL has another form."""
    parsed = _parse(url)
    if parsed is None:
        return None
    hosts = rule.hosts or (() if rule.any_host else platform.hosts)
    site = _below(parsed.hostname, hosts) if hosts else parsed.hostname
    return None if site is None else _groups(rule, parsed, site)


def _parse(url: str) -> can_ada.URL | None:
    try:
        parsed = whatwg.parse(url[:MAX_URL])
    except ValueError:
        return None
    return parsed if parsed.protocol in {"http:", "https:"} and parsed.hostname else None


def _unknown(platform: str, reason: str) -> Identity:
    return Identity(platform=platform, listing_id=None, canonical=None, reason=reason)


def _below(host: str, sites: tuple[str, ...]) -> str | None:
    host = host.removesuffix(".")
    return next((site for site in sites if host == site or host.endswith(f".{site}")), None)


def _groups(rule: UrlRule, parsed: can_ada.URL, site: str) -> dict[str, str] | None:
    if rule.hosts and _below(parsed.hostname, rule.hosts) is None:
        return None
    match = compiled(rule.path).search(parsed.pathname)
    if match is None:
        return None
    groups = {key: value for key, value in match.groupdict().items() if value is not None}
    given = _parameters(parsed)
    for name, pattern in rule.query.items():
        value = given.get(name.lower())
        found = None if value is None else compiled(pattern).fullmatch(value)
        if found is None:
            return None
        groups |= {key: text for key, text in found.groupdict().items() if text is not None}
    return {**groups, "host": parsed.hostname, "site": site}


def _parameters(parsed: can_ada.URL) -> dict[str, str]:
    """Return parameters by lower-case name, the first of each name."""
    found: dict[str, str] = {}
    for key, value in parse_qsl(parsed.search[1:], keep_blank_values=True):
        found.setdefault(key.lower(), value)
    return found


def _of_platform(platform: Platform, parsed: can_ada.URL, site: str, library: Library, unwraps: int) -> Identity:
    for odd in platform.not_listings:
        if _groups(odd, parsed, site) is not None:
            return _unknown(platform.platform, odd.reason)
    for rule in platform.ids:
        groups = _groups(rule, parsed, site)
        if groups is not None:
            return _identified(platform, rule, groups, parsed)
    inner = _unwrapped(platform, parsed, site) if unwraps else None
    if inner is not None:
        wanted = _parse(inner)
        owner, inner_site, short = library.by_host(wanted.hostname) if wanted else (library.generic, "", True)
        if wanted is not None and not short and owner.platform in {platform.platform, *platform.siblings}:
            return _of_platform(owner, wanted, inner_site, library, unwraps - 1)
    return _unknown(platform.platform, f"no_listing_id: a page of {platform.title}, but not one listing's")


def _identified(platform: Platform, rule: IdRule, groups: dict[str, str], parsed: can_ada.URL) -> Identity:
    if rule.upper:
        groups = {**groups, "id": groups["id"].upper()}
    given = _parameters(parsed)
    kept = [
        f"{name}={given[name.lower()]}"
        for name, pattern in rule.keep.items()
        if name.lower() in given and compiled(pattern).fullmatch(given[name.lower()])
    ]
    canonical = rule.canonical.format_map(groups)
    if kept:
        canonical += ("&" if "?" in canonical else "?") + "&".join(kept)
    listing_id = rule.id.format_map(groups)
    return Identity(platform=platform.platform, listing_id=listing_id, canonical=canonical, reason="listing_url")


def _unwrapped(platform: Platform, parsed: can_ada.URL, site: str) -> str | None:
    """Return the URL that a wall or login page carries, made absolute."""
    for wrapper in platform.wrappers:
        if _groups(wrapper, parsed, site) is None:
            continue
        value = _parameters(parsed).get(wrapper.parameter.lower(), "")
        text = _base64(value) if wrapper.encoding == "base64" else value
        if not text:
            continue
        try:
            return whatwg.join(parsed.href, text)
        except ValueError:
            continue
    return None


def _base64(value: str) -> str:
    value = value.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _plain(parsed: can_ada.URL, library: Library) -> str:
    """Return a generic URL without fragment, default port and tracking, its parameters sorted."""
    tracking: list[Pattern] = list(library.words.tracking)
    parts = [
        part
        for part in parsed.search[1:].split("&")
        if part
        and not any(compiled(pattern).fullmatch(unquote(part.partition("=")[0]).lower()) for pattern in tracking)
    ]
    parts.sort(key=lambda part: part.partition("=")[0])
    port = f":{parsed.port}" if parsed.port else ""
    host = parsed.hostname.removesuffix(".")
    return f"{parsed.protocol}//{host}{port}{parsed.pathname}" + (f"?{'&'.join(parts)}" if parts else "")

"""URLs as browsers read them: the WHATWG parser behind one narrow door.

`urllib.parse` and Chromium disagree on the host of every fourth hostile URL, so nothing in the guard uses it.
"""

from __future__ import annotations

import can_ada


def parse(url: str) -> can_ada.URL:
    """Parse an absolute URL.

    Raises
    ------
    ValueError
        Not a URL for a browser, or text that is not Unicode (lone surrogates).
    """
    return can_ada.parse(_text(url))


def join(base: str, location: str) -> str:
    """Resolve a `Location` against the URL it was sent from, and return the canonical href.

    Raises
    ------
    ValueError
        The two do not make a URL.
    """
    # `+` is how can_ada spells "parse with this base".
    return (parse(base) + _text(location)).href


def without_fragment(href: str) -> str:
    """Return what goes over the wire: a fragment never leaves the browser, and `#` stands nowhere else in an href."""
    return href.partition("#")[0]


def canonical_host(host: str) -> str:
    """Return a host as the parser writes it, without a trailing dot.

    That is: punycode, lower case, IPv4 in plain decimals, IPv6 compressed and in brackets.

    Raises
    ------
    ValueError
        Not a host, or more than a host.
    """
    # Anything here would let the text be read as more than a host, or be stripped in silence.
    if (
        not host
        or any(mark in host for mark in "@\\%/?#")
        or any(not char.isprintable() or char == " " for char in host)
    ):
        raise ValueError("not a host")
    url = parse(f"http://{host}/")
    if url.port or (":" in host and not host.startswith("[")):
        raise ValueError("a host, not a host with a port")
    return url.hostname.removesuffix(".")


def _text(url: str) -> str:
    try:
        url.encode()
    except UnicodeEncodeError as error:
        raise ValueError("lone surrogates are not text") from error
    return url

"""The gate: what a URL must look like before anything asks DNS about it.

It judges the text as it was reported, then the host and port as the WHATWG parser reads them. What passes carries
our canonical href, and only that is handed to a browser: no second parser gets to read the reported text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from takedown.errors import InputError, UrlRefusedError
from takedown.guard import whatwg
from takedown.guard.policy import IPAddress, Policy, default_policy

if TYPE_CHECKING:
    import can_ada

MAX_URL = 4096
"""Characters of a reported URL. Longer ones are never listings, and every log and header must be able to hold it."""

MAX_NAME = 253
"""RFC 1035 §2.3.4: 255 octets on the wire, 253 characters of text."""

MAX_LABEL = 63
"""RFC 1035 §2.3.4."""

# Tighter than WHATWG, which repairs `http:\\host`, `http:///host` and `http:host`: nobody reports a listing like that.
_AUTHORITY = re.compile(r"https?://([^/?#]+)", re.IGNORECASE)
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# RFC 952 and 1123, and the underscore that browsers and DNS carry; WHATWG also lets `*`, `,`, `=` and the like through.
_LABEL = re.compile(r"[a-z0-9_-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Cc: C0, DEL, C1. Zl and Zp: the line and paragraph separators, which break lines in logs and JavaScript. Cs: no text.
_CONTROL = {"Cc", "Zl", "Zp", "Cs"}

AllowedHosts = AbstractSet[str]
"""Exceptions as canonical ``host:port`` strings; build them with `allowed_hosts`."""

NO_EXCEPTIONS: AllowedHosts = frozenset()


@dataclass(frozen=True, slots=True)
class GatedUrl:
    """A URL whose text, host name and port are acceptable. Its addresses have not been judged yet."""

    reported: str
    """As it was given to us."""
    href: str
    """Canonical; the only form that leaves the guard."""
    scheme: str
    """``http`` or ``https``."""
    host: str
    """Canonical, without a trailing dot; IPv6 in brackets."""
    port: int
    address: IPAddress | None
    """Set where the host is an address and not a name."""
    exception: str | None = None
    """The entry of `AllowedHosts` that let it through."""


def allowed_hosts(*entries: str) -> AllowedHosts:
    """Read exceptions such as ``127.0.0.1:8801`` or ``[::1]:8080``.

    Raises
    ------
    InputError
        An entry that is not one host and one port.
    """
    return frozenset(map(_allowed_host, entries))


def _allowed_host(entry: str) -> str:
    host, _, port = entry.rpartition(":")
    remedy = "Write for example 127.0.0.1:8801."
    # `isdecimal` alone would let digits of other scripts through.
    if not (port.isascii() and port.isdecimal() and len(port) <= len("65535") and 0 < int(port) < 1 << 16):
        raise InputError("allow-host", f"{entry!a} does not end in a port.", remedy)
    try:
        return f"{whatwg.canonical_host(host)}:{int(port)}"
    except ValueError as error:
        raise InputError("allow-host", f"{entry!a} does not begin with a host.", remedy) from error


def gate(
    url: str, *, allow: AllowedHosts = NO_EXCEPTIONS, policy: Policy | None = None, field: str = "url"
) -> GatedUrl:
    """Judge a URL by its text, host name and port.

    Parameters
    ----------
    url
        As it was reported, or the href that a redirect led to.
    allow
        The ``host:port`` pairs for which special names, single labels and other ports are let through.
    policy
        The rules; the packaged ones unless given.
    field
        Where the URL stood, for the error.

    Raises
    ------
    UrlRefusedError
        `problem` is a stable code, a colon and a sentence.

    Examples
    --------
    >>> gate("HTTP://Example.COM:80/a b").href
    'http://example.com/a%20b'
    """
    policy = policy or default_policy()
    parsed = _parse(url, field)
    scheme = parsed.protocol.removesuffix(":")
    port = int(parsed.port) if parsed.port else _DEFAULT_PORTS[scheme]
    host = parsed.hostname.removesuffix(".")
    address = _address(host)
    if address is None:
        _check_name_form(host, field)
    exception = f"{host}:{port}" if f"{host}:{port}" in allow else None
    if exception is None:
        if address is None:
            _check_name(host, policy, field)
        if port not in policy.ports:
            ports = ", ".join(map(str, policy.ports))
            raise refusal(field, "port_refused", f"port {port} is not visited", f"Ports that are: {ports}.")
    return GatedUrl(url, parsed.href, scheme, host, port, address, exception)


def check_text(url: str, field: str) -> None:
    """Refuse a URL, or a `Location`, that is too long or holds control characters.

    Parsers strip tabs and line feeds in silence, so this comes before any parser.

    Raises
    ------
    UrlRefusedError
        ``url_too_long`` or ``url_control_character``.
    """
    if len(url) > MAX_URL:
        raise refusal(field, "url_too_long", f"the URL has {len(url)} characters, more than {MAX_URL}")
    control = next((char for char in url if unicodedata.category(char) in _CONTROL), None)
    if control is not None:
        raise refusal(
            field,
            "url_control_character",
            f"the URL holds the control character U+{ord(control):04X}",
            "Copy the address from the browser's address bar.",
        )


def _parse(url: str, field: str) -> can_ada.URL:
    """Judge the reported text, then let the WHATWG parser read it."""
    check_text(url, field)
    match = _AUTHORITY.match(url)
    if match is None:
        raise _form_refusal(url, field)
    _check_authority(match[1], field)
    try:
        parsed = whatwg.parse(url)
    except ValueError as error:
        raise refusal(field, "url_unreadable", "browsers cannot read this URL (bad host or port)") from error
    check_text(parsed.href, field)  # percent-encoding makes it longer; what passes must pass again
    return parsed


def _form_refusal(url: str, field: str) -> UrlRefusedError:
    remedy = "Give the whole address, beginning with http:// or https://."
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in _DEFAULT_PORTS:
        return refusal(field, "url_scheme", f"{scheme[1][:40].lower()}: is not http or https", remedy)
    return refusal(field, "url_form", "the URL is not http(s)://, a host, and what follows", remedy)


def _check_authority(authority: str, field: str) -> None:
    """Refuse marks that make different readers see different hosts."""
    if "\\" in authority:
        raise refusal(field, "authority_backslash", "the host part holds a backslash")
    if "@" in authority:
        raise refusal(
            field, "authority_credentials", "the host part holds an @ (a user name or password)", "Leave it out."
        )
    if "%" in authority:
        raise refusal(field, "authority_percent", "the host part is percent-encoded")
    if any(char.isspace() for char in authority):
        raise refusal(field, "authority_space", "the host part holds white space")


def _address(host: str) -> IPAddress | None:
    """Return the host as an address; the parser has already made every spelling of one plain."""
    if host.startswith("["):
        return IPv6Address(host[1:-1])
    try:
        return IPv4Address(host)
    except ValueError:
        return None


def _check_name_form(host: str, field: str) -> None:
    """Refuse what is no host name, exception or not."""
    labels = host.split(".")
    if "" in labels:
        raise refusal(field, "host_empty_label", f"the host {host[:80]!r} has an empty label")
    if len(host) > MAX_NAME:
        raise refusal(field, "host_too_long", f"the host has {len(host)} characters, more than {MAX_NAME}")
    if any(len(label) > MAX_LABEL for label in labels):
        raise refusal(field, "host_label_too_long", f"a label of the host has more than {MAX_LABEL} characters")
    if not all(map(_LABEL.fullmatch, labels)):
        raise refusal(
            field, "host_character", f"the host {host!a} holds more than letters, digits, hyphens, underscores"
        )


def _check_name(host: str, policy: Policy, field: str) -> None:
    """Refuse names that are not public."""
    rule = policy.name_rule(host)
    if rule:
        raise refusal(field, rule.code, f"{host} is {rule.what} (.{rule.suffix}, {rule.source})")
    if "." not in host:
        raise refusal(field, "host_single_label", f"{host} is a name without a domain")


def refusal(field: str, code: str, sentence: str, remedy: str = "") -> UrlRefusedError:
    """Word a refusal the way all refusals of the guard are worded: ``code: sentence``."""
    return UrlRefusedError(field, f"{code}: {sentence}", remedy)

"""The guard's verdict on a URL: gate, addresses, and every hop of its redirects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from takedown.errors import NameLookupError, RetryableError, UrlRefusedError
from takedown.guard import whatwg
from takedown.guard.addresses import classify
from takedown.guard.gate import NO_EXCEPTIONS, AllowedHosts, GatedUrl, check_text, gate, refusal
from takedown.guard.policy import IPAddress, Policy
from takedown.guard.resolver import Resolver

MAX_REDIRECTS = 20
"""The Fetch standard, HTTP-redirect fetch, step 7: as many as browsers follow."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A URL that may be visited, and the addresses that may be dialled for it: these, and no later answer of DNS."""

    href: str
    host: str
    port: int
    addresses: tuple[IPAddress, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Hop:
    """One URL of a chain. The reported one is hop 1, the first redirect leads to hop 2."""

    number: int
    url: str
    """As reported, or the `Location` as it was sent."""
    href: str | None
    """Canonical; None for a reported URL that was refused."""
    addresses: tuple[IPAddress, ...]
    decision: Literal["allow", "refuse"]
    reason: str


@dataclass(frozen=True, slots=True)
class UrlDecision:
    """The verdict on a URL: that of the last hop judged. The first refusal ends the chain."""

    url: str
    decision: Literal["allow", "refuse"]
    reason: str
    retryable: bool
    """DNS gave no address: worth another try, and no statement about the listing."""
    hops: tuple[Hop, ...]


def admit(
    url: str,
    resolver: Resolver,
    allow: AllowedHosts = NO_EXCEPTIONS,
    *,
    policy: Policy | None = None,
    field: str = "url",
) -> Admission:
    """Let one URL through, with all its addresses, or raise.

    Raises
    ------
    UrlRefusedError
        The gate refused it, one of its addresses is bad, or its name has none; in this last case alone the error's
        `__cause__` is a `RetryableError` and the code begins with ``dns_``.
    """
    gated = gate(url, allow=allow, policy=policy, field=field)
    addresses = _addresses(gated, resolver, field)
    if gated.exception is not None:
        reason = f"allowed by exception {gated.exception}"
        return Admission(gated.href, gated.host, gated.port, addresses, reason)
    decisions = [classify(address, policy) for address in addresses]
    for decision in decisions:
        # One bad answer among good ones is enough: the browser, not we, would choose which to dial.
        if not decision.allowed:
            answered = "" if gated.address else f", answered for {gated.host}"
            remedy = "Report the public address of the listing."
            raise refusal(field, decision.code, decision.sentence + answered, remedy)
    listed = "; ".join(decision.sentence for decision in decisions)
    reason = f"address_public: {listed}" + ("" if gated.address else f", answered for {gated.host}")
    return Admission(gated.href, gated.host, gated.port, addresses, reason)


def _addresses(gated: GatedUrl, resolver: Resolver, field: str) -> tuple[IPAddress, ...]:
    if gated.address is not None:
        return (gated.address,)
    try:
        return resolver.resolve(gated.host)
    except NameLookupError as error:
        raise refusal(field, error.code, error.sentence, "Try again later.") from error


def check(
    url: str,
    resolver: Resolver,
    redirects: Mapping[str, str] | None = None,
    allow: AllowedHosts = NO_EXCEPTIONS,
    *,
    policy: Policy | None = None,
) -> UrlDecision:
    """Judge a URL and everything it redirects to.

    Parameters
    ----------
    url
        As it was reported.
    resolver
        Asked once for every hop that is a name.
    redirects
        URL to the `Location` it answers with. Keys are compared in canonical form without fragment; a `Location` is
        resolved against its URL as a browser would.
    allow
        Exceptions, for every hop alike.

    Returns
    -------
    UrlDecision
        Never an exception: a refusal is an answer here.
    """
    table = {_key(source): location for source, location in (redirects or {}).items()}
    hops: list[Hop] = []
    seen: list[str] = []
    location: str | None = url
    href: str | None = None
    while location is not None:
        number = len(hops) + 1
        target: str | None = None
        try:
            target = url if href is None else _follow(href, location, seen)
            admission = admit(target, resolver, allow, policy=policy)
        except UrlRefusedError as error:
            hops.append(Hop(number, location, None if href is None else target, (), "refuse", error.problem))
            return _decision(url, hops, retryable=isinstance(error.__cause__, RetryableError))
        hops.append(Hop(number, location, admission.href, admission.addresses, "allow", admission.reason))
        href = admission.href
        seen.append(_key(href))
        location = table.get(seen[-1])
    return _decision(url, hops, retryable=False)


def _follow(base: str, location: str, seen: list[str]) -> str:
    """Resolve a redirect, or refuse it for what the chain has become."""
    check_text(location, "url")
    try:
        target = whatwg.join(base, location)
    except ValueError as error:
        raise refusal("url", "redirect_unreadable", "the redirect leads to no URL that browsers can read") from error
    if _key(target) in seen:
        raise refusal("url", "redirect_loop", f"the redirect leads back to hop {seen.index(_key(target)) + 1}")
    if len(seen) > MAX_REDIRECTS:
        raise refusal("url", "redirect_limit", f"more than {MAX_REDIRECTS} redirects")
    return target


def _key(url: str) -> str:
    """Return the URL as it goes over the wire, or as it is where nothing can read it."""
    try:
        return whatwg.without_fragment(whatwg.parse(url).href)
    except ValueError:
        return url


def _decision(url: str, hops: list[Hop], *, retryable: bool) -> UrlDecision:
    last = hops[-1]
    # A URL that redirects nowhere needs no number.
    reason = last.reason if len(hops) == 1 else f"hop {last.number}: {last.reason}"
    return UrlDecision(url, last.decision, reason, retryable, tuple(hops))

"""The classifier: whether an IP address is somewhere on the public Internet.

`ipaddress.is_global` is not a policy: it passes multicast, Azure's WireServer, NAT64 and 6to4 forms of private
addresses. IPv4 is judged by a deny-list (nearly all of it is in use), IPv6 by an allow-list (nearly all of it is not).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from takedown.guard.policy import IPAddress, Policy, default_policy


@dataclass(frozen=True, slots=True)
class Decision:
    """What the classifier thinks of one address."""

    decision: Literal["allow", "refuse"]
    code: str
    sentence: str
    """Names the address, what it is, and the source of the rule."""

    @property
    def allowed(self) -> bool:
        """Whether the address may be dialled."""
        return self.decision == "allow"

    @property
    def reason(self) -> str:
        """The stable code and the sentence, as every reason of the guard is written."""
        return f"{self.code}: {self.sentence}"


def classify(address: IPAddress, policy: Policy | None = None) -> Decision:
    """Judge one address.

    A refusal is decided by the most specific deny rule; then come IPv6 forms that carry an IPv4 address in their
    last 32 bits, judged as that address; then the IPv6 allow-list. Tunnels (6to4, Teredo, ISATAP, local NAT64)
    are refused whatever they carry: their far end is not ours to know.

    Examples
    --------
    >>> from ipaddress import ip_address
    >>> classify(ip_address("10.1.2.3")).reason
    'address_private: 10.1.2.3 is private (RFC 1918)'
    >>> classify(ip_address("64:ff9b::a9fe:a9fe")).code
    'address_metadata'
    """
    policy = policy or default_policy()
    rule = policy.deny_rule(address)
    if rule:
        return Decision("refuse", rule.code, f"{address} is {rule.what} ({rule.source})")
    if isinstance(address, IPv4Address):
        return Decision("allow", "address_public", f"{address} is public")
    return _classify_ipv6(address, policy)


def _classify_ipv6(address: IPv6Address, policy: Policy) -> Decision:
    """Judge an IPv6 address that no deny rule holds."""
    for form in policy.ipv6_embedded:
        if address in form.net:
            inner = classify(IPv4Address(int(address) & 0xFFFF_FFFF), policy)
            return Decision(inner.decision, inner.code, f"{address} is {form.what}, and {inner.sentence}")
    tunnel = policy.interface_id_rule(address)
    if tunnel:
        return Decision("refuse", tunnel.code, f"{address} is {tunnel.what} ({tunnel.source})")
    if any(address in rule.net for rule in policy.ipv6_allow):
        return Decision("allow", "address_public", f"{address} is public")
    return Decision("refuse", "address_not_global", f"{address} is outside 2000::/3, global unicast (RFC 4291 §2.4)")

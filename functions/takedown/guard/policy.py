"""The guard's rules, read once from `policy.yaml` into values that are quick to ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

import yaml

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

SCHEMA = "takedown.guard-policy/1"


@dataclass(frozen=True)
class NetworkRule:
    """A network, and what it is according to `source`; `code` is empty where the rule does not refuse."""

    net: IPNetwork
    what: str
    source: str
    code: str = ""


@dataclass(frozen=True)
class InterfaceIdRule:
    """Bits 64 to 95 of an IPv6 address that mark a tunnel."""

    bits: int
    what: str
    source: str
    code: str


@dataclass(frozen=True)
class NameRule:
    """A domain that is refused with everything below it."""

    suffix: str
    what: str
    source: str
    code: str


@dataclass(frozen=True)
class Policy:
    """All rules. Make a variant with `dataclasses.replace`; each field is a tuple in the order of the file."""

    version: int
    ports: tuple[int, ...]
    ipv4_deny: tuple[NetworkRule, ...]
    ipv6_allow: tuple[NetworkRule, ...]
    ipv6_embedded: tuple[NetworkRule, ...]
    ipv6_deny: tuple[NetworkRule, ...]
    ipv6_interface_ids: tuple[InterfaceIdRule, ...]
    names: tuple[NameRule, ...]

    @cached_property
    def _denied(self) -> dict[int, tuple[NetworkRule, ...]]:
        """Deny rules by IP version, the most specific first."""
        return {
            4: tuple(sorted(self.ipv4_deny, key=lambda rule: -rule.net.prefixlen)),
            6: tuple(sorted(self.ipv6_deny, key=lambda rule: -rule.net.prefixlen)),
        }

    @cached_property
    def _names(self) -> dict[str, NameRule]:
        return {rule.suffix: rule for rule in self.names}

    def deny_rule(self, address: IPAddress) -> NetworkRule | None:
        """Return the most specific deny rule that holds `address`."""
        return next((rule for rule in self._denied[address.version] if address in rule.net), None)

    def interface_id_rule(self, address: IPv6Address) -> InterfaceIdRule | None:
        """Return the rule for the upper half of the address's interface id."""
        bits = int(address) >> 32 & 0xFFFF_FFFF
        return next((rule for rule in self.ipv6_interface_ids if rule.bits == bits), None)

    def name_rule(self, name: str) -> NameRule | None:
        """Return the rule of the longest suffix of a canonical `name` (lower case, no trailing dot)."""
        while name:
            if rule := self._names.get(name):
                return rule
            name = name.partition(".")[2]
        return None


def _network_rule(row: dict[str, Any]) -> NetworkRule:
    return NetworkRule(ip_network(row["net"]), row["what"], row["source"], row.get("code", ""))


def read_policy(text: str) -> Policy:
    """Read a policy file.

    Raises
    ------
    ValueError
        Another schema, or a network with host bits set.
    KeyError
        A rule without a code, a meaning or a source.
    """
    data = yaml.safe_load(text)
    if data["schema"] != SCHEMA:
        raise ValueError(f"the guard's policy is {data['schema']!r}, not {SCHEMA!r}")
    return Policy(
        version=data["version"],
        ports=tuple(row["port"] for row in data["ports"]),
        ipv4_deny=tuple(map(_network_rule, data["ipv4_deny"])),
        ipv6_allow=tuple(map(_network_rule, data["ipv6_allow"])),
        ipv6_embedded=tuple(map(_network_rule, data["ipv6_embedded"])),
        ipv6_deny=tuple(map(_network_rule, data["ipv6_deny"])),
        ipv6_interface_ids=tuple(
            InterfaceIdRule(int(row["id"].replace(":", ""), 16), row["what"], row["source"], row["code"])
            for row in data["ipv6_interface_ids"]
        ),
        names=tuple(NameRule(row["suffix"], row["what"], row["source"], row["code"]) for row in data["names"]),
    )


@cache
def default_policy() -> Policy:
    """Return the policy that ships with this package."""
    return read_policy(resources.files(__package__).joinpath("policy.yaml").read_text("utf-8"))

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takedown.guard.addresses import classify
from takedown.guard.policy import InterfaceIdRule, NetworkRule, Policy, default_policy

# Written from the registries, not from policy.yaml: address, code, source of the rule that must have spoken.
REFUSED = [
    ("0.0.0.0", "address_unspecified", "RFC 1122 §3.2.1.3"),  # noqa: S104 - an address to refuse, nothing binds
    ("0.0.0.1", "address_this_network", "RFC 791 §3.2"),
    ("0.255.255.255", "address_this_network", "RFC 791 §3.2"),
    ("10.0.0.0", "address_private", "RFC 1918"),
    ("10.255.255.255", "address_private", "RFC 1918"),
    ("100.64.0.0", "address_shared", "RFC 6598"),
    ("100.127.255.255", "address_shared", "RFC 6598"),
    ("100.100.100.200", "address_metadata", "Alibaba"),
    ("127.0.0.0", "address_loopback", "RFC 1122"),
    ("127.0.0.1", "address_loopback", "RFC 1122"),
    ("127.255.255.255", "address_loopback", "RFC 1122"),
    ("168.63.129.16", "address_cloud", "Microsoft"),
    ("169.254.0.0", "address_link_local", "RFC 3927"),
    ("169.254.255.255", "address_link_local", "RFC 3927"),
    ("169.254.169.254", "address_metadata", "AWS EC2"),
    ("169.254.170.2", "address_metadata", "AWS ECS"),
    ("169.254.170.23", "address_metadata", "AWS EKS"),
    ("172.16.0.0", "address_private", "RFC 1918"),
    ("172.31.255.255", "address_private", "RFC 1918"),
    ("192.0.0.0", "address_protocol", "RFC 7335"),
    ("192.0.0.7", "address_protocol", "RFC 7335"),
    ("192.0.0.8", "address_protocol", "RFC 7600"),
    ("192.0.0.9", "address_protocol", "RFC 7723"),
    ("192.0.0.10", "address_protocol", "RFC 8155"),
    ("192.0.0.11", "address_protocol", "RFC 6890"),
    ("192.0.0.170", "address_protocol", "RFC 8880"),
    ("192.0.0.171", "address_protocol", "RFC 8880"),
    ("192.0.0.192", "address_metadata", "Oracle"),
    ("192.0.0.255", "address_protocol", "RFC 6890"),
    ("192.0.2.0", "address_documentation", "RFC 5737"),
    ("192.0.2.255", "address_documentation", "RFC 5737"),
    ("192.31.196.0", "address_anycast_service", "RFC 7535"),
    ("192.31.196.255", "address_anycast_service", "RFC 7535"),
    ("192.52.193.0", "address_anycast_service", "RFC 7450"),
    ("192.52.193.255", "address_anycast_service", "RFC 7450"),
    ("192.88.99.0", "address_tunnel", "RFC 7526"),
    ("192.88.99.2", "address_tunnel", "RFC 6751"),
    ("192.88.99.255", "address_tunnel", "RFC 7526"),
    ("192.168.0.0", "address_private", "RFC 1918"),
    ("192.168.255.255", "address_private", "RFC 1918"),
    ("192.175.48.0", "address_anycast_service", "RFC 7534"),
    ("192.175.48.255", "address_anycast_service", "RFC 7534"),
    ("198.18.0.0", "address_benchmarking", "RFC 2544"),
    ("198.19.255.255", "address_benchmarking", "RFC 2544"),
    ("198.51.100.0", "address_documentation", "RFC 5737"),
    ("198.51.100.255", "address_documentation", "RFC 5737"),
    ("203.0.113.0", "address_documentation", "RFC 5737"),
    ("203.0.113.255", "address_documentation", "RFC 5737"),
    ("224.0.0.0", "address_multicast", "RFC 5771"),
    ("239.255.255.255", "address_multicast", "RFC 5771"),
    ("240.0.0.0", "address_reserved", "RFC 1112"),
    ("255.255.255.254", "address_reserved", "RFC 1112"),
    ("255.255.255.255", "address_broadcast", "RFC 919"),
    # IPv6 outside 2000::/3
    ("::", "address_unspecified", "RFC 4291 §2.5.2"),
    ("::1", "address_loopback", "RFC 4291 §2.5.3"),
    ("::ffff:0:8.8.8.8", "address_translated", "RFC 2765"),
    ("64:ff9b:1::808:808", "address_translated", "RFC 8215"),
    ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "address_translated", "RFC 8215"),
    ("64:ff9b::1:808:808", "address_not_global", "RFC 4291 §2.4"),
    ("100::1", "address_discard", "RFC 6666"),
    ("100:0:0:1::1", "address_discard", "RFC 9780"),
    ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "address_not_global", "RFC 4291 §2.4"),
    ("4000::", "address_not_global", "RFC 4291 §2.4"),
    ("5f00::1", "address_protocol", "RFC 9602"),
    ("fc00::", "address_private", "RFC 4193"),
    ("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "address_private", "RFC 4193"),
    ("fd00:ec2::254", "address_metadata", "AWS EC2"),
    ("fd00:ec2::23", "address_metadata", "AWS EKS"),
    ("fd20:ce::254", "address_metadata", "Google Cloud"),
    ("fe80::1", "address_link_local", "RFC 4291 §2.5.6"),
    ("fe80::1%eth0", "address_link_local", "RFC 4291 §2.5.6"),
    ("febf:ffff::1", "address_link_local", "RFC 4291 §2.5.6"),
    ("fec0::1", "address_private", "RFC 3879"),
    ("ff02::1", "address_multicast", "RFC 4291 §2.7"),
    ("ff0e::1", "address_multicast", "RFC 4291 §2.7"),
    # IPv6 inside 2000::/3
    ("2001::", "address_tunnel", "RFC 4380"),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "address_tunnel", "RFC 4380"),
    ("2001:1::1", "address_protocol", "RFC 7723"),
    ("2001:1::2", "address_protocol", "RFC 8155"),
    ("2001:1::3", "address_protocol", "RFC 9665"),
    ("2001:1::4", "address_protocol", "RFC 2928"),
    ("2001:2::1", "address_benchmarking", "RFC 5180"),
    ("2001:3::1", "address_anycast_service", "RFC 7450"),
    ("2001:4:112::1", "address_anycast_service", "RFC 7535"),
    ("2001:10::1", "address_protocol", "RFC 4843"),
    ("2001:20::1", "address_protocol", "RFC 7343"),
    ("2001:30::1", "address_protocol", "RFC 9374"),
    ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "address_protocol", "RFC 2928"),
    ("2001:db8::", "address_documentation", "RFC 3849"),
    ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "address_documentation", "RFC 3849"),
    ("2002::", "address_tunnel", "RFC 3056"),
    ("2002:808:808::1", "address_tunnel", "RFC 3056"),
    ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "address_tunnel", "RFC 3056"),
    ("2620:4f:8000::1", "address_anycast_service", "RFC 7534"),
    ("3fff::", "address_documentation", "RFC 9637"),
    ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "address_documentation", "RFC 9637"),
    ("2a00:1450::5efe:8.8.8.8", "address_tunnel", "RFC 5214"),
    ("2a00:1450::200:5efe:8.8.8.8", "address_tunnel", "RFC 5214"),
    # IPv6 forms of IPv4
    ("::ffff:10.1.2.3", "address_private", "RFC 1918"),
    ("::ffff:169.254.169.254", "address_metadata", "AWS EC2"),
    ("::7f00:1", "address_loopback", "RFC 1122"),
    ("::ffff", "address_this_network", "RFC 791"),
    ("64:ff9b::10.1.2.3", "address_private", "RFC 1918"),
]

ALLOWED = [
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.52.192.255",
    "192.52.194.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "192.175.47.255",
    "192.175.49.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2000::",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:4860:4860::8888",
    "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2003::",
    "2606:4700:4700::1111",
    "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8001::",
    "2a00:1450:4001:81b::200e",
    "2a00:1450::5eff:808:808",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "::8.8.8.8",
]

Row = tuple[str, str, str]


def holds(row: Row, policy: Policy) -> bool:
    address, code, source = row
    decision = classify(ip_address(address), policy)
    return not decision.allowed and decision.code == code and f"({source}" in decision.sentence


def rules() -> list[Any]:
    policy = default_policy()
    fields = ("ipv4_deny", "ipv6_deny", "ipv6_embedded", "ipv6_allow", "ipv6_interface_ids")
    return [pytest.param(name, rule, id=f"{name}-{rule.what}") for name in fields for rule in getattr(policy, name)]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
def test_an_address_that_is_not_public_is_refused_by_its_own_rule(row: Row) -> None:
    assert holds(row, default_policy()), classify(ip_address(row[0])).reason


@pytest.mark.parametrize("address", ALLOWED)
def test_an_address_just_outside_every_rule_is_allowed(address: str) -> None:
    assert classify(ip_address(address)).allowed, classify(ip_address(address)).reason


@pytest.mark.parametrize(("name", "rule"), rules())
def test_no_rule_can_be_deleted_unnoticed(name: str, rule: NetworkRule | InterfaceIdRule) -> None:
    left = tuple(other for other in getattr(default_policy(), name) if other != rule)
    change: Any = {name: left}
    without = replace(default_policy(), **change)
    kept = all(holds(row, without) for row in REFUSED)
    open_ = all(classify(ip_address(address), without).allowed for address in ALLOWED)
    assert not (kept and open_), f"nothing fails without {rule}"


@pytest.mark.parametrize("rule", [*default_policy().ipv4_deny, *default_policy().ipv6_deny], ids=lambda rule: rule.net)
def test_both_ends_of_every_refused_network_are_refused(rule: NetworkRule) -> None:
    assert not classify(rule.net[0]).allowed
    assert not classify(rule.net[-1]).allowed


def test_a_reason_is_a_code_and_a_sentence() -> None:
    assert classify(ip_address("10.1.2.3")).reason == "address_private: 10.1.2.3 is private (RFC 1918)"
    assert classify(ip_address("8.8.8.8")).reason == "address_public: 8.8.8.8 is public"
    assert classify(ip_address("::ffff:10.1.2.3")).reason == (
        "address_private: ::ffff:a01:203 is IPv4-mapped, and 10.1.2.3 is private (RFC 1918)"
    )


@settings(deadline=None)
@given(st.ip_addresses(v=4) | st.integers(0, 2**32 - 1).map(IPv4Address))
def test_python_knows_no_special_ipv4_address_that_we_allow(address: IPv4Address) -> None:
    if address.is_multicast or address.is_reserved or not address.is_global:
        assert not classify(address).allowed


@settings(deadline=None)
@given(st.ip_addresses(v=6) | st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address))
def test_python_knows_no_special_ipv6_address_that_we_allow(address: IPv6Address) -> None:
    if classify(address).allowed and not any(address in form.net for form in default_policy().ipv6_embedded):
        assert address.is_global
        assert not address.is_multicast

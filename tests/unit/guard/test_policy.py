from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest

from takedown.errors import UrlRefusedError
from takedown.guard.gate import gate
from takedown.guard.policy import InterfaceIdRule, NameRule, NetworkRule, Policy, default_policy, read_policy

# Written from the registries, not from policy.yaml: name, code, source of the rule that must have spoken.
REFUSED = [
    ("localhost", "name_loopback", "RFC 6761"),
    ("a.b.localhost", "name_loopback", "RFC 6761"),
    ("localhost.localdomain", "name_loopback", "Linux"),
    ("printer.local", "name_private", "RFC 6762 §3"),
    ("kubernetes.default.svc.cluster.local", "name_private", "RFC 6762 §3"),
    ("metadata.google.internal", "name_private", "ICANN Board, 29 July 2024"),
    ("wiki.intranet", "name_private", "RFC 6762 appendix G"),
    ("nas.private", "name_private", "RFC 6762 appendix G"),
    ("ad.corp", "name_private", "RFC 6762 appendix G"),
    ("nas.home", "name_private", "RFC 6762 appendix G"),
    ("mx.mail", "name_private", "ICANN Board, 4 February 2018"),
    ("router.lan", "name_private", "RFC 6762 appendix G"),
    ("1.0.0.127.in-addr.arpa", "name_infrastructure", "RFC 3172"),
    ("home.arpa", "name_private", "RFC 8375"),
    ("nas.home.arpa", "name_private", "RFC 8375"),
    ("kubernetes.default.svc", "name_cluster", "Kubernetes"),
    ("db.service.consul", "name_cluster", "HashiCorp"),
    ("shop.test", "name_special_use", "RFC 6761 §6.2"),
    ("shop.example", "name_special_use", "RFC 6761 §6.5"),
    ("shop.invalid", "name_special_use", "RFC 6761 §6.4"),
    ("shop.alt", "name_special_use", "RFC 9476"),
    ("shop.onion", "name_special_use", "RFC 7686"),
    ("shop.i2p", "name_special_use", "I2P"),
    ("metadata.goog", "name_metadata", "Google Cloud"),
    ("metadata.tencentyun.com", "name_metadata", "Tencent Cloud"),
]

ALLOWED = [
    "example.com",
    "example.net",
    "example.org",
    "localhost.example.com",
    "notlocalhost.com",
    "internal-tools.shop",
    "my-local.shop",
    "test.com",
    "corp.com",
    "home.cern",
    "xlocal.de",
    "shop.contest",
    "about.goog",
    "tencentyun.com",
]


def holds(row: tuple[str, str, str], policy: Policy) -> bool:
    name, code, source = row
    try:
        gate(f"http://{name}/", policy=policy)
    except UrlRefusedError as error:
        return error.problem.startswith(f"{code}: ") and f", {source}" in error.problem
    return False


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
@pytest.mark.parametrize("spell", [str, str.upper, lambda name: f"{name}."], ids=["plain", "upper", "dot"])
def test_a_name_that_is_not_public_is_refused_by_its_own_rule(row: tuple[str, str, str], spell: type[str]) -> None:
    assert holds((spell(row[0]), *row[1:]), default_policy())


@pytest.mark.parametrize("name", ALLOWED)
def test_a_name_that_only_looks_special_is_allowed(name: str) -> None:
    assert gate(f"https://{name}/").host == name


@pytest.mark.parametrize("rule", default_policy().names, ids=lambda rule: rule.suffix)
def test_no_name_rule_can_be_deleted_unnoticed(rule: NameRule) -> None:
    left = tuple(other for other in default_policy().names if other != rule)
    assert not all(holds(row, replace(default_policy(), names=left)) for row in REFUSED)


def test_the_ports_are_these_four() -> None:
    assert default_policy().ports == (80, 443, 8080, 8443)


def test_every_rule_says_what_it_is_and_where_it_comes_from() -> None:
    policy = default_policy()
    refusing: tuple[NetworkRule | InterfaceIdRule | NameRule, ...] = (
        *policy.ipv4_deny,
        *policy.ipv6_deny,
        *policy.ipv6_interface_ids,
        *policy.names,
    )
    assert all(rule.code and rule.what and rule.source for rule in refusing)
    assert all(rule.what and rule.source for rule in (*policy.ipv6_allow, *policy.ipv6_embedded))


def test_another_schema_is_not_read() -> None:
    text = resources.files("takedown.guard").joinpath("policy.yaml").read_text("utf-8")
    with pytest.raises(ValueError, match="guard-policy/2"):
        read_policy(text.replace("guard-policy/1", "guard-policy/2"))

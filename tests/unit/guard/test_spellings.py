"""One IPv4 address, many spellings, one verdict."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from takedown.guard.addresses import classify
from takedown.guard.judge_url import check
from takedown.guard.policy import default_policy
from takedown.guard.resolver import StaticResolver

NO_NAMES = StaticResolver({})


def parts(address: IPv4Address) -> tuple[int, int, int, int]:
    a, b, c, d = address.packed
    return a, b, c, d


def groups(address: IPv4Address) -> str:
    return f"{int(address) >> 16:x}:{int(address) & 0xFFFF:x}"


def dotted(address: IPv4Address, form: str) -> str:
    return ".".join(format(part, form) for part in address.packed)


def shifted(address: IPv4Address, zero: int) -> str:
    return "".join(chr(zero + int(char)) if char.isdigit() else char for char in str(address))


def mixed(address: IPv4Address) -> str:
    a, b, c, d = parts(address)
    return f"{a:#o}.{b:#X}.{c << 8 | d}".replace("0o", "0")


SAME: dict[str, Callable[[IPv4Address], str]] = {
    "plain": str,
    "trailing dot": lambda ip: f"{ip}.",
    "decimal": lambda ip: str(int(ip)),
    "hex": lambda ip: hex(int(ip)),
    "upper hex": lambda ip: f"0X{int(ip):X}",
    "long hex": lambda ip: f"0x{int(ip):020x}",
    "octal": lambda ip: f"0{int(ip):o}",
    "dotted hex": lambda ip: dotted(ip, "#x"),
    "dotted octal": lambda ip: ".".join(f"0{part:o}" for part in ip.packed),
    "padded octal": lambda ip: ".".join(f"0{part:06o}" for part in ip.packed),
    "two parts": lambda ip: f"{int(ip) >> 24}.{int(ip) & 0xFFFFFF}",
    "three parts": lambda ip: f"{int(ip) >> 24}.{int(ip) >> 16 & 0xFF}.{int(ip) & 0xFFFF}",
    "mixed": mixed,
    "full-width digits": lambda ip: shifted(ip, 0xFF10),
    "mathematical bold digits": lambda ip: shifted(ip, 0x1D7CE),
    "ideographic stops": lambda ip: str(ip).replace(".", "\u3002"),
    "full-width stops": lambda ip: str(ip).replace(".", "\uff0e"),
    "soft hyphens": lambda ip: str(ip).replace(".", "\u00ad."),
    "mapped": lambda ip: f"[::ffff:{ip}]",
    "mapped hex": lambda ip: f"[::FFFF:{groups(ip)}]",
    "mapped in full": lambda ip: f"[0000:0000:0000:0000:0000:ffff:{ip}]",
    "NAT64": lambda ip: f"[64:ff9b::{ip}]",
    "NAT64 hex": lambda ip: f"[64:ff9b:0:0:0:0:{groups(ip)}]",
}

ALWAYS_REFUSED: dict[str, Callable[[IPv4Address], str]] = {
    "percent-encoded": lambda ip: "".join(f"%{ord(char):02x}" for char in str(ip)),
    "percent-encoded stops": lambda ip: str(ip).replace(".", "%2e"),
    "percent-encoded last digit": lambda ip: f"{str(ip)[:-1]}%3{str(ip)[-1]}",
    "user name before": lambda ip: f"example.com@{ip}",
    "user name itself": lambda ip: f"{ip}@example.com",
    "backslash": lambda ip: f"{ip}\\.example.com",
    "tab inside": lambda ip: str(ip).replace(".", "\t.", 1),
    "space after": lambda ip: f"{ip} ",
    "zone": lambda ip: f"[::ffff:{ip}%25eth0]",
    "five parts": lambda ip: f"{ip}.1",
    "6to4": lambda ip: f"[2002:{groups(ip)}::1]",
    "Teredo": lambda ip: f"[2001:0:{groups(ip)}::1]",
    "ISATAP": lambda ip: f"[2a00:1450::5efe:{ip}]",
    "ISATAP, global": lambda ip: f"[2a00:1450::200:5efe:{ip}]",
    "ISATAP, link-local": lambda ip: f"[fe80::5efe:{ip}]",
    "local NAT64": lambda ip: f"[64:ff9b:1::{ip}]",
    "translated": lambda ip: f"[::ffff:0:{ip}]",
}

# Uniform addresses are nearly all public: half of the draws come from the edges of the rules.
EDGES = [edge for rule in default_policy().ipv4_deny for edge in (int(rule.net[0]), int(rule.net[-1]))]
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1),
    st.tuples(st.sampled_from(EDGES), st.integers(-1, 1)).map(lambda pair: sum(pair) % 2**32),
).map(IPv4Address)


@pytest.mark.parametrize("spell", SAME.values(), ids=SAME.keys())
@example(IPv4Address("169.254.169.254"))
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("8.8.8.8"))
@settings(deadline=None)
@given(ADDRESSES)
def test_every_spelling_gets_the_verdict_of_the_plain_address(
    spell: Callable[[IPv4Address], str], address: IPv4Address
) -> None:
    plain = classify(address)
    verdict = check(f"http://{spell(address)}/", NO_NAMES)
    assert verdict.decision == plain.decision
    assert verdict.reason.startswith(f"{plain.code}: ")
    assert str(address) in verdict.reason


@pytest.mark.parametrize("spell", SAME.values(), ids=SAME.keys())
@settings(deadline=None)
@given(ADDRESSES)
def test_a_redirect_to_any_spelling_gets_the_same_verdict(
    spell: Callable[[IPv4Address], str], address: IPv4Address
) -> None:
    start = "http://93.184.216.34/"
    verdict = check(start, NO_NAMES, {start: f"//{spell(address)}/x"})
    assert verdict.decision == classify(address).decision
    assert verdict.reason.startswith("hop 2: ")


@pytest.mark.parametrize("spell", ALWAYS_REFUSED.values(), ids=ALWAYS_REFUSED.keys())
@settings(deadline=None)
@given(ADDRESSES)
def test_a_disguise_is_refused_whatever_it_hides(spell: Callable[[IPv4Address], str], address: IPv4Address) -> None:
    verdict = check(f"http://{spell(address)}/", NO_NAMES)
    assert verdict.decision == "refuse"
    assert not verdict.retryable


@settings(deadline=None)
@given(st.lists(ADDRESSES, min_size=1, max_size=5))
def test_a_name_is_allowed_only_if_every_answer_is(answers: list[IPv4Address]) -> None:
    resolver = StaticResolver({"example.com": map(str, answers)})
    verdict = check("http://example.com/", resolver)
    assert (verdict.decision == "allow") == all(classify(answer).allowed for answer in answers)

"""The guard of one capture."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from takedown.adapters.chromium.guarding import Guarding
from takedown.errors import UrlRefusedError
from takedown.guard.gate import allowed_hosts
from takedown.guard.policy import IPAddress
from takedown.guard.resolver import StaticResolver

PUBLIC = StaticResolver({"shop.example.com": ["93.184.216.34"], "inner.example.com": ["10.0.0.1"]})


class Rebinding:
    """Answers with a public address once, and with a private one ever after."""

    def __init__(self) -> None:
        self._answers: Iterator[str] = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(self, host: str) -> tuple[IPAddress, ...]:  # noqa: ARG002 - the protocol's shape
        return (ip_address(next(self._answers)),)


def test_decisions_are_kept_in_order_and_once() -> None:
    guarding = Guarding(PUBLIC, allowed_hosts(), most=10)
    for _ in range(3):
        assert guarding.judge("https://shop.example.com/a", navigation=True) is None
        assert guarding.judge("https://shop.example.com/b?c", navigation=False) is None
        assert str(guarding.judge("http://inner.example.com/", navigation=False)).startswith("address_private")
    assert [line.partition(" ")[0] for line in guarding.decisions] == ["allow", "refuse"]


def test_a_name_keeps_its_first_answer_for_the_whole_capture() -> None:
    guarding = Guarding(Rebinding(), allowed_hosts(), most=10)
    assert guarding.judge("http://shop.example.com/", navigation=True) is None
    assert guarding.judge("http://shop.example.com/", navigation=True) is None


def test_a_name_without_an_address_keeps_having_none() -> None:
    guarding = Guarding(PUBLIC, allowed_hosts(), most=10)
    for _ in range(2):
        assert str(guarding.judge("http://gone.example.com/", navigation=True)).startswith("dns_not_found")


def test_long_addresses_of_pictures_are_judged_by_where_they_lead() -> None:
    guarding = Guarding(PUBLIC, allowed_hosts(), most=10)
    long = "https://shop.example.com/?" + "x" * 5000
    assert guarding.judge(long, navigation=False) is None
    assert str(guarding.judge(long, navigation=True)).startswith("url_too_long")


@pytest.mark.parametrize("url", ["ftp://shop.example.com/", "file:///etc/passwd", "chrome://version", "http://[", ""])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert Guarding(PUBLIC, allowed_hosts(), most=10).judge(url, navigation=False) is not None


def test_the_log_is_bounded_and_the_refusals_are_not() -> None:
    guarding = Guarding(PUBLIC, allowed_hosts(), most=2)
    for number in range(5):
        with pytest.raises(UrlRefusedError):
            guarding.admit(f"http://10.0.0.{number}/")
    assert len(guarding.decisions) == 2

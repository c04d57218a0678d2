from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from takedown.errors import NameLookupFailedError, NameNotFoundError, RetryableError
from takedown.guard.resolver import StaticResolver, SystemResolver


def answer(*addresses: str) -> list[Any]:
    return [
        (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
        for address in addresses
    ]


def test_every_answer_is_given_once_in_the_order_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def getaddrinfo(host: bytes, port: None, **kwargs: int) -> list[Any]:
        asked.append((host, port, kwargs))
        return answer("2606:4700::1", "93.184.216.34", "fe80::1%2", "93.184.216.34")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert SystemResolver().resolve("example.com") == (
        ip_address("2606:4700::1"),
        ip_address("93.184.216.34"),
        ip_address("fe80::1%2"),
    )
    assert asked == [(b"example.com", None, {"type": socket.SOCK_STREAM})]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), NameNotFoundError),
        (socket.gaierror(socket.EAI_NODATA, "No address"), NameNotFoundError),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), NameLookupFailedError),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable"), NameLookupFailedError),
        (TimeoutError(), NameLookupFailedError),
    ],
)
def test_a_name_that_does_not_exist_is_told_from_dns_that_does_not_answer(
    fault: OSError, expected: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_args: object, **_kwargs: object) -> list[Any]:
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(expected) as caught:
        SystemResolver().resolve("example.com")
    assert isinstance(caught.value, RetryableError)


def test_no_answer_at_all_is_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: [])
    with pytest.raises(NameNotFoundError):
        SystemResolver().resolve("example.com")


def test_a_name_that_dns_cannot_carry_is_not_encoded_by_older_rules() -> None:
    with pytest.raises(NameLookupFailedError):
        SystemResolver().resolve("b\u00fccher.example.com")


def test_a_table_answers_for_names_in_any_spelling() -> None:
    resolver = StaticResolver(
        {"B\u00dcCHER.example.com.": ["1.1.1.1"], "b\u00fccher.example.com": ["8.8.8.8", "1.1.1.1"]}
    )
    assert resolver.resolve("xn--bcher-kva.example.com") == (ip_address("1.1.1.1"), ip_address("8.8.8.8"))


def test_a_table_without_others_knows_no_other_name() -> None:
    with pytest.raises(NameNotFoundError):
        StaticResolver({"example.com": ["1.1.1.1"]}).resolve("example.net")


def test_others_are_asked_only_for_names_that_the_table_does_not_hold() -> None:
    others = StaticResolver({"example.com": ["1.1.1.1"], "example.net": ["8.8.8.8"]})
    resolver = StaticResolver({"example.com": []}, others)
    assert resolver.resolve("example.net") == (ip_address("8.8.8.8"),)
    with pytest.raises(NameNotFoundError):
        resolver.resolve("example.com")


@pytest.mark.parametrize("table", [{"": ["1.1.1.1"]}, {"a b.com": []}, {"a.com:80": []}, {"a.com": ["1.1.1"]}])
def test_a_table_with_no_name_or_no_address_is_not_read(table: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"not|host|appear"):
        StaticResolver(table)

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from click.testing import CliRunner

from takedown.cli.check_url import BadOptionError, check_url, read_redirects


def run(*args: str) -> list[dict[str, str]]:
    result = CliRunner().invoke(check_url, list(args))
    assert result.exit_code == 0, result.output
    assert result.output.isascii()
    return [json.loads(line) for line in result.output.splitlines()]


def refused(*args: str) -> str:
    result = CliRunner().invoke(check_url, list(args))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_one_line_of_json_for_each_url_in_their_order() -> None:
    rows = run("http://10.1.2.3/", "https://example.com/", "x", "--resolve", "example.com=93.184.216.34")
    assert [list(row) for row in rows] == [["url", "decision", "reason"]] * 3
    assert [(row["url"], row["decision"]) for row in rows] == [
        ("http://10.1.2.3/", "refuse"),
        ("https://example.com/", "allow"),
        ("x", "refuse"),
    ]
    assert rows[0]["reason"] == "address_private: 10.1.2.3 is private (RFC 1918)"


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (["example.com=93.184.216.34"], "address_public"),
        (["EXAMPLE.com.=93.184.216.34,2606:4700::1"], "address_public"),
        (["example.com=93.184.216.34,10.0.0.1"], "address_private"),
        (["example.com=93.184.216.34", "example.com=10.0.0.1"], "address_private"),
        (["example.com=[::1]"], "address_loopback"),
        (["example.com="], "dns_not_found"),
    ],
)
def test_resolve_answers_instead_of_dns(answers: list[str], code: str) -> None:
    options = [part for answer in answers for part in ("--resolve", answer)]
    (row,) = run("http://example.com/", *options)
    assert row["reason"].startswith(f"{code}: ")


def test_names_without_resolve_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(host: bytes, *_args: object, **_kwargs: object) -> list[Any]:
        assert host == b"www.example.com"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    (row,) = run("http://www.example.com/", "--resolve", "example.com=93.184.216.34")
    assert row["decision"] == "refuse"


def test_allow_host_is_an_exception() -> None:
    (row, other) = run("http://127.0.0.1:8801/", "http://127.0.0.1:8802/", "--allow-host", "127.0.0.1:8801")
    assert (row["decision"], row["reason"]) == ("allow", "allowed by exception 127.0.0.1:8801")
    assert other["decision"] == "refuse"


def test_redirects_are_judged_hop_by_hop() -> None:
    (row,) = run(
        "http://example.com/?a=b",
        "--redirect",
        "https://example.com/c?d=e=http://127.0.0.1/",
        "--redirect",
        "http://example.com/?a=b=https://example.com/c?d=e",
        "--resolve",
        "example.com=93.184.216.34",
    )
    assert row["reason"].startswith("hop 3: address_loopback: ")


@pytest.mark.parametrize(
    ("url", "option", "location"),
    [
        ("http://example.com/", "http://example.com/=http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://example.com", "http://example.com/=//127.0.0.1/", "//127.0.0.1/"),
        ("http://example.com/?a=b", "http://example.com/?a=b=http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://example.com/?a=b", "http://example.com/?a=b=http://127.0.0.1/?c=d", "http://127.0.0.1/?c=d"),
        ("http://example.com/?a=", "http://example.com/?a==http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://example.com/?a", "http://example.com/?a=b=http://127.0.0.1/", "b=http://127.0.0.1/"),
        ("http://example.com/#a=b", "http://example.com/#a=b=http://127.0.0.1/", "http://127.0.0.1/"),
        ("HTTP://EXAMPLE.com/#a=b", "http://example.com/#a=b=http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://example.com/#a=b", "http://example.com/=http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://example.com/\u00e4=", "http://example.com/%C3%A4==x", "x"),
        ("http://example.com/", "http://example.com/=", ""),
        ("not a url=", "not a url==x", "x"),
    ],
)
def test_a_redirect_is_split_where_its_left_side_is_a_known_url(url: str, option: str, location: str) -> None:
    assert list(read_redirects([url], [option]).values()) == [location]


def test_the_first_equals_sign_that_fits_splits() -> None:
    urls = ["http://example.com/?a", "http://example.com/?a=b"]
    assert read_redirects(urls, ["http://example.com/?a=b=c"]) == {"http://example.com/?a": "b=c"}


def test_saying_the_same_redirect_twice_is_saying_it_once() -> None:
    assert read_redirects(["http://example.com/"], ["http://example.com/=/x"] * 2) == {"http://example.com/": "/x"}


def test_a_redirect_to_nothing_readable_has_no_further_hop() -> None:
    with pytest.raises(BadOptionError, match="no given URL"):
        read_redirects(["http://example.com/"], ["http://example.com/=http://[", "http://[=x"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--resolve", "example.com"], "write HOST=IP"),
        (["--resolve", "example.com=1.2.3"], "--resolve"),
        (["--resolve", "=1.2.3.4"], "--resolve"),
        (["--resolve", "exa mple.com=1.2.3.4"], "--resolve"),
        (["--resolve", "example.com=1.2.3.4\x1b[31m"], "--resolve"),
        (["--redirect", "http://example.com/"], "no given URL"),
        (["--redirect", "http://example.net/=http://127.0.0.1/"], "no given URL"),
        (["--redirect", "http://example.com/=/a", "--redirect", "http://example.com/=/b"], "elsewhere"),
        (["--allow-host", "localhost"], "--allow-host"),
        (["--allow-host", "localhost:\x1b"], "--allow-host"),
    ],
)
def test_a_bad_option_is_one_line_and_exit_code_2(options: list[str], says: str) -> None:
    said = refused("http://example.com/", *options)
    assert says in said
    assert said.strip("\n").isprintable()


def test_what_a_stranger_typed_reaches_the_terminal_escaped() -> None:
    url = "http://example.com/\x1b]0;x\x07\u202e\udcff"
    assert run(url)[0]["url"] == url

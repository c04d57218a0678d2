from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takedown.errors import InputError, UrlRefusedError
from takedown.guard.gate import MAX_URL, GatedUrl, allowed_hosts, gate
from takedown.guard.judge_url import check
from takedown.guard.resolver import StaticResolver


def code(url: str, *allow: str) -> str:
    with pytest.raises(UrlRefusedError) as caught:
        gate(url, allow=allowed_hosts(*allow), field="listings[3].url")
    assert caught.value.field == "listings[3].url"
    return caught.value.problem.partition(":")[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "url_form"),
        (" ", "url_form"),
        (" http://example.com/", "url_form"),
        ("example.com", "url_form"),
        ("example.com:443/x", "url_scheme"),
        ("//example.com/", "url_form"),
        ("http:example.com", "url_form"),
        ("http:/example.com", "url_form"),
        ("http:///example.com", "url_form"),
        ("http:\\\\example.com", "url_form"),
        ("http://", "url_form"),
        ("http:///", "url_form"),
        ("http://?x", "url_form"),
        ("http://#x", "url_form"),
        ("https://:443/", "url_unreadable"),
        ("ftp://example.com/", "url_scheme"),
        ("ws://example.com/", "url_scheme"),
        ("wss://example.com/", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
        ("JavaScript://example.com/%0aalert(1)", "url_scheme"),
        ("blob:http://example.com/x", "url_scheme"),
        ("about:blank", "url_scheme"),
        ("chrome-extension://x/y", "url_scheme"),
        ("httpx://example.com/", "url_scheme"),
        ("http+unix://%2Fvar%2Frun%2Fdocker.sock/info", "url_scheme"),
        ("view-source:http://example.com/", "url_scheme"),
        ("http://user@example.com/", "authority_credentials"),
        ("http://user:pw@example.com/", "authority_credentials"),
        ("http://@example.com/", "authority_credentials"),
        ("http://example.com\\@127.0.0.1/", "authority_backslash"),
        ("http://127.0.0.1\\.example.com/", "authority_backslash"),
        ("http://exa%6dple.com/", "authority_percent"),
        ("http://example.com%2f@127.0.0.1/", "authority_credentials"),
        ("http://example.com%00.shop/", "authority_percent"),
        ("http://exam ple.com/", "authority_space"),
        ("http://example.com /", "authority_space"),
        ("http://example.com :80/", "authority_space"),
        ("http://example.com\u00a0/", "authority_space"),
        ("http://example.com\u3000/", "authority_space"),
        ("http://example.com\u2003.shop/", "authority_space"),
        ("http://[::1/", "url_unreadable"),
        ("http://::1/", "url_unreadable"),
        ("http://[::1]x/", "url_unreadable"),
        ("http://[1.2.3.4]/", "url_unreadable"),
        ("http://256.256.256.256/", "url_unreadable"),
        ("http://1.2.3.4.5/", "url_unreadable"),
        ("http://4294967296/", "url_unreadable"),
        ("http://0x100000000/", "url_unreadable"),
        ("http://example.08/", "url_unreadable"),
        ("http://xn--a.com/", "url_unreadable"),
        ("http://exa<mple.com/", "url_unreadable"),
        ("http://example.com:65536/", "url_unreadable"),
        ("http://example.com:+80/", "url_unreadable"),
        ("http://example.com:8\uff10/", "url_unreadable"),
        ("http://./", "host_empty_label"),
        ("http://../", "host_empty_label"),
        ("http://.example.com/", "host_empty_label"),
        ("http://example..com/", "host_empty_label"),
        ("http://example.com../", "host_empty_label"),
        ("http://a*b.example.com/", "host_character"),
        ("http://127.0.0.1,example.com/", "host_character"),
        ("http://127.0.0.1;.example.com/", "host_character"),
        ("http://a&b.example.com/", "host_character"),
        ("http://a'b.example.com/", "host_character"),
        ("http://$(id).example.com/", "host_character"),
        ("http://com/", "host_single_label"),
        ("http://com./", "host_single_label"),
        ("http://ip6-localhost/", "host_single_label"),
        ("http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/", "name_loopback"),
        ("http://x.lo\u00adcal/", "name_private"),
        ("http://foo\u3002internal/", "name_private"),
        ("http://example.com:0/", "port_refused"),
        ("http://example.com:22/", "port_refused"),
        ("http://example.com:081/", "port_refused"),
        ("https://example.com:8444/", "port_refused"),
        ("http://8.8.8.8:53/", "port_refused"),
        ("http://[2606:4700:4700::1111]:25/", "port_refused"),
    ],
)
def test_a_url_that_no_listing_has_is_refused(url: str, expected: str) -> None:
    assert code(url) == expected


@pytest.mark.parametrize("char", [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029", "\ud800"])
@pytest.mark.parametrize("place", ["{}http://example.com/", "http://exa{}mple.com/", "http://example.com/{}", "h{}:"])
def test_a_control_character_is_refused_wherever_it_stands(place: str, char: str) -> None:
    assert code(place.format(char)) == "url_control_character"


@pytest.mark.parametrize(
    ("url", "href", "host", "port"),
    [
        ("http://example.com", "http://example.com/", "example.com", 80),
        ("HTTPS://EXAMPLE.com/Path", "https://example.com/Path", "example.com", 443),
        ("http://example.com:/", "http://example.com/", "example.com", 80),
        ("http://example.com:00080/", "http://example.com/", "example.com", 80),
        ("https://example.com:80/", "https://example.com:80/", "example.com", 80),
        ("http://example.com:8080/", "http://example.com:8080/", "example.com", 8080),
        ("https://example.com:8443?a", "https://example.com:8443/?a", "example.com", 8443),
        ("https://example.com./x", "https://example.com./x", "example.com", 443),
        ("https://example.com/a b?c d#e f", "https://example.com/a%20b?c%20d#e%20f", "example.com", 443),
        ("https://example.com/ ", "https://example.com/", "example.com", 443),
        ("https://example.com/@127.0.0.1", "https://example.com/@127.0.0.1", "example.com", 443),
        ("https://example.com?@127.0.0.1", "https://example.com/?@127.0.0.1", "example.com", 443),
        ("https://example.com#@127.0.0.1", "https://example.com/#@127.0.0.1", "example.com", 443),
        ("https://example.com/\\127.0.0.1", "https://example.com//127.0.0.1", "example.com", 443),
        ("https://example.com/a/../%2e%2e/b", "https://example.com/b", "example.com", 443),
        ("https://-a_b-.example.com/", "https://-a_b-.example.com/", "-a_b-.example.com", 443),
        ("https://M\u00dcNCHEN.example.com/", "https://xn--mnchen-3ya.example.com/", "xn--mnchen-3ya.example.com", 443),
        ("https://fa\u00df.de/", "https://xn--fa-hia.de/", "xn--fa-hia.de", 443),
        ("https://\u4f8b\u3048\u3002jp/", "https://xn--r8jz45g.jp/", "xn--r8jz45g.jp", 443),
    ],
)
def test_a_public_url_passes_in_its_canonical_form(url: str, href: str, host: str, port: int) -> None:
    assert gate(url) == GatedUrl(url, href, href.partition(":")[0], host, port, None)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://8.8.8.8./", "8.8.8.8"),
        ("http://134744072/", "8.8.8.8"),
        ("http://[2606:4700:4700:0:0:0:0:1111]/", "2606:4700:4700::1111"),
        ("http://2130706433/", "127.0.0.1"),  # the gate reads addresses; it does not judge them
    ],
)
def test_a_literal_address_is_read_in_every_spelling(url: str, address: str) -> None:
    assert gate(url).address == ip_address(address)


def test_lengths_are_bounded_exactly() -> None:
    start = "http://example.com/"
    assert gate(start + "a" * (MAX_URL - len(start))).port == 80
    assert code(start + "a" * (MAX_URL - len(start) + 1)) == "url_too_long"
    assert gate(f"http://{'a' * 63}.com/").port == 80
    assert code(f"http://{'a' * 64}.com/") == "host_label_too_long"
    name = ".".join(["a" * 49] * 5 + ["com"])  # five times 50, and 3
    assert gate(f"http://{name}/").host == name
    assert gate(f"http://{name}./").host == name
    assert code(f"http://a{name}/") == "host_too_long"


def test_a_url_that_grows_too_long_when_percent_encoded_is_refused() -> None:
    assert code("https://example.com/" + "\u5546" * 500) == "url_too_long"


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:8801", "http://127.0.0.1:8801/x"),
        ("127.0.0.1:8801", "http://0x7f.1:8801/x"),
        ("127.0.0.1:80", "http://127.0.0.1/"),
        ("[::1]:8801", "https://[0:0:0:0:0:0:0:1]:8801/"),
        ("LocalHost:9001", "http://localhost:9001/"),
        ("intranet:443", "https://intranet/"),
        ("shop.example.com:9443", "https://shop.example.com:9443/"),
    ],
)
def test_an_exception_lets_exactly_its_host_and_port_through(entry: str, url: str) -> None:
    assert gate(url, allow=allowed_hosts(entry)).exception == entry.lower()


@pytest.mark.parametrize(
    ("entry", "url", "expected"),
    [
        ("127.0.0.1:8801", "http://127.0.0.1:8802/", "port_refused"),
        ("127.0.0.1:8801", "http://127.0.0.2:8801/", "port_refused"),
        ("127.0.0.1:8801", "http://a@127.0.0.1:8801/", "authority_credentials"),
        ("127.0.0.1:8801", "http://127.0.0.1%3a8801/", "authority_percent"),
        ("127.0.0.1:8801", "ftp://127.0.0.1:8801/", "url_scheme"),
        ("127.0.0.1:8801", "http://localhost:8801/", "name_loopback"),
        ("127.0.0.1:8801", "http://127.0.0.1:8801/\n", "url_control_character"),
        ("localhost:80", "http://a.localhost/", "name_loopback"),
    ],
)
def test_an_exception_relaxes_nothing_else(entry: str, url: str, expected: str) -> None:
    assert code(url, entry) == expected


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "localhost",
        ":80",
        "a:",
        "a:0",
        "a:65536",
        "a:99999999999",
        "a:-1",
        "a:\uff18\uff10",
        "a:b:80",
        "::1:80",
        "a/b:80",
        "u@a:80",
        "a b:80",
        "a%41:80",
        "[::1:80",
        "a\n:80",
        "\ud800:80",
    ],
)
def test_an_exception_that_is_not_one_host_and_one_port_is_no_exception(entry: str) -> None:
    with pytest.raises(InputError, match="allow-host"):
        allowed_hosts(entry)


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://example.com"]))
def test_whatever_passes_is_canonical_and_passes_again(text: str, start: str) -> None:
    try:
        gated = gate(start + text)
    except UrlRefusedError:
        return
    again = gate(gated.href)
    assert (again.href, again.host, again.port) == (gated.href, gated.host, gated.port)
    assert gated.href.isascii()


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "x:", "http://example.com:"]))
def test_a_reason_never_carries_what_a_terminal_would_obey(text: str, start: str) -> None:
    assert check(start + text, StaticResolver({})).reason.isprintable()

from __future__ import annotations

from ipaddress import ip_address

import pytest

from takedown.errors import NameLookupFailedError, RetryableError, UrlRefusedError
from takedown.guard.gate import allowed_hosts
from takedown.guard.judge_url import MAX_REDIRECTS, Admission, admit, check
from takedown.guard.policy import IPAddress
from takedown.guard.resolver import StaticResolver

PUBLIC = "93.184.216.34"
DNS = StaticResolver(
    {
        "example.com": [PUBLIC],
        "www.example.com": [PUBLIC, "2606:4700::1"],
        "mixed.example.com": [PUBLIC, "10.1.2.3", "127.0.0.1"],
        "intranet": ["10.1.2.3"],
    }
)


def test_an_admission_pins_every_checked_address() -> None:
    assert admit("HTTPS://www.Example.com:8443/a b", DNS) == Admission(
        "https://www.example.com:8443/a%20b",
        "www.example.com",
        8443,
        (ip_address(PUBLIC), ip_address("2606:4700::1")),
        "address_public: 93.184.216.34 is public; 2606:4700::1 is public, answered for www.example.com",
    )


def test_one_bad_answer_among_good_ones_refuses_the_name() -> None:
    with pytest.raises(UrlRefusedError) as caught:
        admit("https://mixed.example.com/", DNS, field="listings[3].url")
    error = caught.value
    assert error.field == "listings[3].url"
    assert error.problem == "address_private: 10.1.2.3 is private (RFC 1918), answered for mixed.example.com"
    assert error.remedy == "Report the public address of the listing."


def test_a_trailing_dot_is_the_same_name() -> None:
    assert admit("https://example.com./", DNS).addresses == (ip_address(PUBLIC),)


def test_a_name_without_address_is_refused_as_a_passing_fault_of_dns() -> None:
    verdict = check("http://nx.example.com/", DNS)
    assert (verdict.decision, verdict.retryable) == ("refuse", True)
    assert verdict.reason == "dns_not_found: nx.example.com has no address in DNS now; retryable"
    with pytest.raises(UrlRefusedError) as caught:
        admit("http://nx.example.com/", DNS)
    assert isinstance(caught.value.__cause__, RetryableError)


def test_dns_that_does_not_answer_is_told_apart() -> None:
    class Broken:
        def resolve(self, host: str) -> tuple[IPAddress, ...]:
            raise NameLookupFailedError(host, "Temporary failure in name resolution")

    verdict = check("http://example.com/", Broken())
    assert verdict.reason.startswith("dns_failed: ")
    assert verdict.retryable


def test_a_bad_address_is_no_passing_fault() -> None:
    assert not check("http://10.1.2.3/", DNS).retryable


def test_an_exception_admits_a_private_address_and_says_so() -> None:
    allow = allowed_hosts("127.0.0.1:8801", "intranet:9000")
    assert admit("http://127.0.0.1:8801/x", DNS, allow).reason == "allowed by exception 127.0.0.1:8801"
    admission = admit("http://intranet:9000/x", DNS, allow)
    assert (admission.addresses, admission.reason) == ((ip_address("10.1.2.3"),), "allowed by exception intranet:9000")
    assert check("http://127.0.0.1:8801/x", DNS, allow=allow).reason == "allowed by exception 127.0.0.1:8801"


def test_an_exception_does_not_make_a_name_exist() -> None:
    verdict = check("http://nowhere:9000/", DNS, allow=allowed_hosts("nowhere:9000"))
    assert verdict.reason.startswith("dns_not_found: ")


def test_an_exception_for_an_address_is_none_for_a_name_that_resolves_to_it() -> None:
    resolver = StaticResolver({"example.com": ["127.0.0.1"]})
    verdict = check("http://example.com/", resolver, allow=allowed_hosts("127.0.0.1:80"))
    assert verdict.reason.startswith("address_loopback: ")


def test_an_exception_holds_for_a_redirect_too_and_for_nothing_beside_it() -> None:
    allow = allowed_hosts("127.0.0.1:8801")
    start = "http://example.com/"
    assert check(start, DNS, {start: "http://127.0.0.1:8801/"}, allow).reason == (
        "hop 2: allowed by exception 127.0.0.1:8801"
    )
    assert check(start, DNS, {start: "http://127.0.0.1:8802/"}, allow).reason.startswith("hop 2: port_refused")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/next", "address_public"),
        ("next?a=b#c", "address_public"),
        ("?q", "address_public"),
        ("https://www.example.com/", "address_public"),
        ("http:next", "address_public"),  # a relative path, in the parser's eyes
        ("//169.254.169.254/", "address_metadata"),
        ("///169.254.169.254/", "address_metadata"),
        ("\\\\169.254.169.254\\", "address_metadata"),
        ("/\\169.254.169.254/", "address_metadata"),
        ("https:169.254.169.254", "address_metadata"),
        ("http:/\\169.254.169.254/", "address_metadata"),
        ("http://127%2e0%2e0%2e1/", "address_loopback"),
        ("//[::ffff:127.0.0.1]/", "address_loopback"),
        ("//localhost./", "name_loopback"),
        ("//intranet/", "name_private"),
        ("//printer/", "host_single_label"),
        ("//user@example.com/", "authority_credentials"),
        ("//example.com\\@127.0.0.1/", "address_public"),  # the backslash ends the host: it is example.com
        ("http://example.com:22/", "port_refused"),
        ("//nx.example.com/", "dns_not_found"),
        ("//mixed.example.com/", "address_private"),
        ("file:///etc/passwd", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
        ("data:text/html,x", "url_scheme"),
        ("about:blank", "url_scheme"),
        ("http://[bad/", "redirect_unreadable"),
        ("/\ud800", "url_control_character"),
        ("/a\r\nSet-Cookie: x", "url_control_character"),
        ("\thttp://127.0.0.1/", "url_control_character"),
        ("/" + "a" * 5000, "url_too_long"),
        ("", "redirect_loop"),
        ("#fragment", "redirect_loop"),
    ],
)
def test_a_location_is_read_as_a_browser_reads_it_and_judged(location: str, expected: str) -> None:
    verdict = check("http://example.com/start", DNS, {"http://example.com/start": location})
    assert verdict.reason.startswith(f"hop 2: {expected}: "), verdict.reason
    assert verdict.decision == ("allow" if expected == "address_public" else "refuse")
    assert [hop.url for hop in verdict.hops] == ["http://example.com/start", location]


def test_redirects_are_found_in_any_spelling_and_without_the_fragment() -> None:
    redirects = {"HTTP://EXAMPLE.com:80": "//10.0.0.1/"}
    assert check("http://example.com/#top", DNS, redirects).reason.startswith("hop 2: address_private: 10.0.0.1")


def test_the_first_refusal_ends_the_chain_and_every_hop_is_on_record() -> None:
    verdict = check(
        "http://example.com/1",
        DNS,
        {
            "http://example.com/1": "https://www.example.com/2",
            "https://www.example.com/2": "http://10.0.0.1/3",
            "http://10.0.0.1/3": "http://example.com/4",
        },
    )
    assert [(hop.number, hop.href, hop.decision) for hop in verdict.hops] == [
        (1, "http://example.com/1", "allow"),
        (2, "https://www.example.com/2", "allow"),
        (3, "http://10.0.0.1/3", "refuse"),
    ]
    assert verdict.reason == "hop 3: address_private: 10.0.0.1 is private (RFC 1918)"
    assert verdict.hops[2].reason == "address_private: 10.0.0.1 is private (RFC 1918)"
    assert verdict.hops[1].addresses == (ip_address(PUBLIC), ip_address("2606:4700::1"))


def test_a_redirect_of_a_refused_url_is_not_followed() -> None:
    verdict = check("http://10.0.0.1/", DNS, {"http://10.0.0.1/": "http://example.com/"})
    assert (verdict.decision, len(verdict.hops)) == ("refuse", 1)


def test_a_refused_url_that_nothing_can_read_is_still_a_verdict() -> None:
    verdict = check("http://example.com/\x00\ud800", DNS, {"http://[": "x"})
    assert verdict.reason == "url_control_character: the URL holds the control character U+0000"
    assert verdict.hops[0].href is None


def test_a_loop_is_refused_where_it_closes() -> None:
    redirects = {"http://example.com/1": "/2", "http://example.com/2": "/1#again"}
    verdict = check("http://example.com/1", DNS, redirects)
    assert verdict.reason == "hop 3: redirect_loop: the redirect leads back to hop 1"


@pytest.mark.parametrize(("length", "decision"), [(MAX_REDIRECTS, "allow"), (MAX_REDIRECTS + 1, "refuse")])
def test_twenty_redirects_are_followed_and_not_one_more(length: int, decision: str) -> None:
    redirects = {f"http://example.com/{number}": f"/{number + 1}" for number in range(length)}
    verdict = check("http://example.com/0", DNS, redirects)
    assert verdict.decision == decision
    assert len(verdict.hops) == length + 1
    if decision == "refuse":
        assert verdict.reason == "hop 22: redirect_limit: more than 20 redirects"

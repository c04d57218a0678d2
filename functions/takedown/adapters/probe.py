"""A plain look at a page: one GET through the guard, redirects followed one by one, no browser."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import urllib3

import takedown
from takedown.errors import UrlRefusedError
from takedown.guard import whatwg
from takedown.guard.gate import AllowedHosts
from takedown.guard.judge_url import MAX_REDIRECTS, Admission, admit
from takedown.guard.resolver import Resolver

USER_AGENT = f"Takedown/{takedown.__version__} (evidence of infringing listings; contact: see the notice)"
"""Honest: it says what it is."""

MAX_BODY = 10 * 1024 * 1024
"""Bytes after decoding. A listing of 5 MB is large; beyond this the rest proves nothing, and the look is incomplete."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class ProbeAnswer:
    """What came back."""

    url: str
    """The URL that was asked for, in the guard's canonical form."""
    final_url: str | None
    """Where the answer came from; None where there was none."""
    status: int
    """0 where there was no answer."""
    headers: tuple[tuple[str, str], ...]
    body: bytes
    """Decoded as Content-Encoding says, at most `MAX_BODY`."""
    complete: bool
    """Whether the body came to its end."""
    transport_error: str | None
    """Why there was no answer, or no whole one."""


class Prober:
    """Looks at pages.

    Parameters
    ----------
    timeout
        Seconds for connecting, and for every read.
    """

    def __init__(self, resolver: Resolver, allow: AllowedHosts, *, timeout: float = 10) -> None:
        self._resolver = resolver
        self._allow = allow
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)

    def look(self, url: str) -> ProbeAnswer:
        """Ask for a page. Nothing that the page or the network does is an exception: it stands in the answer.

        Raises
        ------
        UrlRefusedError
            The guard refuses the URL itself; a redirect to a refused place is an answer.
        """
        admission = self._admit(url)
        if isinstance(admission, str):
            return ProbeAnswer(url, None, 0, (), b"", complete=False, transport_error=admission)
        first = admission.href
        for _ in range(MAX_REDIRECTS + 1):
            answer, location = self._get(first, admission)
            if location is None:
                return answer
            try:
                following = self._admit(whatwg.join(admission.href, location))
            except (UrlRefusedError, ValueError) as error:
                refused = f"redirected to a refused place: {error}"
                return ProbeAnswer(first, None, 0, (), b"", complete=False, transport_error=refused)
            if isinstance(following, str):
                return ProbeAnswer(first, None, 0, (), b"", complete=False, transport_error=following)
            admission = following
        return ProbeAnswer(first, None, 0, (), b"", complete=False, transport_error="redirected more than 20 times")

    def _admit(self, url: str) -> Admission | str:
        try:
            return admit(url, self._resolver, self._allow)
        except UrlRefusedError as error:
            if error.problem.startswith("dns_"):
                return error.problem  # no address today says nothing about the listing
            raise

    def _get(self, first: str, admission: Admission) -> tuple[ProbeAnswer, str | None]:
        pool = self._pool(admission)
        parts = urllib3.util.parse_url(admission.href)
        try:
            with pool.request(
                "GET",
                parts.request_uri,
                headers={
                    "Host": str(parts.netloc),
                    "User-Agent": USER_AGENT,
                    "Accept": "text/html,*/*;q=0.8",
                    "Accept-Encoding": "gzip, deflate",
                },
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=self._timeout,
            ) as response:
                headers = tuple(response.headers.items())
                location = response.headers.get("Location") if response.status in REDIRECTS else None
                body, problem = (b"", None) if location else _body(response)
                status = response.status
        except urllib3.exceptions.HTTPError as error:
            failed = f"{type(error).__name__}: {error}"[:300]
            return ProbeAnswer(first, None, 0, (), b"", complete=False, transport_error=failed), None
        finally:
            pool.close()
        return (
            ProbeAnswer(
                first, admission.href, status, headers, body, complete=problem is None, transport_error=problem
            ),
            location,
        )

    def _pool(self, admission: Admission) -> urllib3.HTTPConnectionPool:
        """Connect to the address that was checked, whatever DNS says a moment later."""
        address = str(admission.addresses[0])
        if not admission.href.startswith("https:"):
            return urllib3.HTTPConnectionPool(address, admission.port)
        name = admission.host.strip("[]")
        return urllib3.HTTPSConnectionPool(
            address,
            admission.port,
            server_hostname=name,
            assert_hostname=name,
            ssl_context=ssl.create_default_context(),
        )


def _body(response: urllib3.BaseHTTPResponse) -> tuple[bytes, str | None]:
    """Read a body; say why it is not whole, where it is not."""
    body = bytearray()
    try:
        for chunk in response.stream(65_536, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY:
                return bytes(body[:MAX_BODY]), f"longer than {MAX_BODY} bytes"
    except urllib3.exceptions.HTTPError as error:
        return bytes(body), f"{type(error).__name__}: {error}"[:300]
    return bytes(body), None

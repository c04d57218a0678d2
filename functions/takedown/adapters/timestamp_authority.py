"""A client of one RFC 3161 time-stamp authority over HTTP."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import urllib3
from cryptography.hazmat.primitives import hashes
from rfc3161_client import HashAlgorithm, PKIStatus, TimestampRequestBuilder, decode_timestamp_response

from takedown.errors import ConfigurationError, TimeStampError
from takedown.sealing import Token
from takedown.times import to_text

MAX_RESPONSE = 65_536
"""Bytes. A response with a chain is a few KB; more is not a time stamp."""


class HttpTimeStampAuthority:
    """Asks one authority; never retries by itself, the caller records the gap.

    Parameters
    ----------
    url
        Where ``application/timestamp-query`` is posted.
    name
        Short name for files; by default made from the host.
    timeout
        Seconds for the whole exchange.
    """

    def __init__(self, url: str, *, name: str | None = None, timeout: float = 10) -> None:
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise ConfigurationError(
                "TSA_URLS", f"{url!a} is not a URL.", "Give the authority's RFC 3161 URL."
            ) from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                "TSA_URLS", f"{url!r} is not an http(s) URL.", "Give the authority's RFC 3161 URL."
            )
        self.url = url
        self.name = name or re.sub(r"[^a-z0-9]+", "-", parts.hostname.lower()).strip("-")
        self._timeout = timeout
        self._http = urllib3.PoolManager(retries=False)

    def stamp(self, data: bytes) -> Token:
        """Have the SHA-256 of `data` stamped.

        Raises
        ------
        TimeStampError
            The authority is down, refuses, or answers for another digest or nonce.
        """
        request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).cert_request(cert_request=True).build()  # fmt: skip  # noqa: E501
        body = self._post(request.as_bytes())
        try:
            response = decode_timestamp_response(body)
        except ValueError as error:
            raise TimeStampError(f"{self.name}: the answer is not a time-stamp response: {error}") from error
        if response.status not in {PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS}:
            raise TimeStampError(f"{self.name}: refused with status {response.status}")
        info = response.tst_info
        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        if info.message_imprint.message != digest.finalize():
            raise TimeStampError(f"{self.name}: stamped another digest than the one asked for")
        if info.nonce != request.nonce:
            raise TimeStampError(f"{self.name}: answered with another nonce: a replayed answer")
        return Token(tsq=request.as_bytes(), tsr=body, gen_time=to_text(info.gen_time))

    def _post(self, body: bytes) -> bytes:
        try:
            with self._http.request(
                "POST",
                self.url,
                body=body,
                headers={"Content-Type": "application/timestamp-query"},
                timeout=self._timeout,
                redirect=False,
                preload_content=False,
            ) as answer:
                data = answer.read(MAX_RESPONSE + 1)
                status = answer.status
        except urllib3.exceptions.HTTPError as error:
            raise TimeStampError(f"{self.name}: no answer: {error}") from error
        if status != 200:  # noqa: PLR2004 - RFC 3161 over HTTP knows one success
            raise TimeStampError(f"{self.name}: HTTP {status}")
        if len(data) > MAX_RESPONSE:
            raise TimeStampError(f"{self.name}: more than {MAX_RESPONSE} bytes of answer")
        return data


def authorities(urls: str) -> list[HttpTimeStampAuthority]:
    """Read the setting `TSA_URLS`: URLs separated by commas or spaces, each optionally ``name=URL``.

    Raises
    ------
    ConfigurationError
        A URL is unusable, or two authorities share a name.
    """
    found: list[HttpTimeStampAuthority] = []
    for item in re.split(r"[\s,]+", urls.strip()):
        if not item:
            continue
        name, mark, url = item.partition("=")
        named = bool(mark) and re.fullmatch(r"[a-z0-9-]{1,40}", name)
        found.append(HttpTimeStampAuthority(url, name=name) if named else HttpTimeStampAuthority(item))
    names = [authority.name for authority in found]
    if len(set(names)) != len(names):
        raise ConfigurationError("TSA_URLS", f"two authorities are called {names}.", "Name them: name=URL.")
    return found

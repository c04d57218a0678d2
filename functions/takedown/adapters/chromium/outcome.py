"""From what a browser reports to the closed vocabulary of outcomes. Pure: no browser here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from takedown.states import CaptureOutcome, CaptureStatus

MediaKind = Literal["html", "pdf", "image", "svg", "xml", "text", "download"]

NET_ERROR = re.compile(r"net::(ERR_[A-Z0-9_]+)")

OK = range(200, 300)
NO_CONTENT = frozenset({204, 205})  # RFC 9110 §15.3.5, §15.3.6: there is nothing to show
WITHHELD = frozenset({401, 407})
"""Statuses whose page Chromium does not show without credentials; we have none to give."""

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_XML = frozenset({"text/xml", "application/xml"})
# Blink, MIMETypeRegistry and `IsSupportedNonImageMimeType`: what a tab shows as text; anything else is downloaded.
_TEXT = frozenset({"text/plain", "text/css", "text/javascript", "application/javascript", "application/json"})
_IMAGES = frozenset(
    {
        "image/apng",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/jpg",
        "image/png",
        "image/vnd.microsoft.icon",
        "image/webp",
        "image/x-icon",
    }
)
_KINDS: dict[str, MediaKind] = {
    **dict.fromkeys(_HTML, "html"),
    **dict.fromkeys(_IMAGES, "image"),
    **dict.fromkeys(_XML, "xml"),
    **dict.fromkeys(_TEXT, "text"),
    "application/pdf": "pdf",
    "image/svg+xml": "svg",
}


@dataclass(frozen=True)
class Verdict:
    """An outcome and what lies behind it."""

    outcome: CaptureOutcome
    detail: str


class VisitStoppedError(Exception):
    """The visit cannot go on; carries the verdict."""

    def __init__(self, outcome: CaptureOutcome, detail: str) -> None:
        super().__init__(f"{outcome}: {detail}")
        self.verdict = Verdict(outcome, detail)


def media_kind(media_type: str | None, disposition: str | None = None) -> MediaKind | None:
    """Say what kind of document a response is.

    Parameters
    ----------
    media_type
        Content-Type, or what the browser sniffed.
    disposition
        Content-Disposition.

    Returns
    -------
    MediaKind | None
        None where the response does not say: then the browser has to sniff.
    """
    if (disposition or "").strip().lower().startswith("attachment"):
        return "download"
    essence = (media_type or "").partition(";")[0].strip().lower()
    if "/" not in essence:
        return None
    if essence in _KINDS:
        return _KINDS[essence]
    return "xml" if essence.endswith("+xml") else "text" if essence.endswith("+json") else "download"


def from_net_error(error: str, status: int | None) -> Verdict:
    """Say what a failed navigation means.

    Parameters
    ----------
    error
        The browser's message, with its ``net::ERR_…`` code.
    status
        Of the response, where one came before the failure.
    """
    match = NET_ERROR.search(error)
    code = match[1] if match else ""
    if code == "ERR_TOO_MANY_REDIRECTS":
        return Verdict(CaptureOutcome.BUDGET, "redirects")
    if status in NO_CONTENT:
        return Verdict(CaptureOutcome.HTTP_ERROR, str(status))
    if status is not None and code in {"ERR_HTTP_RESPONSE_CODE_FAILURE", "ERR_INVALID_AUTH_CREDENTIALS"}:
        return Verdict(CaptureOutcome.HTTP_ERROR, str(status))
    if "Download is starting" in error:
        return Verdict(CaptureOutcome.NON_HTML, "download")
    if status is not None and code:
        return Verdict(CaptureOutcome.TRUNCATED, code)
    return Verdict(CaptureOutcome.UNREACHABLE, f"{_layer(code)}: {code or 'no response'}")


def _layer(code: str) -> str:
    """Name the layer at which no connection came about."""
    if code.startswith(("ERR_NAME_", "ERR_DNS_", "ERR_ICANN_NAME_")):
        return "dns"
    if code.startswith(("ERR_CERT_", "ERR_SSL_", "ERR_TLS_", "ERR_BAD_SSL_", "ERR_ECH_")):
        return "tls"
    if code.startswith(("ERR_PROXY_", "ERR_TUNNEL_", "ERR_SOCKS_")) or "_PROXY_" in code:
        return "proxy"
    return "tcp"


def from_document(status: int, kind: MediaKind, failure: str | None) -> Verdict:
    """Say what a page is that was shown."""
    if failure is not None:
        return Verdict(CaptureOutcome.TRUNCATED, failure)
    if status not in OK or status in NO_CONTENT:
        return Verdict(CaptureOutcome.HTTP_ERROR, str(status))
    if kind != "html":
        return Verdict(CaptureOutcome.NON_HTML, kind)
    return Verdict(CaptureOutcome.CAPTURED, str(status))


def capture_status(outcome: CaptureOutcome, flags: Sequence[str], *, kept: bool, body_whole: bool) -> CaptureStatus:
    """Say how far a capture came.

    Parameters
    ----------
    flags
        What is missing from it.
    kept
        Whether a picture, the document or the response's body was obtained.
    body_whole
        Whether the main response came to its end, and is stored (or has no body).
    """
    if outcome in {CaptureOutcome.UNREACHABLE, CaptureOutcome.REFUSED}:
        return CaptureStatus.FAILED
    if outcome is CaptureOutcome.CRASHED:
        return CaptureStatus.PARTIAL if kept else CaptureStatus.FAILED
    if outcome in {CaptureOutcome.TRUNCATED, CaptureOutcome.BUDGET}:
        return CaptureStatus.PARTIAL
    whole = not flags if outcome is CaptureOutcome.CAPTURED else body_whole
    return CaptureStatus.COMPLETE if whole else CaptureStatus.PARTIAL

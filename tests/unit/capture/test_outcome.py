"""From what the browser reports to the closed vocabulary."""

from __future__ import annotations

import pytest

from takedown.adapters.chromium.outcome import Verdict, capture_status, from_document, from_net_error, media_kind
from takedown.states import CaptureOutcome, CaptureStatus

O, S = CaptureOutcome, CaptureStatus  # noqa: E741 - the columns of the tables below


@pytest.mark.parametrize(
    ("media_type", "disposition", "kind"),
    [
        ("text/html; charset=utf-8", None, "html"),
        ("application/xhtml+xml", None, "html"),
        ("TEXT/HTML", " Attachment; filename=x", "download"),
        ("application/pdf", "inline", "pdf"),
        ("image/svg+xml", None, "svg"),
        ("image/webp", None, "image"),
        ("image/x-unknown", None, "download"),
        ("application/rss+xml", None, "xml"),
        ("application/ld+json", None, "text"),
        ("text/plain", None, "text"),
        ("text/csv", None, "download"),
        ("video/mp4", None, "download"),
        (None, None, None),
        ("nonsense", None, None),
    ],
)
def test_media_kinds(media_type: str | None, disposition: str | None, kind: str | None) -> None:
    assert media_kind(media_type, disposition) == kind


@pytest.mark.parametrize(
    ("error", "status", "outcome", "detail"),
    [
        ("net::ERR_NAME_NOT_RESOLVED at http://x/", None, O.UNREACHABLE, "dns: ERR_NAME_NOT_RESOLVED"),
        ("net::ERR_CONNECTION_REFUSED", None, O.UNREACHABLE, "tcp: ERR_CONNECTION_REFUSED"),
        ("net::ERR_CERT_DATE_INVALID", None, O.UNREACHABLE, "tls: ERR_CERT_DATE_INVALID"),
        ("net::ERR_SSL_PROTOCOL_ERROR", None, O.UNREACHABLE, "tls: ERR_SSL_PROTOCOL_ERROR"),
        ("net::ERR_TUNNEL_CONNECTION_FAILED", None, O.UNREACHABLE, "proxy: ERR_TUNNEL_CONNECTION_FAILED"),
        ("net::ERR_UNEXPECTED_PROXY_AUTH", None, O.UNREACHABLE, "proxy: ERR_UNEXPECTED_PROXY_AUTH"),
        ("Timeout 20000ms exceeded.", None, O.UNREACHABLE, "tcp: no response"),
        ("net::ERR_TOO_MANY_REDIRECTS", 302, O.BUDGET, "redirects"),
        ("net::ERR_ABORTED", 204, O.HTTP_ERROR, "204"),
        ("net::ERR_HTTP_RESPONSE_CODE_FAILURE", 503, O.HTTP_ERROR, "503"),
        ("net::ERR_INVALID_AUTH_CREDENTIALS", 401, O.HTTP_ERROR, "401"),
        ("Download is starting", 200, O.NON_HTML, "download"),
        ("net::ERR_CONNECTION_RESET", 200, O.TRUNCATED, "ERR_CONNECTION_RESET"),
    ],
)
def test_failed_navigations(error: str, status: int | None, outcome: CaptureOutcome, detail: str) -> None:
    assert from_net_error(error, status) == Verdict(outcome, detail)


@pytest.mark.parametrize(
    ("status", "failure", "outcome"),
    [
        (200, None, O.CAPTURED),
        (203, None, O.CAPTURED),
        (205, None, O.HTTP_ERROR),
        (304, None, O.HTTP_ERROR),
        (410, None, O.HTTP_ERROR),
        (404, "ERR_CONTENT_LENGTH_MISMATCH", O.TRUNCATED),
    ],
)
def test_documents(status: int, failure: str | None, outcome: CaptureOutcome) -> None:
    assert from_document(status, "html", failure).outcome is outcome


@pytest.mark.parametrize(
    ("outcome", "flags", "have", "status"),
    [
        (O.CAPTURED, [], "kept whole", S.COMPLETE),
        (O.CAPTURED, ["height_capped"], "kept whole", S.PARTIAL),
        (O.NON_HTML, [], "kept whole", S.COMPLETE),
        (O.NON_HTML, [], "kept", S.PARTIAL),
        (O.HTTP_ERROR, [], "kept whole", S.COMPLETE),
        (O.HTTP_ERROR, [], "kept", S.PARTIAL),
        (O.TRUNCATED, [], "", S.PARTIAL),
        (O.BUDGET, [], "", S.PARTIAL),
        (O.CRASHED, [], "kept", S.PARTIAL),
        (O.CRASHED, [], "", S.FAILED),
        (O.UNREACHABLE, [], "", S.FAILED),
        (O.REFUSED, [], "", S.FAILED),
    ],
)
def test_how_far_a_capture_came(outcome: CaptureOutcome, flags: list[str], have: str, status: CaptureStatus) -> None:
    assert capture_status(outcome, flags, kept="kept" in have, body_whole="whole" in have) is status


def test_every_outcome_has_a_status() -> None:
    for outcome in CaptureOutcome:
        assert capture_status(outcome, [], kept=True, body_whole=True) in CaptureStatus

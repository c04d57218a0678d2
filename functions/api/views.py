"""What the API shows: stored documents without what is nobody's business (task tokens, keys, versions)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from takedown.bundle_request import BundleRequest
from takedown.case import Case
from takedown.custody import CustodyEvent
from takedown.listing import Listing
from takedown.look import Look
from takedown.notice import Notice
from takedown.regime import load_regimes
from takedown.sealed_capture import SealedCapture

MOST_BYTES = 2_500_000
"""Of one page. Lambda returns 6 MB, and the page goes out as JSON inside of JSON."""

_NOTICE_HIDDEN = {"task_token", "tenant", "message_key", "message_version", "schema_"}


def page(items: Iterable[dict[str, Any]], limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Take what goes into one answer: at least one item, at most `limit`, and no more than fits.

    Returns
    -------
    tuple
        The items, and whether there are more.
    """
    taken: list[dict[str, Any]] = []
    size = 0
    for item in items:
        size += len(json.dumps(item)) + 2
        if taken and (len(taken) == limit or size > MOST_BYTES):
            return taken, True
        taken.append(item)
    return taken, False


def show_case(case: Case, listings: Iterable[Listing] | None = None) -> dict[str, Any]:
    """Show a case, with how many listings it was given; and, of those that are registered, how many stand where."""
    shown = case.model_dump(mode="json", exclude={"tenant", "version", "request_sha256", "requests"})
    shown["listings"] = sum(batch.listings for batch in case.requests)
    if listings is not None:
        shown["listing_states"] = dict(Counter(str(item.state) for item in listings))
    return shown


def show_listing(listing: Listing) -> dict[str, Any]:
    """Show a listing."""
    return listing.model_dump(mode="json", exclude={"tenant", "version"})


def show_listing_whole(listing: Listing, captures: Iterable[SealedCapture], looks: Iterable[Look]) -> dict[str, Any]:
    """Show a listing with its captures and every look at it."""
    return {
        **show_listing(listing),
        "captures": [
            item.model_dump(mode="json", exclude={"tenant", "case_id", "files"})
            | {"files": [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in item.files]}
            for item in captures
        ],
        "looks": [item.model_dump(mode="json", exclude={"tenant", "case_id"}) for item in looks],
    }


def show_notice(notice: Notice) -> dict[str, Any]:
    """Show a notice: its exact text, that text's digest, and what an approver has to know and confirm."""
    regime = load_regimes()[notice.regime]
    return {
        **notice.model_dump(mode="json", exclude=_NOTICE_HIDDEN),
        "digest": notice.text.digest,
        "checklist": [point.model_dump() for point in regime.checklist if point.point in notice.checklist],
    }


def show_event(event: CustodyEvent) -> dict[str, Any]:
    """Show a custody event with its place and hash."""
    return {**event.model_dump(mode="json", exclude={"tenant"}), "digest": event.digest}


def show_bundle(request: BundleRequest, download_url: str | None = None) -> dict[str, Any]:
    """Show an export; ready ones carry a link that holds for five minutes."""
    shown = request.model_dump(mode="json", exclude={"tenant", "key", "version_id", "version"})
    return {**shown, "download_url": download_url} if download_url else shown

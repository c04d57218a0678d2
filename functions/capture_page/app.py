"""Visits one page and stores what it saw; returns which try that was, and how it ended."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from takedown.adapters import clients
from takedown.adapters.chromium import BrowserSettings, capture_page, own_name
from takedown.adapters.evidence_store import EvidenceStore
from takedown.adapters.settings import Settings, names, read_settings
from takedown.adapters.system import utc_now
from takedown.capture import CaptureOrder
from takedown.guard.gate import allowed_hosts
from takedown.guard.resolver import SystemResolver
from takedown.limits import default_limits
from takedown.rooms import parse_event
from takedown.states import ObjectClass


class RoomSettings(Settings):
    """What this room needs."""

    evidence_bucket: str
    chromium_path: str
    allow_hosts: str = ""
    image_digest: str = ""


class CapturePrefix:
    """The only place that this function may write to: below one try's prefix, the names of a capture, each once."""

    def __init__(self, store: EvidenceStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Write a new object. See `takedown.adapters.chromium.Sink`."""
        self._store.put(self._prefix + own_name(path), data, media_type, ObjectClass.EVIDENCE)


logger = Logger()
settings = read_settings(RoomSettings)
store = EvidenceStore(settings.evidence_bucket, clients.s3())
resolver = SystemResolver()
allow = allowed_hosts(*names(settings.allow_hosts))
# Chromium's own sandbox needs user namespaces. Lambda has none, but each of its environments is a machine of its own.
browser = BrowserSettings(executable_path=settings.chromium_path, sandbox=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Visit the page of one `CaptureOrder`."""
    order = parse_event(CaptureOrder, event)
    logger.append_keys(case=order.case_id, listing=order.listing_id, capture=order.capture_id)
    result = capture_page(
        order,
        sink=CapturePrefix(store, order.prefix),
        resolver=resolver,
        limits=default_limits(),
        clock=utc_now,
        allow=allow,
        browser=browser,
        image_digest=settings.image_digest or None,
    )
    logger.info("captured", extra={"status": result.status, "outcome": result.outcome, "attempt": result.attempt})
    return result.model_dump(mode="json")

"""Values of the domain, filled in just far enough for a test."""

from __future__ import annotations

from typing import Any

from takedown.actor import Actor
from takedown.case import Case
from takedown.listing import Listing
from takedown.notice import ApprovalInput, Notice, NoticeText, approve
from takedown.states import NoticeState, Role

NOW = "2026-11-23T20:00:00.000Z"
PAULA = Actor(person="paula", role=Role.PREPARER, principal="arn:aws:sts::1:assumed-role/TakedownPreparer/paula")
AMIR = Actor(person="amir", role=Role.APPROVER, principal="arn:aws:sts::1:assumed-role/TakedownApprover/amir")


def listing(listing_id: str, **more: Any) -> Listing:  # noqa: ANN401 - any field
    return Listing.model_validate(
        {
            "tenant": "default",
            "case_id": "c",
            "listing_id": listing_id,
            "batch": 1,
            "added_by": {"person": "paula", "role": "preparer", "principal": "arn:paula"},
            "url": f"https://shop.example.com/item/{listing_id}",
            "canonical_url": f"https://shop.example.com/item/{listing_id}",
            "platform": "generic",
            "platform_listing_id": None,
            "seller": None,
            "target": {},
            "state": "REPORTED",
            "capture_id": f"cap{listing_id}",
            **more,
        }
    )


def case(**more: Any) -> Case:  # noqa: ANN401 - any field
    return Case.model_validate(
        {
            "tenant": "default",
            "case_id": "c",
            "right": {"kind": "copyright", "title": "The Night Kite"},
            "rights_holder": {"name": "Little Lantern Press GmbH"},
            "agents": [],
            "reference": None,
            "preparer": PAULA,
            "opened_at": NOW,
            "batches": 1,
            "request_sha256": "0" * 64,
            **more,
        }
    )


def approved_notice(notice_id: str, *listing_ids: str) -> Notice:
    text = NoticeText(
        sender="notices@firm.example", recipient="agent@shop.example", recipient_name="Agent", subject="s", body="b"
    )
    drafted = Notice.model_validate(
        {
            "tenant": "default",
            "case_id": "c",
            "notice_id": notice_id,
            "batch": 1,
            "regime": "us-copyright-512c/1",
            "platform": "generic",
            "agent": None,
            "listing_ids": list(listing_ids),
            "text": text,
            "gaps": [],
            "warnings": [],
            "checklist": [],
            "preparer": PAULA,
            "drafted_at": NOW,
            "state": NoticeState.DRAFTED,
        }
    )
    given = ApprovalInput(digest=text.digest, confirmed=[])
    approval = approve(drafted, given, AMIR, now=NOW, expires_at="2026-12-23T20:00:00.000Z")
    return drafted.model_copy(update={"state": NoticeState.READY, "approval": approval})

"""Drafts the notices of one batch of a case and writes the manifest of them."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from draft_notices.record import draft_batch
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.system import utc_now
from takedown.model import Frozen, Id
from takedown.rooms import parse_event


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    work_bucket: str
    notice_sender: str


class Batch(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    batch: int


logger = Logger()
settings = read_settings(RoomSettings)
db = clients.dynamodb()
s3 = clients.s3()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Draft, and return where the manifest of notices lies."""
    batch = parse_event(Batch, event)
    logger.append_keys(case=batch.case_id)
    notices = draft_batch(
        batch.tenant,
        batch.case_id,
        batch.batch,
        cases=cases,
        custody=custody,
        sender=settings.notice_sender,
        now=utc_now(),
    )
    manifest = [{"tenant": batch.tenant, "case_id": batch.case_id, "notice_id": notice} for notice in notices]
    key = f"{batch.tenant}/{batch.case_id}/notices-{batch.batch}.json"
    s3.put_object(Bucket=settings.work_bucket, Key=key, Body=json.dumps(manifest).encode())
    return {
        "tenant": batch.tenant,
        "case_id": batch.case_id,
        "notices": {"bucket": settings.work_bucket, "key": key, "count": len(notices)},
    }

"""Judges a sealed capture; returns what the watch does next."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from judge_capture.judge import JudgeOrder, judge_capture
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.system import utc_now
from takedown.rooms import parse_event
from takedown.watch import load_policy


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    evidence_bucket: str
    watch_policy: str


logger = Logger()
settings = read_settings(RoomSettings)
policy = load_policy(settings.watch_policy)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
store = EvidenceStore(settings.evidence_bucket, clients.s3())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Judge one sealed capture."""
    order = parse_event(JudgeOrder, event)
    logger.append_keys(case=order.case_id, listing=order.listing_id, capture=order.capture_id)
    return judge_capture(order, cases=cases, custody=custody, store=store, policy=policy, now=utc_now())

"""Puts a failed step on the record."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from record_failure.record import Failure, record
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.system import utc_now
from takedown.rooms import parse_event
from takedown.watch import load_policy


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    watch_policy: str


logger = Logger()
settings = read_settings(RoomSettings)
policy = load_policy(settings.watch_policy)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Record the failure; everything else goes on."""
    failure = parse_event(Failure, event)
    logger.append_keys(case=failure.case_id, listing=failure.listing_id)
    logger.error("step failed", extra={"step": failure.step, "error_name": failure.error.Error})
    return record(failure, cases=cases, custody=custody, policy=policy, now=utc_now())

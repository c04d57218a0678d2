"""Finds listings that are due for another look and starts a watch for each."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from recheck_due.recheck import recheck_due
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.system import utc_now
from takedown.adapters.workflow import Workflow
from takedown.errors import RetryableError
from takedown.watch import load_policy

TENANT = "default"
"""The one tenant until users come; it stands first in every key."""


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    watch_policy: str
    watch_machine_arn: str


logger = Logger()
settings = read_settings(RoomSettings)
policy = load_policy(settings.watch_policy)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
workflow = Workflow(clients.stepfunctions())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Start the watches that are due. One listing that cannot be started holds up no other."""
    started, failed = recheck_due(
        TENANT,
        policy=policy,
        machine_arn=settings.watch_machine_arn,
        cases=cases,
        custody=custody,
        workflow=workflow,
        now=utc_now(),
    )
    logger.info("rechecks started", extra={"started": started, "failed": failed})
    if failed:
        raise RetryableError(f"{len(failed)} of {started + len(failed)} watches could not be started: {failed[0]}")
    return {"started": started}
